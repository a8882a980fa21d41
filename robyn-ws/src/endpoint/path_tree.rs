//! Paths by the rules of axum's own router, which panics where two of them overlap.

use std::collections::HashMap;

use matchit::InsertError;

/// The paths that an app has so far, each with its owner.
#[derive(Debug)]
pub(crate) struct PathTree<O> {
    tree: matchit::Router<()>,
    owners: HashMap<String, O>,
}

/// Why a path cannot be added to others.
pub(crate) enum PathProblem<'a, O> {
    /// One request could match both paths.
    Overlap {
        with: String,
        owner: Option<&'a O>,
    },
    Invalid(InsertError),
}

/// Returns `true` if two valid paths overlap.
pub(super) fn overlaps(one: &str, other: &str) -> bool {
    let mut paths = PathTree::new();
    [one, other].iter().any(|path| paths.add(path, ()).is_err())
}

/// Returns why two overlapping paths overlap, and the remedy if there is one.
pub(crate) fn reason(one: &str, other: &str) -> &'static str {
    if one == other {
        return "one path cannot belong to both: change one of them";
    }
    let nameless = |segment: &str| match segment.split_once('{') {
        Some((before, name)) => format!("{before}{{{}", if name.starts_with('*') { "*" } else { "" }),
        None => segment.to_owned(),
    };
    let is_same = |(one, other)| nameless(one) == nameless(other);
    let is_same_length = one.split('/').count() == other.split('/').count();
    if is_same_length && one.split('/').zip(other.split('/')).all(is_same) {
        return "they differ only in the names of parameters, so every request for one is a request for the other: write the same names in both, or change one of the paths";
    }
    "one request could match both"
}

/// Returns the first parameter of an endpoint's path, with its value, if `path` is a value of the endpoint. A parameter for the
/// rest of a path does not count: it takes what others leave.
pub(crate) fn first_parameter(of_endpoint: &str, path: &str) -> Option<(String, String)> {
    if of_endpoint.contains("{*") {
        return None;
    }
    let mut tree = matchit::Router::new();
    tree.insert(of_endpoint, ()).ok()?;
    let found = tree.at(path).ok()?;
    let (name, value) = found.params.iter().next()?;
    Some((name.to_owned(), value.to_owned()))
}

impl<O> PathTree<O> {
    pub(crate) fn new() -> Self {
        Self {
            tree: matchit::Router::new(),
            owners: HashMap::new(),
        }
    }

    pub(crate) fn add(&mut self, path: &str, owner: O) -> Result<(), PathProblem<'_, O>> {
        match self.tree.insert(path, ()) {
            Ok(()) => {
                self.owners.insert(path.to_owned(), owner);
                Ok(())
            }
            Err(InsertError::Conflict { with }) => {
                let owner = self.owners.get(&with);
                Err(PathProblem::Overlap { with, owner })
            }
            Err(error) => Err(PathProblem::Invalid(error)),
        }
    }

    pub(crate) fn owner(&mut self, path: &str) -> Option<&mut O> {
        self.owners.get_mut(path)
    }
}
