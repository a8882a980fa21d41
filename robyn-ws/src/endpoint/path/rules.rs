//! The rules of a path: each mistake that makes axum 0.8 panic at start-up or never match, with its fix.
//!
//! `robyn-ws` and `robyn-ws-macros` have the same copy of this file: one of them checks constants and prefixes when an app is
//! built, the other one checks literals. A test of `robyn-ws-macros` compares the copies.

use std::fmt;

use super::foreign;

/// axum's matcher names the parameters of a path by letter, and has this many letters.
pub(super) const MAX_PARAMETERS: usize = 25;

/// A mistake, which quotes its part of the path: stable Rust cannot underline a part of a literal.
pub(super) struct Mistake {
    pub(super) problem: String,
    pub(super) help: String,
}

impl Mistake {
    fn new(problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            help: help.into(),
        }
    }
}

/// Finds all mistakes. Each rule passes a corrected path on, so that nothing is reported twice.
pub(super) fn mistakes(path: &str) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let path = without_origin(path, &mut mistakes);
    let path = with_parameters_of_axum(path, &mut mistakes);
    check_axums_syntax(&path, &mut mistakes);
    mistakes
}

fn check_axums_syntax(path: &str, mistakes: &mut Vec<Mistake>) {
    let path = without_query(path, mistakes);
    let path = without_dots(path, mistakes);
    let path = as_clients_send_it(&path, mistakes);
    if path.is_empty() {
        mistakes.push(Mistake::new("the path is empty", "write `/` for the root"));
    } else if !path.starts_with('/') {
        let problem = format!("the path `{path}` does not start with `/`");
        mistakes.push(Mistake::new(problem, format!("write `/{path}`")));
    }
    check_parameters(&path, mistakes);
}

/// Reports a URL, and returns the path in it.
fn without_origin<'a>(path: &'a str, mistakes: &mut Vec<Mistake>) -> &'a str {
    let Some((scheme, rest)) = path.split_once("://") else {
        return path;
    };
    if !["ws", "wss", "http", "https"].contains(&scheme) {
        return path;
    }
    let inner = rest.find('/').map_or("/", |start| &rest[start..]);
    let problem = format!("`{path}` is a URL, the server knows only its path");
    mistakes.push(Mistake::new(problem, format!("write `{inner}`")));
    inner
}

/// Reports the parameters in the syntax of other routers.
fn with_parameters_of_axum(path: &str, mistakes: &mut Vec<Mistake>) -> String {
    let foreign::Translation {
        path,
        parameters,
        optional,
    } = foreign::translate(path);
    let (written, meant): (Vec<_>, Vec<_>) = parameters
        .into_iter()
        .map(|(written, meant)| (format!("`{written}`"), format!("`{meant}`")))
        .unzip();
    if !written.is_empty() {
        let problem = match written.len() {
            1 => format!("{} is not how axum writes a parameter", written[0]),
            _ => format!("{} are not how axum writes parameters", written.join(", ")),
        };
        let meant = meant.join(", ");
        let mut others = Vec::new();
        check_axums_syntax(&path, &mut others);
        let help = if others.is_empty() {
            format!("write {meant}, so that the path is `{path}`")
        } else {
            format!("write {meant}")
        };
        mistakes.push(Mistake::new(problem, help));
    }
    if let Some(parameter) = optional {
        let problem = format!("`{parameter}` is an optional parameter, which axum does not know");
        mistakes.push(Mistake::new(
            problem,
            "write a second `#[websocket(..)]` for the path without it",
        ));
    }
    path
}

/// Reports a query or a fragment.
fn without_query<'a>(path: &'a str, mistakes: &mut Vec<Mistake>) -> &'a str {
    let Some(end) = path.find(['?', '#']) else {
        return path;
    };
    let (before, after) = path.split_at(end);
    mistakes.push(if after.starts_with('#') {
        Mistake::new(format!("`{after}` is a fragment, which no client sends"), "remove it")
    } else {
        let problem = format!("`{after}` is a query, which is not a part of the path");
        let help = "remove it, and read the query with `Query<T>` or `ws.query_params()`";
        Mistake::new(problem, help)
    });
    before
}

/// Reports `.` and `..` as segments, which clients resolve before they send a path.
fn without_dots(path: &str, mistakes: &mut Vec<Mistake>) -> String {
    let dots = |segment: &str| segment.to_ascii_lowercase().replace("%2e", ".");
    let mut kept: Vec<&str> = Vec::new();
    let mut resolved = None;
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        match dots(segment).as_str() {
            // The first segment is empty, before the first slash.
            ".." if kept.len() > 1 => drop(kept.pop()),
            "." | ".." => {}
            _ => {
                kept.push(segment);
                continue;
            }
        }
        resolved = Some(segment);
        if segments.peek().is_none() {
            kept.push("");
        }
    }
    let Some(segment) = resolved else {
        return path.to_owned();
    };
    let path = format!("/{}", kept.join("/").trim_start_matches('/'));
    let problem = format!("the path has the segment `{segment}`, which clients resolve before they send a path");
    mistakes.push(Mistake::new(problem, format!("write `{path}`")));
    path
}

/// Reports characters that a client encodes. The names of parameters are never sent.
fn as_clients_send_it(path: &str, mistakes: &mut Vec<Mistake>) -> String {
    let mut sent = String::new();
    let mut encoded: Vec<char> = Vec::new();
    let mut in_name = false;
    for char in unescaped(path.trim()) {
        match char.value {
            // A client makes it a `/`.
            '\\' if !in_name => sent.push('/'),
            value if !in_name && (char.escaped || is_encoded(value)) => percent_encode(value, &mut sent),
            value => {
                in_name = if char.is_brace() { value == '{' } else { in_name };
                sent.extend(std::iter::repeat_n(value, 1 + usize::from(char.escaped)));
                continue;
            }
        }
        if !encoded.contains(&char.value) {
            encoded.push(char.value);
        }
    }
    let problem = if !encoded.is_empty() {
        let list: Vec<_> = encoded.iter().map(|char| format!("{char:?}")).collect();
        let path = path.escape_debug();
        format!("the path `{path}` has {} in it, which clients encode", list.join(", "))
    } else if path.trim() != path {
        format!("the path `{}` has whitespace around it", path.escape_debug())
    } else if let Some(code) = raise_codes(&mut sent) {
        format!("the path `{path}` has `{code}` in it, which clients write in capitals")
    } else {
        return sent;
    };
    raise_codes(&mut sent);
    let parameter = if encoded.contains(&'{') {
        ", or single braces for a parameter"
    } else {
        ""
    };
    mistakes.push(Mistake::new(problem, format!("write `{sent}`{parameter}")));
    sent
}

/// Returns `true` for a character that browsers encode in a path, and that axum compares in its encoded form.
fn is_encoded(char: char) -> bool {
    !char.is_ascii_graphic() || matches!(char, '"' | '<' | '>' | '`' | '^')
}

/// Writes percent codes as clients do. Returns the first one that was written in another way.
fn raise_codes(sent: &mut String) -> Option<String> {
    let mut first = None;
    for position in 0..sent.len() {
        let code = sent.get(position..position + 3).unwrap_or_default();
        let is_code = code.starts_with('%') && code.bytes().skip(1).all(|digit| digit.is_ascii_hexdigit());
        let raised = code.to_ascii_uppercase();
        if is_code && raised != code {
            first.get_or_insert_with(|| code.to_owned());
            sent.replace_range(position..position + 3, &raised);
        }
    }
    first
}

fn percent_encode(char: char, sent: &mut String) {
    for byte in char.encode_utf8(&mut [0; 4]).bytes() {
        sent.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 15)]);
    }
}

fn hex_digit(value: u8) -> char {
    char::from(b"0123456789ABCDEF"[usize::from(value)])
}

fn check_parameters(path: &str, mistakes: &mut Vec<Mistake>) {
    let mut names: Vec<String> = Vec::new();
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let parameter = match Parameter::of(segment) {
            Ok(None) => continue,
            Ok(Some(parameter)) => parameter,
            Err(mistake) => {
                mistakes.push(mistake);
                continue;
            }
        };
        let name = &parameter.name;
        if parameter.is_rest && segments.peek().is_some() {
            let problem = format!("`{parameter}` takes all that follows, so nothing can follow it");
            let help = format!("make it the last segment, or write `{{{name}}}`");
            mistakes.push(Mistake::new(problem, help));
        }
        if names.contains(name) {
            let problem = format!("two parameters have the name `{name}`");
            mistakes.push(Mistake::new(problem, format!("rename the one in `{segment}`")));
        }
        names.push(parameter.name);
    }
    if names.len() > MAX_PARAMETERS {
        let problem = format!("the path has {} parameters, axum takes {MAX_PARAMETERS}", names.len());
        mistakes.push(Mistake::new(problem, "catch several segments with one `{*rest}`"));
    }
}

/// The parameter of a segment.
pub(super) struct Parameter {
    pub(super) name: String,
    /// It takes all that follows: `{*name}`.
    pub(super) is_rest: bool,
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = if self.is_rest { "*" } else { "" };
        write!(f, "{{{star}{}}}", self.name)
    }
}

impl Parameter {
    /// Returns the parameter of a segment, if it has one.
    pub(super) fn of(segment: &str) -> Result<Option<Self>, Mistake> {
        let chars = unescaped(segment);
        let Some((open, close)) = braces(&chars).map_err(|Unbalanced| {
            let help = "close each `{`, and write `%7B` and `%7D` for braces that are meant as themselves";
            Mistake::new(format!("`{segment}` has unbalanced braces"), help)
        })?
        else {
            return Ok(None);
        };
        let inside: String = chars[open + 1..close].iter().map(|char| char.value).collect();
        let (name, is_rest) = match inside.strip_prefix('*') {
            Some(name) => (name.to_owned(), true),
            None => (inside, false),
        };
        if name.is_empty() {
            let help = if is_rest { "write `{*rest}`" } else { "write `{name}`" };
            return Err(Mistake::new(format!("the parameter in `{segment}` has no name"), help));
        }
        if name.contains(|char: char| matches!(char, '*' | '{' | '}') || char.is_whitespace()) {
            let problem = format!("`{name}` cannot be the name of a parameter");
            return Err(Mistake::new(problem, "use letters, digits and `_`"));
        }
        let parameter = Self { name, is_rest };
        if close + 1 < chars.len() {
            let problem = format!("`{segment}` goes on after its parameter, which has to end the segment");
            let help = format!("take the whole segment as `{parameter}` and split it in the handler");
            return Err(Mistake::new(problem, help));
        }
        Ok(Some(parameter))
    }
}

/// Braces that do not come in pairs.
struct Unbalanced;

/// Returns the positions of the first two braces, if there are any.
fn braces(chars: &[Char]) -> Result<Option<(usize, usize)>, Unbalanced> {
    let mut braces = (0..).zip(chars).filter(|(_, char)| char.is_brace());
    match (braces.next(), braces.next()) {
        (None, _) => Ok(None),
        (Some((open, Char { value: '{', .. })), Some((close, Char { value: '}', .. }))) => Ok(Some((open, close))),
        _ => Err(Unbalanced),
    }
}

struct Char {
    value: char,
    /// It was written `{{` or `}}`, and means the brace itself.
    escaped: bool,
}

impl Char {
    fn is_brace(&self) -> bool {
        !self.escaped && matches!(self.value, '{' | '}')
    }
}

fn unescaped(segment: &str) -> Vec<Char> {
    let mut chars = segment.chars().peekable();
    let mut result = Vec::new();
    while let Some(value) = chars.next() {
        let escaped = matches!(value, '{' | '}') && chars.next_if_eq(&value).is_some();
        result.push(Char { value, escaped });
    }
    result
}
