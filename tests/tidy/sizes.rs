//! How long files and functions are, without what is for tests alone.

use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, Item, Signature};

use crate::modules::{SourceFile, describe, is_for_tests};

/// A function and the lines from its `fn` to its closing brace.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

/// The functions of a file, also those inside of others.
pub(crate) fn functions(file: &syn::File) -> Vec<Function> {
    let mut scan = Scan::default();
    scan.visit_file(file);
    scan.functions
}

/// The lines of a file without its test modules.
pub(crate) fn lines(file: &SourceFile) -> usize {
    let mut scan = Scan::default();
    scan.visit_file(&file.syntax);
    file.lines - scan.test_lines
}

#[derive(Default)]
struct Scan {
    functions: Vec<Function>,
    test_lines: usize,
}

impl Scan {
    fn add(&mut self, signature: &Signature, block: &Block) {
        let line = signature.fn_token.span.start().line;
        let lines = end(block.brace_token.span.close()) + 1 - line;
        self.functions.push(Function { name: signature.ident.to_string(), line, lines });
    }
}

fn end(close: Span) -> usize {
    close.end().line
}

fn start(attributes: &[Attribute]) -> Option<usize> {
    attributes.iter().map(|attribute| attribute.pound_token.span.start().line).min()
}

impl<'ast> Visit<'ast> for Scan {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = describe(item).0;
        if !attributes.iter().any(is_for_tests) {
            return visit::visit_item(self, item);
        }
        if let Item::Mod(module) = item {
            let close = module.content.as_ref().map(|(brace, _)| end(brace.span.close()));
            let first = start(attributes).expect("an attribute made it a test");
            self.test_lines += close.map_or(0, |close| close + 1 - first);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.add(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.add(&item.sig, block);
        }
        visit::visit_trait_item_fn(self, item);
    }
}
