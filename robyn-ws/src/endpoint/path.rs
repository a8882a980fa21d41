//! The syntax of a path that only a running program knows: a constant, or the prefix of a sub-router. axum panics at
//! mistakes in it. The attribute checks literals by the same rules.

mod foreign;
mod rules;

use std::collections::HashSet;

use rules::{MAX_PARAMETERS, Parameter};

/// Returns all mistakes in `path`, each with its remedy.
pub(super) fn mistakes(path: &str) -> impl Iterator<Item = String> {
    let mistakes = rules::mistakes(path).into_iter();
    mistakes.map(|mistake| format!("{}: {}", mistake.problem, mistake.help))
}

/// Fails if nothing can follow a valid prefix, with the remedy.
pub(super) fn check_that_paths_can_follow(prefix: &str) -> Result<(), String> {
    let last = prefix.rsplit('/').next().unwrap_or_default();
    match Parameter::of(last) {
        Ok(Some(rest)) if rest.is_rest => Err(format!(
            "the prefix `{prefix}` ends with `{rest}`, which takes all that follows, so no path can follow it: write `{{{}}}`",
            rest.name
        )),
        _ => Ok(()),
    }
}

/// Returns the names of the parameters of a valid path.
pub(super) fn parameters(path: &str) -> Vec<String> {
    let parameters = path.split('/').filter_map(|segment| Parameter::of(segment).ok()?);
    parameters.map(|parameter| parameter.name).collect()
}

/// Fails with the first mistake in `path`, or if it has a parameter.
pub(crate) fn check_without_parameters(path: &str) -> Result<(), String> {
    if let Some(mistake) = mistakes(path).next() {
        return Err(mistake);
    }
    if !parameters(path).is_empty() {
        return Err(format!(
            "the path `{path}` has a parameter: write a path without `{{..}}`"
        ));
    }
    Ok(())
}

/// Fails if the parameters of a path with its prefixes are too many, or two have one name.
pub(super) fn check_parameters(path: &str) -> Result<(), String> {
    let names = parameters(path);
    if names.len() > MAX_PARAMETERS {
        return Err(format!(
            "the path `{path}` has {} parameters, axum takes {MAX_PARAMETERS}: catch several segments with one `{{*rest}}`",
            names.len()
        ));
    }
    let mut earlier = HashSet::new();
    match names.iter().find(|name| !earlier.insert(*name)) {
        Some(name) => Err(format!(
            "two parameters of the path `{path}` have the name `{name}`: rename one of them"
        )),
        None => Ok(()),
    }
}
