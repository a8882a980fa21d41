//! Arguments of handlers that no request to their path can satisfy.

use crate::{
    endpoint::{path, registry::Entry},
    handler::{
        extract::parameters::{
            path::{self as path_trial, PathMismatch},
            query::{self as query_trial, QueryMismatch},
        },
        needs::{Needs, Parameters, Read},
    },
    types::error::Problems,
    util::{likeness::closest, log, type_names::short},
};

/// Where the endpoints of an app are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mount {
    /// At their own paths.
    Root,
    /// Perhaps in another router, whose path has further parameters.
    Anywhere,
}

/// Reports each argument that is refused with every request to `path`.
pub(super) fn check(path: &str, entry: &Entry, needs: &Needs, mount: Mount, problems: &mut Problems) {
    let names = path::parameters(path);
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    for argument in &needs.parameters {
        match argument.read {
            Read::Path(read) => {
                let is_none = argument.is_optional && names.is_empty();
                let mismatch = || path_trial::mismatch(read, argument.is_one_value, &names);
                if let Some(mismatch) = (!is_none).then(mismatch).flatten() {
                    report_path(path, &names, entry, argument, &mismatch, mount, problems);
                }
            }
            Read::Query(read) => {
                if let Some(mismatch) = query_trial::mismatch(read) {
                    entry.report(problems, query_message(argument, &mismatch));
                }
            }
        }
    }
}

fn report_path(
    path: &str,
    names: &[&str],
    entry: &Entry,
    argument: &Parameters,
    mismatch: &PathMismatch,
    mount: Mount,
    problems: &mut Problems,
) {
    let message = path_message(path, names, argument, mismatch);
    if mount == Mount::Anywhere && can_be_mended_outside(names, mismatch) {
        log::warn!(
            handler = entry.name, place = %entry.place(),
            "the handler works only where the app's router is nested in a path with the parameters that it lacks: {message}"
        );
        return;
    }
    entry.report(problems, message);
}

/// Returns `true` if further parameters before the path would make it fit.
fn can_be_mended_outside(names: &[&str], mismatch: &PathMismatch) -> bool {
    match mismatch {
        PathMismatch::Count { expected } => *expected > names.len(),
        PathMismatch::Names { missing, refused } => !missing.is_empty() && refused.is_empty(),
        PathMismatch::Unsupported(_) | PathMismatch::Flattened(_) => false,
    }
}

fn path_message(path: &str, names: &[&str], argument: &Parameters, mismatch: &PathMismatch) -> String {
    let name = short(argument.name);
    let has = match names {
        [] => format!("the path `{path}` has no parameters"),
        [one] => format!("the path `{path}` has 1 parameter, {}", list([one])),
        several => format!("the path `{path}` has {} parameters, {}", several.len(), list(several)),
    };
    match mismatch {
        PathMismatch::Count { expected } => {
            let values = if *expected == 1 {
                "1 value"
            } else {
                &format!("{expected} values")
            };
            let help = if names.is_empty() {
                "write them in the path, as in `/chat/{room}`"
            } else {
                "take a tuple of one value for each parameter, or a struct with their names"
            };
            format!("takes `Path<{name}>`, which is {values}, but {has}: {help}")
        }
        PathMismatch::Names { missing, refused } => {
            let mut mistakes = Vec::new();
            if !missing.is_empty() {
                mistakes.push(format!("wants {}", list(missing)));
            }
            if !refused.is_empty() {
                mistakes.push(format!("refuses {}", list(refused)));
            }
            let mistakes = mistakes.join(" and ");
            format!(
                "takes `Path<{name}>`, which {mistakes}, but {has}: {}",
                help_with_names(names, missing, refused)
            )
        }
        PathMismatch::Unsupported(part) => format!(
            "takes `Path<{name}>`, but axum cannot read {part} from a path: take strings, numbers, or enums without values, as a tuple, a struct or a map of them"
        ),
        PathMismatch::Flattened(expected) => format!("takes `Path<{name}>`, {}", flattened(expected)),
    }
}

fn help_with_names(names: &[&str], missing: &[String], refused: &[String]) -> String {
    let meant = missing
        .iter()
        .filter_map(|field| Some(format!("`{}` instead of `{field}`", closest(field, names)?)));
    let meant: Vec<_> = meant.collect();
    match (missing, refused) {
        _ if !meant.is_empty() => format!("did you mean {}?", meant.join(" and ")),
        ([], _) => "add a field for it, or allow unknown fields".to_owned(),
        _ => "its fields have the names of parameters".to_owned(),
    }
}

fn query_message(argument: &Parameters, mismatch: &QueryMismatch) -> String {
    let name = short(argument.name);
    match mismatch {
        QueryMismatch::NotNamed { expected } if expected == "option" => {
            format!(
                "takes `Query<{name}>`, but a query is never absent: take `Option<Query<_>>`, or a struct of optional fields"
            )
        }
        QueryMismatch::NotNamed { expected } => format!(
            "takes `Query<{name}>`, but a query is a list of names and values, and not {expected}: take a struct with a field for each name, or a `HashMap<String, String>`"
        ),
        QueryMismatch::Field {
            name: field, expected, ..
        } => format!(
            "takes `Query<{name}>`, whose field `{field}` is {expected}, but axum reads one value for each name: take a `String`, or read `ws.query_params().get_all(\"{field}\")`"
        ),
        QueryMismatch::Flattened(expected) => format!("takes `Query<{name}>`, {}", flattened(expected)),
    }
}

fn flattened(expected: &str) -> String {
    format!(
        "whose flattened struct has a field that is {expected}: serde reads all values of a flattened struct as strings, so write its fields out, or take strings"
    )
}

fn list(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect();
    names.join(", ")
}
