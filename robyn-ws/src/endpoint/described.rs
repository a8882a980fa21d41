//! The handlers of an app by endpoint, for its contract: what is wrong with them is told by `build()`.

use std::collections::BTreeMap;

use crate::{
    endpoint::{
        path::{mistakes, parameters},
        registry::{Entry, entries_of},
        resolve::join,
        router::IncludedRouter,
        selection::Selection,
    },
    types::{
        error::{Place, Problems},
        limits::Bounds,
    },
};

/// An endpoint as its contract needs it.
#[derive(Debug)]
pub(crate) struct DescribedEndpoint {
    pub(crate) path: String,
    /// The names of the parameters, in the order of the path.
    pub(crate) parameters: Vec<String>,
    /// In the order of the source.
    pub(crate) entries: Vec<&'static Entry>,
    pub(crate) bounds: Bounds,
}

/// Returns the endpoints of an app, sorted by path.
pub(crate) fn endpoints(
    routers: &[(IncludedRouter, Place)],
    only: &Selection,
    bounds: &Bounds,
) -> Vec<DescribedEndpoint> {
    let mut found = BTreeMap::new();
    collect(&mut found, "", entries_of(None), bounds);
    for (router, _) in routers {
        include(&mut found, "", router, bounds);
    }
    found.retain(|path, _| only.takes(path));
    found.into_values().collect()
}

fn include(found: &mut BTreeMap<String, DescribedEndpoint>, prefix: &str, included: &IncludedRouter, outer: &Bounds) {
    let prefix = format!("{prefix}{}", included.router.prefix());
    let limits = included.limits.get();
    let bounds = limits.map(|(limits, place)| limits.narrow(outer, *place, &mut Problems::default()));
    let bounds = bounds.as_ref().unwrap_or(outer);
    collect(found, &prefix, entries_of(Some(included.router)), bounds);
    for (router, _) in &included.included {
        include(found, &prefix, router, bounds);
    }
}

fn collect(
    found: &mut BTreeMap<String, DescribedEndpoint>,
    prefix: &str,
    entries: Vec<&'static Entry>,
    bounds: &Bounds,
) {
    for entry in entries {
        let path = join(prefix, entry.path);
        if mistakes(&path).next().is_some() {
            continue;
        }
        let endpoint = found.entry(path.clone()).or_insert_with(|| DescribedEndpoint {
            parameters: parameters(&path),
            path,
            entries: Vec::new(),
            bounds: bounds.clone(),
        });
        endpoint.entries.push(entry);
    }
}
