//! The syntax of a path that only a running program knows: a constant, or the prefix of a sub-router. axum panics at
//! mistakes in it. The attribute checks literals by the same rules.

mod foreign;
mod rules;

use std::collections::HashSet;

use rules::MAX_PARAMETERS;

/// Fails with the first mistake in `path` and its remedy.
pub(super) fn check(path: &str) -> Result<(), String> {
    match rules::mistakes(path).into_iter().next() {
        Some(mistake) => Err(format!("{}: {}", mistake.problem, mistake.help)),
        None => Ok(()),
    }
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
