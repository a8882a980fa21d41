//! The endpoints of the program that an app takes.

use std::panic::Location;

use crate::{
    endpoint::registry::Entry,
    types::error::{Place, Problems},
    util::likeness::{is_close, likeness},
};

/// The number of paths in a message: a program may have hundreds of endpoints.
const SHOWN: usize = 8;

/// The paths given to [`App::only`](crate::App::only). `None` takes all endpoints.
#[derive(Debug, Default)]
pub(crate) struct Selection(Option<Vec<(String, &'static Location<'static>)>>);

impl Selection {
    pub(crate) fn add(&mut self, paths: impl IntoIterator<Item = String>, call: &'static Location<'static>) {
        let chosen = self.0.get_or_insert_default();
        chosen.extend(paths.into_iter().map(|path| (path, call)));
    }

    pub(crate) const fn is_all(&self) -> bool {
        self.0.is_none()
    }

    pub(crate) fn takes(&self, path: &str) -> bool {
        let takes = |chosen: &Vec<(String, _)>| chosen.iter().any(|(chosen, _)| chosen == path);
        self.0.as_ref().is_none_or(takes)
    }

    /// Reports each path that is not among `known`, the paths of the app. `left_out` are the handlers of sub-routers that
    /// the app does not include, each with its path.
    pub(crate) fn report(&self, known: &[&str], left_out: &[(String, &Entry)], problems: &mut Problems) {
        let chosen = self.0.iter().flatten();
        for (path, call) in chosen.filter(|(path, _)| !known.contains(&path.as_str())) {
            let help = help(path, known, left_out);
            let message = format!("`App::only` takes `{path}`, but this app has no handler for it: {help}");
            problems.report(Place::of(call), None, message);
        }
    }
}

fn help(path: &str, known: &[&str], left_out: &[(String, &Entry)]) -> String {
    let mut likely: Vec<_> = known
        .iter()
        .map(|known| (likeness_of_paths(path, known), *known))
        .collect();
    likely.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    let some: Vec<_> = likely
        .iter()
        .take(SHOWN)
        .map(|(_, known)| format!("`{known}`"))
        .collect();
    let those = match known.len() {
        0 => "it has no handlers at all".to_owned(),
        count if count <= SHOWN => format!("it has {}", some.join(", ")),
        count => format!("it has {}, and {} more", some.join(", "), count - SHOWN),
    };
    if let Some((likeness, closest)) = likely.first()
        && is_close(*likeness)
    {
        return format!("did you mean `{closest}`? {those}");
    }
    // The sub-router may be meant to be inside of others, whose prefixes begin with `/`.
    let is_meant = |ending: &str| {
        path.strip_suffix(ending)
            .is_some_and(|prefix| prefix.is_empty() || prefix.starts_with('/'))
    };
    let meant = left_out.iter().filter(|(ending, _)| is_meant(ending));
    if let Some((_, entry)) = meant.max_by_key(|(ending, _)| ending.len()) {
        return format!(
            "the sub-router of `{}` at {} is not included: call `App::include_router`",
            entry.name,
            entry.place(),
        );
    }
    those
}

/// Returns how likely `path` means `known`: it may lack a prefix, or differ in a few letters.
fn likeness_of_paths(path: &str, known: &str) -> f64 {
    if path.len() > 1 && known.ends_with(path) {
        return 1.0;
    }
    likeness(path, known)
}
