//! Translates parameters in the syntax of other routers to axum's.
//!
//! `robyn-ws` and `robyn-ws-macros` have the same copy of this file: see `rules.rs`.

/// The words that frameworks write for the type of a parameter. All of them but `path` take one segment.
const TYPES: &[&str] = &[
    "alpha", "any", "ext", "float", "int", "path", "slug", "str", "string", "uuid", "ymd",
];

/// A path in axum's syntax, and the changed parts.
pub(super) struct Translation {
    pub(super) path: String,
    /// Each parameter as it was written, and in axum's syntax.
    pub(super) parameters: Vec<(String, String)>,
    /// The first parameter that may be missing, as it was written.
    pub(super) optional: Option<String>,
}

pub(super) fn translate(path: &str) -> Translation {
    let mut translation = Translation {
        path: String::new(),
        parameters: Vec::new(),
        optional: None,
    };
    let mut rest = path;
    while let Some(first) = rest.chars().next() {
        let starts_segment = translation.path.is_empty() || translation.path.ends_with('/');
        let written = &rest[..length(rest, starts_segment)];
        rest = &rest[written.len().max(first.len_utf8())..];
        match Foreign::of(written) {
            _ if written.is_empty() => translation.path.push(first),
            None => translation.path.push_str(written),
            Some(foreign) => translation.add(written, &foreign, rest.is_empty()),
        }
    }
    translation
}

impl Translation {
    fn add(&mut self, written: &str, foreign: &Foreign<'_>, is_last: bool) {
        let name = foreign.name;
        let meant = match foreign.takes {
            Takes::Rest if is_last => format!("{{*{}}}", or(name, "rest")),
            _ => format!("{{{}}}", or(name, "name")),
        };
        self.path.push_str(&meant);
        if foreign.takes == Takes::SegmentIfThere {
            self.optional.get_or_insert(written.to_owned());
        } else {
            self.parameters.push((written.to_owned(), meant));
        }
    }
}

fn or<'a>(name: &'a str, default: &'a str) -> &'a str {
    if name.is_empty() { default } else { name }
}

/// Returns the length of the parameter or the escaped brace that `rest` begins with, or 0.
fn length(rest: &str, starts_segment: bool) -> usize {
    let end = match rest.as_bytes()[0] {
        b'{' if rest.starts_with("{{") => Some(2),
        b'{' => closing(rest, '{', '}').map(|close| close + 1),
        b'<' => rest.find('>').map(|close| close + 1),
        // The colon of a parameter has its pattern in parentheses: `:id(\d+)`.
        b':' | b'*' if starts_segment => {
            let name = rest.find(['/', '(', '#']).unwrap_or(rest.len());
            match closing(&rest[name..], '(', ')') {
                Some(close) if rest[name..].starts_with('(') => Some(name + close + 1),
                _ => Some(end_of_segment(rest)),
            }
        }
        _ => None,
    };
    end.unwrap_or(0)
}

/// A question mark at the very end belongs to the segment, all others begin a query.
fn end_of_segment(rest: &str) -> usize {
    let end = rest.find(['/', '#']).unwrap_or(rest.len());
    match rest[..end].find('?') {
        Some(query) if query + 1 < end => query,
        _ => end,
    }
}

/// Returns the position of the sign that closes the first `open`.
fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (position, char) in text.char_indices() {
        if char == open {
            depth += 1;
        } else if char == close {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(position);
            }
        }
    }
    None
}

#[derive(PartialEq)]
enum Takes {
    Segment,
    SegmentIfThere,
    Rest,
}

/// A parameter in another syntax.
struct Foreign<'a> {
    name: &'a str,
    takes: Takes,
}

impl<'a> Foreign<'a> {
    /// Returns `None` for axum's own syntax.
    fn of(written: &'a str) -> Option<Self> {
        if let Some(inner) = written.strip_prefix('{') {
            Self::in_braces(inner.strip_suffix('}')?)
        } else if let Some(inner) = written.strip_prefix('<') {
            Some(Self::in_angles(inner.strip_suffix('>')?))
        } else if let Some(inner) = written.strip_prefix(':') {
            Some(Self::after_a_colon(inner))
        } else {
            let name = written.strip_prefix('*')?.trim_start_matches('*');
            Some(Self::new(name, "path"))
        }
    }

    /// `FastAPI`, Starlette and actix: `{name:pattern}`. Spring: `{**name}`. Go: `{name...}`.
    fn in_braces(inner: &'a str) -> Option<Self> {
        if let Some(name) = inner.strip_suffix("...") {
            return Some(Self::new(name, "path"));
        }
        if let Some(name) = inner.strip_prefix("**") {
            return Some(Self::new(name, "path"));
        }
        if let Some(name) = inner.strip_suffix('?') {
            let takes = Takes::SegmentIfThere;
            return Some(Self {
                name: ident(name),
                takes,
            });
        }
        let (name, pattern) = inner.split_once(':')?;
        match name.strip_prefix('*') {
            Some(name) => Some(Self::new(name, "path")),
            None => Some(Self::new(name, pattern)),
        }
    }

    /// Flask: `<type:name>`. Bottle and Sanic: `<name:type>`. Rocket: `<name>` and `<name..>`.
    fn in_angles(inner: &'a str) -> Self {
        if let Some(name) = inner.strip_suffix("..") {
            return Self::new(name, "path");
        }
        let Some((first, last)) = inner.rsplit_once(':') else {
            return Self::new(inner, "");
        };
        let is_name = ident(last) == last && (!TYPES.contains(&last) || TYPES.contains(&first));
        if is_name {
            Self::new(last, first)
        } else {
            let (name, pattern) = inner.split_once(':').unwrap_or((first, last));
            Self::new(name, pattern)
        }
    }

    /// Express, and axum before 0.8: `:name`, `:name?`, `:name*` and `:name(pattern)`.
    fn after_a_colon(inner: &'a str) -> Self {
        let name = ident(inner);
        match &inner[name.len()..] {
            "?" => Self {
                name,
                takes: Takes::SegmentIfThere,
            },
            "*" | "+" => Self::new(name, "path"),
            pattern => Self::new(name, pattern),
        }
    }

    fn new(name: &'a str, pattern: &str) -> Self {
        let takes_all = ["path", "*", ".*", ".+", "re:.*", "re:.+", "(*)", "(.*)", "(.+)"];
        Self {
            name: ident(name),
            takes: if takes_all.contains(&pattern) {
                Takes::Rest
            } else {
                Takes::Segment
            },
        }
    }
}

/// Returns the name that `text` begins with.
fn ident(text: &str) -> &str {
    let end = text.find(|char: char| !char.is_alphanumeric() && !matches!(char, '_' | '-'));
    &text[..end.unwrap_or(text.len())]
}
