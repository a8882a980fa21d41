//! The code around a function, which the compiler does not show to its attribute: it is read from the source file.
//!
//! Only messages depend on it. Where a file cannot be read, as in an editor, a function counts as one that stands alone.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::SystemTime,
};

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;

use crate::tokens::is_punct;

/// Where a function stands.
#[derive(Default)]
pub(crate) struct Surroundings {
    /// The keyword of the block that has the function as an associated one: `impl` or `trait`.
    pub(crate) block: Option<&'static str>,
    /// It is sure that there is no such block.
    pub(crate) is_free: bool,
    /// Another function or value of its name stands beside it, which a call by that name may mean.
    pub(crate) has_twin: bool,
}

impl Surroundings {
    pub(crate) fn of(name: &Ident) -> Self {
        Self::read(name).unwrap_or_default()
    }

    fn read(name: &Ident) -> Option<Self> {
        // Unit tests run outside of the compiler, where no token has a place.
        if !proc_macro::is_available() {
            return None;
        }
        let span = name.span().unwrap();
        let file = SourceFile::at(&span.local_file()?)?;
        if file.is_at_top_level(span.line(), span.column()) && !file.repeated.contains(&name.unraw().to_string()) {
            return Some(Self {
                is_free: true,
                ..Self::default()
            });
        }
        let position = Some((span.line(), span.column()));
        let declared = file.declarations();
        let function = declared.iter().find(|function| function.position == position)?;
        Some(Self {
            block: function.scope.block,
            is_free: function.scope.block.is_none(),
            has_twin: declared.iter().any(|other| other.is_twin_of(function)),
        })
    }
}

/// A file with handlers.
struct SourceFile {
    path: PathBuf,
    modified: Option<SystemTime>,
    text: String,
    /// The start of each line, and the number of open braces before it. Those in comments and texts are counted too, so
    /// there is none if they do not come in pairs.
    lines: Option<Vec<(usize, usize)>>,
    /// The names that seem to be declared more than once.
    repeated: HashSet<String>,
    declarations: OnceLock<Vec<Declaration>>,
}

impl SourceFile {
    /// Reads a file. The handlers of one file are compiled one after the other, so only the last file is kept.
    fn at(path: &Path) -> Option<Arc<Self>> {
        static LAST: Mutex<Option<Arc<SourceFile>>> = Mutex::new(None);
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        // A compiler that serves an editor may see several versions of a file.
        let modified = fs::metadata(path).and_then(|file| file.modified()).ok();
        let is_same = |file: &&Arc<Self>| file.path == path && file.modified == modified;
        if let Some(file) = last.as_ref().filter(is_same) {
            return Some(file.clone());
        }
        let text = fs::read_to_string(path).ok()?;
        let file = Arc::new(Self {
            path: path.to_owned(),
            modified,
            lines: lines(&text),
            repeated: repeated(&text),
            declarations: OnceLock::new(),
            text,
        });
        *last = Some(file.clone());
        Some(file)
    }

    /// Returns `false` also where that is not sure.
    fn is_at_top_level(&self, line: usize, column: usize) -> bool {
        let lines = self.lines.as_deref().unwrap_or_default();
        lines.get(line.saturating_sub(1)).is_some_and(|&(start, depth)| {
            let before = self.text[start..].chars().take(column.saturating_sub(1));
            depth == 0 && !before.into_iter().any(|char| char == '{')
        })
    }

    fn declarations(&self) -> &[Declaration] {
        self.declarations.get_or_init(|| {
            let mut declarations = Declarations::default();
            if let Ok(tokens) = with_positions(&self.text).parse() {
                declarations.read(tokens, None);
            }
            declarations.found
        })
    }
}

fn lines(text: &str) -> Option<Vec<(usize, usize)>> {
    let (mut lines, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for line in text.split_inclusive('\n') {
        lines.push((start, depth));
        start += line.len();
        for byte in line.bytes() {
            match byte {
                b'{' => depth += 1,
                b'}' => depth = depth.checked_sub(1)?,
                _ => {}
            }
        }
    }
    (depth == 0).then_some(lines)
}

/// Looks at the words behind a few keywords only, so that most files need not be read any closer.
fn repeated(text: &str) -> HashSet<String> {
    let is_between_words = |char: char| char != '_' && !char.is_alphanumeric();
    let items = ["fn ", "struct ", "const ", "static "]
        .into_iter()
        .flat_map(|keyword| text.split(keyword).skip(1));
    let items = items.filter_map(|rest| rest.trim_start_matches("r#").split(is_between_words).next());
    let mut seen = HashSet::new();
    let repeated = items.filter(|name| !seen.insert(*name));
    repeated.map(str::to_owned).collect()
}

/// Writes the line and the column of each function's name in front of the name, since the tokens that a macro parses do not
/// know their places.
fn with_positions(text: &str) -> String {
    let mut result = String::new();
    for (line, text) in (1..).zip(text.split_inclusive('\n')) {
        let mut column = 1;
        for (number, part) in text.split("fn ").enumerate() {
            let mut rest = part;
            if number > 0 {
                result.push_str("fn ");
                column += "fn ".len();
                let (raw, name) = part.split_at(if part.starts_with("r#") { 2 } else { 0 });
                let end = name.find(|char: char| char != '_' && !char.is_alphanumeric());
                // A quote or `#` behind the word would make one token of both.
                if end.is_some_and(|end| end > 0 && name[end..].starts_with(['(', '<'])) {
                    result.extend([raw, "_", &line.to_string(), "_", &column.to_string(), "_"]);
                    rest = name;
                }
            }
            result.push_str(rest);
            column += part.chars().count();
        }
    }
    result
}

fn split_position(name: &str) -> Option<((usize, usize), &str)> {
    let (line, rest) = name.trim_start_matches("r#").strip_prefix('_')?.split_once('_')?;
    let (column, name) = rest.split_once('_')?;
    Some(((line.parse().ok()?, column.parse().ok()?), name))
}

/// The block of an item.
#[derive(Clone, Copy)]
struct Scope {
    number: usize,
    block: Option<&'static str>,
}

/// A name in the scope of functions. Imports are left out: one of that name may be a module, beside which a function is right.
struct Declaration {
    name: String,
    /// The line and the column of a function's name.
    position: Option<(usize, usize)>,
    scope: Scope,
    is_conditional: bool,
}

impl Declaration {
    fn is_twin_of(&self, function: &Self) -> bool {
        let is_another = self.position != function.position;
        let is_beside = self.scope.number == function.scope.number && self.name == function.name;
        // Two configurations of one function never meet.
        is_another && is_beside && !self.is_conditional && !function.is_conditional
    }
}

/// Collects the declarations of a file.
#[derive(Default)]
struct Declarations {
    found: Vec<Declaration>,
    scopes: usize,
}

impl Declarations {
    fn read(&mut self, tokens: TokenStream, block: Option<&'static str>) {
        self.scopes += 1;
        let scope = Scope {
            number: self.scopes,
            block,
        };
        let mut item = ItemHead::default();
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match &token {
                TokenTree::Ident(word) if word == "fn" => {
                    let name = tokens.peek().map(ToString::to_string).unwrap_or_default();
                    if let Some((position, name)) = split_position(&name) {
                        self.add(name.to_owned(), Some(position), scope, &item);
                        item.has_keyword = true;
                    }
                }
                // Behind another keyword, these are parts of a type: `*const T`, `&'static T`.
                TokenTree::Ident(word) if !item.has_keyword && declares_a_value(word, tokens.clone()) => {
                    let name = tokens.peek().map(ToString::to_string).unwrap_or_default();
                    self.add(name, None, scope, &item);
                    item.has_keyword = true;
                }
                TokenTree::Ident(word) => item.word(word),
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    self.read(group.stream(), item.block);
                    item = ItemHead::default();
                }
                TokenTree::Group(group) => item.group(group),
                _ if is_punct(&token, ';') => item = ItemHead::default(),
                _ => {}
            }
        }
    }

    fn add(&mut self, name: String, position: Option<(usize, usize)>, scope: Scope, item: &ItemHead) {
        self.found.push(Declaration {
            name,
            position,
            scope,
            is_conditional: item.is_conditional,
        });
    }
}

/// Returns `true` if `keyword`, with the `rest` of its item, declares a value. A struct with braces is only a type, and
/// `const` may belong to a function.
fn declares_a_value(keyword: &Ident, rest: impl IntoIterator<Item = TokenTree>) -> bool {
    let mut rest = rest.into_iter();
    if keyword != "struct" {
        let is_declared = |name: TokenTree| !["fn", "async", "unsafe", "extern"].contains(&&*name.to_string());
        return (keyword == "const" || keyword == "static") && rest.next().is_some_and(is_declared);
    }
    let has_fields = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() != Delimiter::Bracket,
        token => is_punct(token, ';'),
    };
    let fields = rest.find(has_fields);
    fields.is_some_and(|fields| !matches!(fields, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace))
}

/// The tokens of an item that come before its braces.
#[derive(Default)]
struct ItemHead {
    block: Option<&'static str>,
    has_keyword: bool,
    is_conditional: bool,
}

impl ItemHead {
    /// The first word that is not a qualifier says what kind of item it is.
    fn word(&mut self, word: &Ident) {
        let word = word.to_string();
        if self.has_keyword || ["pub", "unsafe", "default", "auto", "const"].contains(&word.as_str()) {
            return;
        }
        self.has_keyword = true;
        self.block = ["impl", "trait"].into_iter().find(|block| word == *block);
    }

    fn group(&mut self, attribute: &Group) {
        let first = attribute.stream().into_iter().next();
        let is_cfg = matches!(first, Some(TokenTree::Ident(name)) if name == "cfg" || name == "cfg_attr");
        self.is_conditional |= is_cfg && attribute.delimiter() == Delimiter::Bracket;
    }
}

#[cfg(test)]
mod tests {
    use super::{Declaration, Declarations, lines, repeated, with_positions};

    fn declarations(text: &str) -> Vec<Declaration> {
        let mut declarations = Declarations::default();
        declarations.read(with_positions(text).parse().expect("it is a file"), None);
        declarations.found
    }

    #[test]
    fn a_function_knows_its_place_and_its_block() {
        let text = "fn größe() { \"fn x(\"; }\nimpl<T> Chat<T> where T: X {\n    pub async fn chat<'a>() -> impl X {\n        fn inner() {}\n    }\n}";
        let found = declarations(text);
        let functions = found
            .iter()
            .map(|function| (&*function.name, function.position, function.scope.block));
        let expected = [
            ("größe", Some((1, 4)), None),
            ("chat", Some((3, 18)), Some("impl")),
            ("inner", Some((4, 12)), None),
        ];
        assert_eq!(functions.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn braces_are_counted_only_where_they_come_in_pairs() {
        assert_eq!(lines("fn a() {\n}\n"), Some(vec![(0, 0), (9, 1)]));
        assert_eq!(lines("const CLOSE: &str = \"}\";\nimpl S {\n}\n"), None);
        assert_eq!(lines("const OPEN: char = '{';\nimpl S {\n}\n"), None);
    }

    #[test]
    fn functions_and_values_of_one_name_are_twins_in_one_block() {
        let twins = |text: &str| {
            let found = declarations(text);
            assert!(repeated(text).contains("chat"), "{text}");
            found.iter().any(|one| found.iter().any(|other| one.is_twin_of(other)))
        };
        assert!(twins("fn chat() {}\npub fn chat(x: u8) {}"));
        assert!(twins("struct chat;\nfn chat() {}"));
        assert!(twins("fn r#chat() {}\nfn chat() {}"));
        assert!(twins("fn chat() {}\npub struct chat(u8);"));
        assert!(twins("const chat: &str = \"\";\nfn chat() {}"));
        assert!(twins("static chat: u8 = 1;\nconst fn chat() {}"));
        assert!(!twins("pub struct chat { a: u8 }\nfn chat() {}"));
        assert!(!twins("fn chat(raw: *const chat) {}"));
        assert!(!twins("fn other() -> *const chat {}\nfn chat() {}"));
        assert!(!twins("const A: &'static chat = &B;\nfn chat() {}"));
        assert!(!twins("mod a { fn chat() {} }\nmod b { fn chat() {} }"));
        assert!(!twins("#[cfg(a)]\nfn chat() {}\n#[cfg(not(a))]\nfn chat() {}"));
    }
}
