//! The syntax of a path that only a running program knows: a constant, or the prefix of a sub-router. axum would panic
//! where it breaks a rule. The attribute checks literals, and the router's own matcher checks braces.

/// Returns the first mistake in `path` with its remedy.
pub(super) fn check(path: &str) -> Result<(), String> {
    if !path.starts_with('/') {
        return Err(format!("the path `{path}` does not start with `/`: write `/{path}`"));
    }
    if path.contains(char::is_whitespace) {
        return Err(format!(
            "the path `{path}` contains whitespace: remove it; a space in a URL is written `%20`"
        ));
    }
    if let Some(end) = path.find(['?', '#']).filter(|_| !path.contains("?}")) {
        return Err(format!(
            "`{}` is not a part of the path: remove it, and read a query with `Query<T>` or `ws.query_params()`",
            &path[end..]
        ));
    }
    path.split('/').try_for_each(check_segment)
}

/// Finds the ways in which other routers write a parameter.
fn check_segment(segment: &str) -> Result<(), String> {
    let meant = if let Some(name) = segment.strip_prefix(':') {
        format!("{{{name}}}")
    } else if let Some(name) = segment.strip_prefix('*') {
        format!("{{*{}}}", if name.is_empty() { "rest" } else { name })
    } else if let Some(name) = segment.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
        format!("{{{name}}}")
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
