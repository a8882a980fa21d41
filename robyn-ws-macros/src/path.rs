//! The syntax of an endpoint's path: what axum 0.8 would panic about at start-up, or silently never match.

use syn::LitStr;

use crate::diagnostics::Diagnostics;

/// axum's matcher names the parameters of a path by letter and has no more letters than these.
const MAX_PARAMETERS: usize = 25;

pub(crate) fn check(path: &LitStr, errors: &mut Diagnostics) {
    for mistake in mistakes(&path.value()) {
        errors.report(path, mistake.problem, mistake.help);
    }
}

/// It quotes the guilty segment, because stable Rust cannot underline a part of a literal.
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

/// Reports a query, a fragment and other frameworks' optional parameters, and gives the path without them.
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
        let problem = format!("`{after}` is a query, which is no part of the path");
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
            let problem = format!("`{segment}` is not how axum writes a parameter");
            let path: Vec<_> = path
                .split('/')
                .map(|part| corrected(part).unwrap_or_else(|| part.to_owned()))
                .collect();
            mistakes.push(Mistake::new(
                problem,
                format!("write `{meant}`, so that the path is `{}`", path.join("/")),
            ));
        }
        let name = match parameter(meant.as_deref().unwrap_or(segment)) {
            Ok(None) => continue,
            Ok(Some(name)) => name,
            Err(mistake) => {
                mistakes.push(mistake);
                continue;
            }
        };
        if name.starts_with('*') && segments.peek().is_some() {
            let problem = format!("`{{{name}}}` takes all that follows, so nothing can follow it");
            mistakes.push(Mistake::new(
                problem,
                format!("make it the last segment, or write `{{{}}}`", &name[1..]),
            ));
        }
        let bare = name.trim_start_matches('*').to_owned();
        if names.contains(&bare) {
            let problem = format!("two parameters have the name `{bare}`");
            mistakes.push(Mistake::new(problem, format!("rename the one in `{segment}`")));
        }
        names.push(bare);
    }
    if names.len() > MAX_PARAMETERS {
        let problem = format!("the path has {} parameters, axum takes {MAX_PARAMETERS}", names.len());
        mistakes.push(Mistake::new(problem, "catch several segments with one `{*rest}`"));
    }
}

/// Gives how axum 0.8 writes a segment that has the syntax of older versions, Robyn, Rocket or Flask.
fn corrected(segment: &str) -> Option<String> {
    if let Some(name) = segment.strip_prefix(':') {
        Some(format!("{{{}}}", or(name, "name")))
    } else if let Some(name) = segment.strip_prefix('*') {
        Some(format!("{{*{}}}", or(name, "rest")))
    } else {
        let name = segment.strip_prefix('<')?.strip_suffix('>')?;
        Some(format!("{{{}}}", or(name, "name")))
    }
}

fn or<'a>(name: &'a str, default: &'a str) -> &'a str {
    if name.is_empty() { default } else { name }
}

/// Gives the parameter of a segment: `name`, or `*name` for one that takes all that follows.
fn parameter(segment: &str) -> Result<Option<String>, Mistake> {
    let chars = unescaped(segment);
    let Some(open) = chars.iter().position(Char::is_brace) else {
        return Ok(None);
    };
    let unbalanced = || {
        let help = "close each `{`, and double a brace that is meant as itself: `{{` and `}}`";
        Mistake::new(format!("`{segment}` has unbalanced braces"), help)
    };
    let close = chars
        .iter()
        .skip(open + 1)
        .position(Char::is_brace)
        .ok_or_else(unbalanced)?
        + open
        + 1;
    if chars[open].value != '{' || chars[close].value != '}' {
        return Err(unbalanced());
    }
    let name: String = chars[open + 1..close].iter().map(|char| char.value).collect();
    let bare = name.strip_prefix('*').unwrap_or(&name);
    if bare.is_empty() {
        let problem = format!("the parameter in `{segment}` has no name");
        return Err(Mistake::new(
            problem,
            format!("write `{}`", if name.is_empty() { "{name}" } else { "{*rest}" }),
        ));
    }
    if bare.contains(['*', '{', '}']) {
        let problem = format!("`{bare}` cannot be the name of a parameter");
        return Err(Mistake::new(problem, "use letters, digits and `_`"));
    }
    if close + 1 < chars.len() {
        let problem = format!("`{segment}` goes on after its parameter, which has to end the segment");
        return Err(Mistake::new(
            problem,
            format!("take the whole segment as `{{{name}}}` and split it in the handler"),
        ));
    }
    Ok(Some(name))
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
