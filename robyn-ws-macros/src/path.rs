//! The syntax of an endpoint's path: mistakes that make axum 0.8 panic at start-up, or never match.

use std::fmt;

use syn::LitStr;

use crate::diagnostics::Diagnostics;

/// axum's matcher names the parameters of a path by letter, and has this many letters.
const MAX_PARAMETERS: usize = 25;

pub(crate) fn check(path: &LitStr, errors: &mut Diagnostics) {
    for mistake in mistakes(&path.value()) {
        errors.report(path, mistake.problem, mistake.help);
    }
}

/// A mistake, which quotes its segment: stable Rust cannot underline a part of a literal.
struct Mistake {
    problem: String,
    help: String,
}

impl Mistake {
    fn new(problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            help: help.into(),
        }
    }
}

fn mistakes(path: &str) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let path = &without_query(path, &mut mistakes);
    if path.is_empty() {
        mistakes.push(Mistake::new("the path is empty", "write `/` for the root"));
    } else if !path.starts_with('/') {
        let problem = format!("the path `{path}` does not start with `/`");
        mistakes.push(Mistake::new(problem, format!("write `/{path}`")));
    }
    if path.contains(char::is_whitespace) {
        let problem = format!("the path `{path}` contains whitespace");
        mistakes.push(Mistake::new(problem, "remove it; a space in a URL is written `%20`"));
    }
    check_segments(path, &mut mistakes);
    mistakes
}

/// Reports a query, a fragment and other frameworks' optional parameters. Returns the path without them.
fn without_query(path: &str, mistakes: &mut Vec<Mistake>) -> String {
    if let Some(segment) = path.split('/').find(|segment| segment.ends_with("?}")) {
        let problem = format!("`{segment}` is an optional parameter, which axum does not know");
        mistakes.push(Mistake::new(
            problem,
            "write a second `#[websocket(..)]` for the path without it",
        ));
    }
    let path = path.replace("?}", "}");
    let Some(end) = path.find(['?', '#']) else {
        return path;
    };
    let (before, after) = path.split_at(end);
    mistakes.push(if after.starts_with('#') {
        Mistake::new(format!("`{after}` is a fragment, which no client sends"), "remove it")
    } else {
        let problem = format!("`{after}` is a query, which is not a part of the path");
        Mistake::new(
            problem,
            "remove it, and read the query with `Query<T>` or `ws.query_params()`",
        )
    });
    before.to_owned()
}

fn check_segments(path: &str, mistakes: &mut Vec<Mistake>) {
    let mut names: Vec<String> = Vec::new();
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let meant = corrected(segment);
        if let Some(meant) = &meant {
            mistakes.push(other_syntax(path, segment, meant));
        }
        let parameter = match Parameter::of(meant.as_deref().unwrap_or(segment)) {
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

/// Words the mistake of a segment in another syntax, which means `meant` in axum's.
fn other_syntax(path: &str, segment: &str, meant: &str) -> Mistake {
    let problem = format!("`{segment}` is not how axum writes a parameter");
    let parts = path
        .split('/')
        .map(|part| corrected(part).unwrap_or_else(|| part.to_owned()));
    let path = parts.collect::<Vec<_>>().join("/");
    Mistake::new(problem, format!("write `{meant}`, so that the path is `{path}`"))
}

/// Returns how axum 0.8 writes a segment that has the syntax of older versions, Robyn, Rocket or Flask.
fn corrected(segment: &str) -> Option<String> {
    if let Some(name) = segment.strip_prefix(':') {
        Some(format!("{{{}}}", or(name, "name")))
    } else if let Some(name) = segment.strip_prefix('*') {
        Some(format!("{{*{}}}", or(name, "rest")))
    } else {
        let name = segment.strip_prefix('<')?.strip_suffix('>')?;
        // Flask writes the type in front: `<int:id>`.
        let name = name.rsplit(':').next().unwrap_or(name);
        Some(format!("{{{}}}", or(name, "name")))
    }
}

fn or<'a>(name: &'a str, default: &'a str) -> &'a str {
    if name.is_empty() { default } else { name }
}

/// The parameter of a segment.
struct Parameter {
    name: String,
    /// It takes all that follows: `{*name}`.
    is_rest: bool,
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = if self.is_rest { "*" } else { "" };
        write!(f, "{{{star}{}}}", self.name)
    }
}

impl Parameter {
    /// Returns the parameter of a segment, if it has one.
    fn of(segment: &str) -> Result<Option<Self>, Mistake> {
        let chars = unescaped(segment);
        let Some((open, close)) = braces(&chars).map_err(|Unbalanced| {
            let help = "close each `{`, and double a brace that is meant as itself: `{{` and `}}`";
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
        if name.contains(['*', '{', '}']) {
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

#[cfg(test)]
mod tests;
