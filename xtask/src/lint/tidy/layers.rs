//! The layers of the runtime crate: a file imports from its own folder and from the layers below it, from the module that
//! defines a name. Files refer to each other in a circle only where ARCHITECTURE.md says so.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{
    Item, UseTree,
    spanned::Spanned as _,
    visit::{self, Visit},
};

use super::Finding;
use crate::files::TextFile;

const SOURCES: &str = "robyn-ws/src/";

/// From top to bottom, as in ARCHITECTURE.md.
const LAYERS: &[&str] = &[
    "test_util",
    "app",
    "contract",
    "upgrade",
    "connection",
    "endpoint",
    "handler",
    "connector",
    "hub",
    "mailbox",
    "wire",
    "json_rpc",
    "backplane",
    "types",
    "util",
];

/// Files of re-exports, which belong to no layer.
const RE_EXPORTS: &[&str] = &["lib", "prelude", "__private", "docs"];

/// The folder whose files may refer to each other in a circle.
const CIRCLE: &str = "hub";

/// A path in the crate that a file names, without `crate`.
struct Import {
    path: Vec<String>,
    line: usize,
}

/// Checks the imports of all files of the runtime crate.
pub(super) fn imports_run_down(files: &[TextFile], findings: &mut Vec<Finding>) {
    let files: Vec<_> = files.iter().filter_map(Source::of).collect();
    for source in &files {
        for import in &source.imports {
            if let Some(problem) = source.problem(import) {
                findings.push(source.file.finding(import.line, problem));
            }
        }
    }
    circles(&files, findings);
}

struct Source<'f> {
    file: &'f TextFile,
    module: Vec<String>,
    imports: Vec<Import>,
}

impl<'f> Source<'f> {
    /// Parses a file, unless it belongs to no layer. A file that does not parse is the compiler's matter.
    fn of(file: &'f TextFile) -> Option<Self> {
        let path = file.path.strip_prefix(SOURCES)?.strip_suffix(".rs")?;
        let mut module: Vec<_> = path.split('/').map(str::to_owned).collect();
        module.pop_if(|last| last == "mod");
        if RE_EXPORTS.contains(&&*module[0]) {
            return None;
        }
        let mut imports = Imports {
            module: module.clone(),
            found: Vec::new(),
        };
        imports.visit_file(&syn::parse_file(&file.text).ok()?);
        Some(Self {
            file,
            module,
            imports: imports.found,
        })
    }

    fn problem(&self, import: &Import) -> Option<String> {
        let (own, other) = (&self.module[0], import.path.first()?);
        let Some(other_layer) = layer(other) else {
            return Some(format!(
                "import `{other}` from the module that defines it, not from the root"
            ));
        };
        let own_layer = layer(own)?;
        (other_layer < own_layer).then(|| format!("`{own}` is a layer below `{other}`: imports run down only"))
    }
}

fn layer(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == name)
}

/// Collects all paths into the crate, which begin with `crate` or `super`.
struct Imports {
    module: Vec<String>,
    found: Vec<Import>,
}

impl Imports {
    fn add(&mut self, tree: &UseTree, mut path: Vec<String>) {
        match tree {
            UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                self.add(&inner.tree, path);
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.add(tree, path.clone())),
            UseTree::Name(name) if name.ident != "self" => {
                path.push(name.ident.to_string());
                self.end(&path, tree.span());
            }
            UseTree::Rename(rename) => {
                path.push(rename.ident.to_string());
                self.end(&path, tree.span());
            }
            UseTree::Name(_) | UseTree::Glob(_) => self.end(&path, tree.span()),
        }
    }

    /// Adds a path, if it is one of the crate that leads out of its module.
    fn end(&mut self, path: &[String], place: Span) {
        let ups = path.iter().take_while(|name| *name == "super").count();
        let path = match path.split_first() {
            Some((first, rest)) if first == "crate" => rest.to_vec(),
            // The module of unit tests in a file is one level further down.
            _ if ups > 1 => {
                let kept = self.module.len().saturating_sub(ups);
                [&self.module[..kept], &path[ups..]].concat()
            }
            _ => return,
        };
        let line = place.start().line;
        self.found.push(Import { path, line });
    }

    /// Adds the paths in the body of a macro, which is not parsed.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(ident) if ident == "crate" => {
                    let rest = tokens[index..].iter().take_while(|token| match token {
                        TokenTree::Ident(_) => true,
                        TokenTree::Punct(punct) => punct.as_char() == ':',
                        _ => false,
                    });
                    let names = rest.filter(|token| matches!(token, TokenTree::Ident(_)));
                    self.end(&names.map(ToString::to_string).collect::<Vec<_>>(), ident.span());
                }
                _ => {}
            }
        }
    }
}

impl<'ast> Visit<'ast> for Imports {
    fn visit_item(&mut self, item: &'ast Item) {
        if let Item::Use(item) = item {
            self.add(&item.tree, Vec::new());
        }
        visit::visit_item(self, item);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path.segments.iter().map(|segment| segment.ident.to_string());
        self.end(&names.collect::<Vec<_>>(), path.span());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}

/// Reports files that import from each other in a circle, unless it is the hub's.
fn circles(files: &[Source<'_>], findings: &mut Vec<Finding>) {
    let modules: BTreeMap<&[String], usize> = (0..).zip(files).map(|(index, file)| (&*file.module, index)).collect();
    let target = |import: &Import| {
        let prefixes = (1..=import.path.len()).rev();
        prefixes
            .map(|length| &import.path[..length])
            .find_map(|prefix| modules.get(prefix))
    };
    let direct: Vec<BTreeSet<usize>> = (0..)
        .zip(files)
        .map(|(index, file)| {
            file.imports
                .iter()
                .filter_map(target)
                .copied()
                .filter(|to| *to != index)
                .collect()
        })
        .collect();
    for (index, file) in (0..).zip(files) {
        let back = direct[index].iter().find(|next| reaches(&direct, **next, index));
        if let Some(&next) = back.filter(|_| file.module[0] != CIRCLE) {
            let message = format!(
                "this file and `{}` import from each other in a circle",
                files[next].file.path
            );
            findings.push(file.file.finding(1, message));
        }
    }
}

fn reaches(direct: &[BTreeSet<usize>], from: usize, to: usize) -> bool {
    let (mut seen, mut open) = (BTreeSet::from([from]), vec![from]);
    while let Some(next) = open.pop() {
        if next == to {
            return true;
        }
        open.extend(direct[next].iter().copied().filter(|next| seen.insert(*next)));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| TextFile {
                path: format!("{SOURCES}{path}"),
                text: (*text).to_owned(),
            })
            .collect();
        let mut findings = Vec::new();
        imports_run_down(&files, &mut findings);
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn import_from_a_layer_above_is_found() {
        let up = findings(&[("mailbox/mod.rs", "\nuse crate::{types::id::Id, hub::{live::Live}};\n")]);
        assert_eq!(up.len(), 1, "{up:?}");
        assert!(
            up[0].contains("mailbox/mod.rs:2: `mailbox` is a layer below `hub`"),
            "{up:?}"
        );
        for hidden in [
            "fn a() { crate::app::b(); }",
            "use super::super::app::B;",
            "fn a() { format!(\"{}\", crate::app::B); }",
            "macro_rules! a { () => { $crate::app::b() }; }",
        ] {
            assert_eq!(findings(&[("wire/a.rs", hidden)]).len(), 1, "{hidden}");
        }
    }

    #[test]
    fn import_from_the_root_is_found() {
        let root = findings(&[("hub/mod.rs", "use crate::Message;")]);
        assert!(
            root[0].contains("import `Message` from the module that defines it"),
            "{root:?}"
        );
    }

    #[test]
    fn imports_that_run_down_are_accepted() {
        let down = [
            (
                "hub/mod.rs",
                "use crate::{hub::live::Live, mailbox, types::{self, id::Id as _}}; use std::fmt;",
            ),
            ("prelude.rs", "pub use crate::App;"),
        ];
        assert_eq!(findings(&down), [""; 0]);
    }

    #[test]
    fn circle_of_imports_is_found_and_the_hubs_is_accepted() {
        let circle = |folder: &str| {
            let (a, b) = (format!("{folder}/a.rs"), format!("{folder}/b.rs"));
            let (to_b, to_a) = (
                format!("use crate::{folder}::b::B;"),
                format!("use crate::{folder}::a::A;"),
            );
            findings(&[(&a, &to_b), (&b, &to_a)])
        };
        assert_eq!(circle("wire").len(), 2);
        assert_eq!(circle("hub"), [""; 0]);
    }
}
