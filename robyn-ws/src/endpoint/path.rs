//! The syntax of a path that only a running program knows: a constant, or the prefix of a sub-router. axum panics at
//! mistakes in it. The attribute checks literals, and the router's own matcher checks braces.

use std::collections::HashSet;

/// The largest number of parameters in a path: axum's matcher names them by letter.
const MAX_PARAMETERS: usize = 25;

/// Fails with the first mistake in `path` and its remedy.
pub(super) fn check(path: &str) -> Result<(), String> {
    if path.contains(char::is_whitespace) {
        return Err(format!(
            "the path {path:?} contains whitespace: remove it; a space in a URL is written `%20`"
        ));
    }
    if !path.starts_with('/') {
        return Err(format!("the path `{path}` does not start with `/`: write `/{path}`"));
    }
    if let Some(end) = path.find(['?', '#']).filter(|_| !path.contains("?}")) {
        return Err(format!(
            "`{}` is not a part of the path: remove it, and read a query with `Query<T>` or `ws.query_params()`",
            &path[end..]
        ));
    }
    path.split('/').try_for_each(check_segment)
}

/// Fails if the parameters of a path with its prefixes are too many, or two have one name.
pub(super) fn check_parameters(path: &str) -> Result<(), String> {
    let parameters = path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let names: Vec<_> = parameters.map(|name| name.trim_start_matches('*')).collect();
    if names.len() > MAX_PARAMETERS {
        return Err(format!(
            "the path `{path}` has {} parameters, axum takes {MAX_PARAMETERS}: catch several segments with one `{{*rest}}`",
            names.len()
        ));
    }
    let mut earlier = HashSet::new();
    match names.into_iter().find(|name| !earlier.insert(*name)) {
        Some(name) => Err(format!(
            "two parameters of the path `{path}` have the name `{name}`: rename one of them"
        )),
        None => Ok(()),
    }
}

/// Finds parameters in the syntax of other routers.
fn check_segment(segment: &str) -> Result<(), String> {
    let meant = if let Some(name) = segment.strip_prefix(':') {
        format!("{{{}}}", or(name, "name"))
    } else if let Some(name) = segment.strip_prefix('*') {
        format!("{{*{}}}", or(name, "rest"))
    } else if let Some(name) = segment.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
        // Flask writes the type in front: `<int:id>`.
        format!("{{{}}}", or(name.rsplit(':').next().unwrap_or(name), "name"))
    } else if segment.ends_with("?}") {
        return Err(format!(
            "`{segment}` is an optional parameter, which axum does not know: write a second handler for the path without it"
        ));
    } else {
        return Ok(());
    };
    Err(format!(
        "`{segment}` is not how axum writes a parameter: write `{meant}`"
    ))
}

fn or<'a>(name: &'a str, default: &'a str) -> &'a str {
    if name.is_empty() { default } else { name }
}
