//! The modules of a package as its files declare them: the names each one defines or imports, and
//! the paths it is written with. [`crate::graph`] resolves them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprLit, Ident, Item, Lit, Meta, Token, UseTree, Visibility};

/// Reads a file by its path, if it exists.
pub(crate) type Reader<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The modules of one package, with those of all its crates in one list.
#[derive(Default)]
pub(crate) struct Modules {
    /// The files, by their path from the root of the repository.
    pub(crate) files: Vec<SourceFile>,
    pub(crate) modules: Vec<Module>,
    /// The files of modules for tests.
    pub(crate) tests: BTreeSet<String>,
}

/// One file and its syntax.
pub(crate) struct SourceFile {
    pub(crate) path: String,
    pub(crate) lines: usize,
    pub(crate) syntax: Rc<syn::File>,
}

/// One module: a whole file, or an inline part of one.
#[derive(Default)]
pub(crate) struct Module {
    /// An index of [`Modules::files`].
    pub(crate) file: usize,
    pub(crate) parent: Option<usize>,
    pub(crate) names: BTreeMap<String, Vec<Name>>,
    pub(crate) imports: Vec<Import>,
    /// Every identifier outside of imports.
    pub(crate) words: BTreeSet<String>,
    /// Identifiers in macro calls at module level, which may define items of these names.
    pub(crate) generated: BTreeSet<String>,
    /// Paths of two segments or more outside of imports, each with its line.
    pub(crate) paths: Vec<(Vec<String>, usize)>,
}

/// What a name means in the module that declares it.
pub(crate) struct Name {
    /// Whether it has a visibility of its own.
    pub(crate) public: bool,
    pub(crate) meaning: Meaning,
}

#[derive(Clone, Copy)]
pub(crate) enum Meaning {
    Item,
    /// An index of [`Modules::modules`].
    Module(usize),
    /// An index of [`Module::imports`].
    Import(usize),
}

/// One leaf of a `use`.
pub(crate) struct Import {
    pub(crate) path: Vec<String>,
    pub(crate) glob: bool,
    pub(crate) public: bool,
    pub(crate) line: usize,
}

/// The folders in which a module's files are found.
#[derive(Clone)]
struct Place {
    /// For a file named by `#[path]` in the file's own module.
    beside: String,
    /// For child modules, and for `#[path]` in an inline module.
    below: String,
}

impl Modules {
    /// Reads a package from the root files of its crates. Panics if a file cannot be read, since a
    /// module that is missed would hide its imports.
    pub(crate) fn read(reader: Reader<'_>, roots: &[&str]) -> Self {
        let mut modules = Self::default();
        for root in roots {
            let folder = parent_folder(root);
            let place = Place { beside: folder.clone(), below: folder };
            modules.add_file(reader, root, None, place);
        }
        modules
    }

    /// The outermost module of the crate that a module belongs to.
    pub(crate) fn root(&self, module: usize) -> usize {
        self.modules[module].parent.map_or(module, |parent| self.root(parent))
    }

    /// Whether a module is another one or inside of it.
    pub(crate) fn is_within(&self, module: usize, outer: usize) -> bool {
        module == outer
            || self.modules[module].parent.is_some_and(|parent| self.is_within(parent, outer))
    }

    fn add_file(
        &mut self,
        reader: Reader<'_>,
        path: &str,
        parent: Option<usize>,
        place: Place,
    ) -> usize {
        let text = reader(path).unwrap_or_else(|| panic!("{path} does not exist"));
        let syntax = syn::parse_file(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let syntax = Rc::new(syntax);
        let known = self.files.iter().position(|file| file.path == path);
        let file = known.unwrap_or_else(|| {
            let lines = text.lines().count();
            self.files.push(SourceFile {
                path: path.to_owned(),
                lines,
                syntax: Rc::clone(&syntax),
            });
            self.files.len() - 1
        });
        self.add_module(reader, file, parent, &syntax.items, &place)
    }

    fn add_module(
        &mut self,
        reader: Reader<'_>,
        file: usize,
        parent: Option<usize>,
        items: &[Item],
        place: &Place,
    ) -> usize {
        let module = self.modules.len();
        self.modules.push(Module { file, parent, ..Module::default() });
        for item in items {
            let (attributes, name) = describe(item);
            let for_tests = attributes.iter().any(is_for_tests);
            match item {
                Item::Mod(item) => self.add_child(reader, module, item, for_tests, place),
                _ if for_tests => {}
                item => self.add_item(module, item, name),
            }
        }
        module
    }

    fn add_item(&mut self, module: usize, item: &Item, name: Option<(&Ident, bool)>) {
        if let Some((ident, public)) = name {
            self.modules[module].declare(ident, public, Meaning::Item);
        }
        if let Item::ForeignMod(block) = item {
            for item in &block.items {
                if let syn::ForeignItem::Fn(function) = item {
                    self.modules[module].declare(&function.sig.ident, true, Meaning::Item);
                }
            }
        }
        if let Item::Macro(call) = item {
            if call.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export")) {
                let root = self.root(module);
                let ident = call.ident.as_ref().expect("an exported macro has a name");
                self.modules[root].declare(ident, true, Meaning::Item);
            } else if call.ident.is_none() {
                words(&call.mac.tokens, &mut self.modules[module].generated);
            }
        }
        Scan { module: &mut self.modules[module] }.visit_item(item);
    }

    fn add_child(
        &mut self,
        reader: Reader<'_>,
        module: usize,
        item: &syn::ItemMod,
        for_tests: bool,
        place: &Place,
    ) {
        let name = item.ident.unraw().to_string();
        let named = item.attrs.iter().find_map(path_attribute);
        let below = format!("{}{name}/", place.below);
        let child = if let Some((_, items)) = &item.content {
            if for_tests {
                return;
            }
            let folder = named.map_or(below, |path| join(&place.beside, &format!("{path}/")));
            let inner = Place { beside: folder.clone(), below: folder };
            self.add_module(reader, self.modules[module].file, Some(module), items, &inner)
        } else {
            let (path, below) = match named {
                Some(path) => {
                    let path = join(&place.beside, &path);
                    let folder = parent_folder(&path);
                    (path, folder)
                }
                None => {
                    let beside = format!("{}{name}.rs", place.below);
                    let path =
                        if reader(&beside).is_some() { beside } else { below.clone() + "mod.rs" };
                    (path, below)
                }
            };
            if for_tests {
                self.tests.insert(path);
                return;
            }
            let place = Place { beside: parent_folder(&path), below };
            self.add_file(reader, &path, Some(module), place)
        };
        let public = !matches!(item.vis, Visibility::Inherited);
        self.modules[module].declare(&item.ident, public, Meaning::Module(child));
    }
}

impl Module {
    fn declare(&mut self, ident: &Ident, public: bool, meaning: Meaning) {
        let names = self.names.entry(ident.unraw().to_string()).or_default();
        names.push(Name { public, meaning });
    }

    fn import(&mut self, item: &syn::ItemUse) {
        if item.leading_colon.is_none() {
            let public = !matches!(item.vis, Visibility::Inherited);
            self.import_tree(&item.tree, &[], public);
        }
    }

    fn import_tree(&mut self, tree: &UseTree, prefix: &[String], public: bool) {
        let (last, known_as, glob) = match tree {
            UseTree::Path(path) => {
                let prefix = [prefix, &[path.ident.unraw().to_string()]].concat();
                return self.import_tree(&path.tree, &prefix, public);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import_tree(tree, prefix, public);
                }
                return;
            }
            UseTree::Name(name) => (Some(&name.ident), Some(&name.ident), None),
            UseTree::Rename(rename) => (Some(&rename.ident), Some(&rename.rename), None),
            UseTree::Glob(glob) => (None, None, Some(glob.star_token.span)),
        };
        let mut path = prefix.to_vec();
        let itself = last.is_some_and(|last| last == "self") && !prefix.is_empty();
        if let Some(last) = last.filter(|_| !itself) {
            path.push(last.unraw().to_string());
        }
        let span = glob.or_else(|| last.map(Ident::span)).expect("a leaf has a place");
        let line = span.start().line;
        if let Some(known_as) = known_as {
            let same = itself && known_as == "self";
            let name = if same { path.last().cloned() } else { Some(known_as.unraw().to_string()) };
            let name = name.expect("an import has a name");
            let meaning = Meaning::Import(self.imports.len());
            self.names.entry(name).or_default().push(Name { public, meaning });
        }
        self.imports.push(Import { path, glob: glob.is_some(), public, line });
    }
}

/// Collects what the items of one module name.
struct Scan<'a> {
    module: &'a mut Module,
}

impl<'ast> Visit<'ast> for Scan<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !describe(item).0.iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.module.import(item);
    }

    fn visit_ident(&mut self, ident: &'ast Ident) {
        self.module.words.insert(ident.unraw().to_string());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            let line = path.segments[0].ident.span().start().line;
            let names = path.segments.iter().map(|segment| segment.ident.unraw().to_string());
            self.module.paths.push((names.collect(), line));
        }
        visit::visit_path(self, path);
    }

    /// `pub(in crate::a)` names a place and uses nothing of it.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        words(&call.tokens, &mut self.module.words);
        visit::visit_macro(self, call);
    }
}

fn words(tokens: &TokenStream, into: &mut BTreeSet<String>) {
    for token in tokens.clone() {
        match token {
            TokenTree::Ident(ident) => {
                into.insert(ident.unraw().to_string());
            }
            TokenTree::Group(group) => words(&group.stream(), into),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// The attributes of an item, and the name it declares with whether that has a visibility. Modules
/// and imports declare theirs elsewhere.
pub(crate) fn describe(item: &Item) -> (&[Attribute], Option<(&Ident, bool)>) {
    fn named<'a>(ident: &'a Ident, vis: &Visibility) -> Option<(&'a Ident, bool)> {
        Some((ident, !matches!(vis, Visibility::Inherited)))
    }
    match item {
        Item::Const(item) => (&item.attrs, named(&item.ident, &item.vis)),
        Item::Enum(item) => (&item.attrs, named(&item.ident, &item.vis)),
        Item::Fn(item) => (&item.attrs, named(&item.sig.ident, &item.vis)),
        Item::Static(item) => (&item.attrs, named(&item.ident, &item.vis)),
        Item::Struct(item) => (&item.attrs, named(&item.ident, &item.vis)),
        Item::Trait(item) => (&item.attrs, named(&item.ident, &item.vis)),
        Item::Type(item) => (&item.attrs, named(&item.ident, &item.vis)),
        Item::Union(item) => (&item.attrs, named(&item.ident, &item.vis)),
        Item::Macro(item) => (&item.attrs, item.ident.as_ref().map(|ident| (ident, false))),
        Item::ForeignMod(item) => (&item.attrs, None),
        Item::Impl(item) => (&item.attrs, None),
        Item::Mod(item) => (&item.attrs, None),
        Item::Use(item) => (&item.attrs, None),
        _ => (&[], None),
    }
}

/// Whether an attribute leaves its item to the tests: `#[cfg(test)]`, also inside of `all`.
pub(crate) fn is_for_tests(attribute: &Attribute) -> bool {
    fn needs_test(condition: &Meta) -> bool {
        if condition.path().is_ident("test") {
            return true;
        }
        let Meta::List(list) = condition else { return false };
        let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
        list.path.is_ident("all")
            && list.parse_args_with(parser).is_ok_and(|all| all.iter().any(needs_test))
    }
    attribute.path().is_ident("cfg") && attribute.parse_args().is_ok_and(|meta| needs_test(&meta))
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    let Expr::Lit(ExprLit { lit: Lit::Str(path), .. }) = &pair.value else { return None };
    pair.path.is_ident("path").then(|| path.value())
}

/// The folder of a file, with a slash at its end.
fn parent_folder(path: &str) -> String {
    path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"))
}

/// A path from a folder, without `.` and `..`.
fn join(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let whole = format!("{folder}{path}");
    for part in whole.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
