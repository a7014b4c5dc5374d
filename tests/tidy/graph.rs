//! The import graph of a package. Each path is resolved, through re-exports, to the file that defines
//! the item; [`cycles`] finds the files that import each other.

use std::collections::BTreeSet;

use crate::modules::{Import, Meaning, Module, Modules};

/// An import between two files: one names an item that the other defines.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Edge {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) line: usize,
    /// The path as it is written.
    pub(crate) path: String,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Target {
    Module(usize),
    /// An item that this file defines.
    Item(usize),
}

/// The lookups in progress: module, name, and where it is seen from. A lookup that starts again finds
/// nothing, so modules that import each other's names are resolved in finite time.
type Open = Vec<(usize, String, usize)>;

/// Every edge between two files of the package. A module's re-exports from its own children, and its
/// calls into them by path, are no edges: like its `mod` lines, they list what the module consists of.
pub(crate) fn edges(modules: &Modules) -> Vec<Edge> {
    let mut edges = BTreeSet::new();
    for (at, module) in modules.modules.iter().enumerate() {
        let parts = modules.files_below(at);
        let mut add = |files: BTreeSet<usize>, parts: &BTreeSet<usize>, line, path: &[String]| {
            for file in files.into_iter().filter(|file| *file != module.file) {
                if !parts.contains(&file) {
                    let name = |file: usize| modules.files[file].path.clone();
                    let path = path.join("::");
                    edges.insert(Edge { from: name(module.file), to: name(file), line, path });
                }
            }
        };
        for import in &module.imports {
            let none = BTreeSet::new();
            let parts = if import.public { &parts } else { &none };
            add(modules.imported_files(at, import), parts, import.line, &import.path);
        }
        for (path, line) in &module.paths {
            let targets = modules.resolve(at, path, &mut Vec::new());
            add(modules.files_of(&targets), &parts, *line, path);
        }
    }
    edges.into_iter().collect()
}

impl Modules {
    fn file_of(&self, target: Target) -> usize {
        match target {
            Target::Module(module) => self.modules[module].file,
            Target::Item(file) => file,
        }
    }

    /// The files of the modules inside of one.
    fn files_below(&self, outer: usize) -> BTreeSet<usize> {
        let inner = (0..self.modules.len()).filter(|module| self.is_within(*module, outer));
        inner.map(|module| self.modules[module].file).collect()
    }

    fn files_of(&self, targets: &[Target]) -> BTreeSet<usize> {
        targets.iter().map(|target| self.file_of(*target)).collect()
    }

    /// The files that define what an import brings. A glob brings what the module writes of it, or
    /// all of it if it is a re-export.
    fn imported_files(&self, at: usize, import: &Import) -> BTreeSet<usize> {
        let targets = self.resolve(at, &import.path, &mut Vec::new());
        if !import.glob {
            return self.files_of(&targets);
        }
        let mut files = BTreeSet::new();
        for target in targets {
            let Target::Module(module) = target else {
                files.insert(self.file_of(target));
                continue;
            };
            let used = |name: &String| import.public || self.modules[at].words.contains(name);
            for name in self.names_in(module, &mut Vec::new()).iter().filter(|name| used(name)) {
                files.extend(self.files_of(&self.look_up(module, name, at, &mut Vec::new())));
            }
        }
        files
    }

    /// Every name that a module declares, imports or brings by a glob.
    fn names_in(&self, module: usize, open: &mut Vec<usize>) -> BTreeSet<String> {
        if open.contains(&module) {
            return BTreeSet::new();
        }
        open.push(module);
        let mut names: BTreeSet<String> = self.modules[module].names.keys().cloned().collect();
        names.extend(self.modules[module].generated.iter().cloned());
        for import in self.modules[module].globs() {
            for target in self.resolve(module, &import.path, &mut Vec::new()) {
                if let Target::Module(inner) = target {
                    names.extend(self.names_in(inner, open));
                }
            }
        }
        names
    }

    /// What a path written in a module leads to; nothing if that is in another package.
    fn resolve(&self, at: usize, path: &[String], open: &mut Open) -> Vec<Target> {
        let mut targets = Vec::new();
        for (index, name) in path.iter().enumerate() {
            targets = match name.as_str() {
                "crate" => vec![Target::Module(self.root(at))],
                "self" if index == 0 => vec![Target::Module(at)],
                "super" if index == 0 => self.parent(at),
                "super" => targets.into_iter().flat_map(|target| self.above(target)).collect(),
                name if index == 0 => self.look_up(at, name, at, open),
                name => self.step(at, &targets, name, open),
            };
        }
        targets.sort();
        targets.dedup();
        targets
    }

    fn parent(&self, module: usize) -> Vec<Target> {
        self.modules[module].parent.map(Target::Module).into_iter().collect()
    }

    fn above(&self, target: Target) -> Vec<Target> {
        match target {
            Target::Module(module) => self.parent(module),
            Target::Item(_) => Vec::new(),
        }
    }

    /// One segment further. A name inside an item, such as a variant, stays in the item's file; a
    /// name that a module does not declare counts as made there by a macro.
    fn step(&self, at: usize, targets: &[Target], name: &str, open: &mut Open) -> Vec<Target> {
        let mut next = Vec::new();
        for target in targets {
            match *target {
                Target::Item(file) => next.push(Target::Item(file)),
                Target::Module(module) => {
                    let busy = open.contains(&(module, name.to_owned(), at));
                    let found = self.look_up(module, name, at, open);
                    if found.is_empty() && !busy && !self.declares(module, name) {
                        next.push(Target::Item(self.modules[module].file));
                    }
                    next.extend(found);
                }
            }
        }
        next
    }

    fn declares(&self, module: usize, name: &str) -> bool {
        self.modules[module].names.contains_key(name)
    }

    /// What a name means in a module, seen from the module `from`.
    fn look_up(&self, module: usize, name: &str, from: usize, open: &mut Open) -> Vec<Target> {
        let key = (module, name.to_owned(), from);
        if open.contains(&key) {
            return Vec::new();
        }
        open.push(key);
        let place = &self.modules[module];
        let mut found = Vec::new();
        for name in place.names.get(name).into_iter().flatten() {
            if name.public || self.is_within(from, module) {
                match name.meaning {
                    Meaning::Item => found.push(Target::Item(place.file)),
                    Meaning::Module(child) => found.push(Target::Module(child)),
                    Meaning::Import(at) => {
                        found.extend(self.resolve(module, &place.imports[at].path, open));
                    }
                }
            }
        }
        if !self.declares(module, name) {
            found.extend(self.look_up_by_globs(module, name, from, open));
            if found.is_empty() && place.generated.contains(name) {
                found.push(Target::Item(place.file));
            }
        }
        open.pop();
        found
    }

    fn look_up_by_globs(
        &self,
        module: usize,
        name: &str,
        from: usize,
        open: &mut Open,
    ) -> Vec<Target> {
        let mut found = Vec::new();
        for import in self.modules[module].globs() {
            if !import.public && !self.is_within(from, module) {
                continue;
            }
            for target in self.resolve(module, &import.path, open) {
                if let Target::Module(inner) = target {
                    found.extend(self.look_up(inner, name, module, open));
                }
            }
        }
        found
    }
}

impl Module {
    fn globs(&self) -> impl Iterator<Item = &Import> {
        self.imports.iter().filter(|import| import.glob)
    }
}

/// The groups of files that reach each other, each sorted.
pub(crate) fn cycles(edges: &[Edge]) -> Vec<Vec<String>> {
    let files: BTreeSet<&str> = edges.iter().map(|edge| edge.from.as_str()).collect();
    let reached: Vec<BTreeSet<&str>> = files.iter().map(|file| reach(edges, file)).collect();
    let mut cycles: Vec<Vec<String>> = Vec::new();
    for (file, own) in files.iter().zip(&reached) {
        let known = cycles.iter().any(|cycle| cycle.iter().any(|other| other == file));
        if own.contains(file) && !known {
            let together = files.iter().zip(&reached);
            let together =
                together.filter(|(other, back)| own.contains(*other) && back.contains(file));
            cycles.push(together.map(|(other, _)| (*other).to_owned()).collect());
        }
    }
    cycles
}

/// The files that some file imports from, directly or not.
fn reach<'a>(edges: &'a [Edge], from: &str) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(file) = open.pop() {
        for edge in edges.iter().filter(|edge| edge.from == file) {
            if reached.insert(edge.to.as_str()) {
                open.push(&edge.to);
            }
        }
    }
    reached
}

/// The edges between the files of a cycle.
pub(crate) fn edges_within<'a>(edges: &'a [Edge], cycle: &[String]) -> Vec<&'a Edge> {
    edges.iter().filter(|edge| cycle.contains(&edge.from) && cycle.contains(&edge.to)).collect()
}
