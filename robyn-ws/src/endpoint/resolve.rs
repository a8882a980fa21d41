//! From entries to endpoints: walks through the sub-routers and groups the handlers by path.

use std::{collections::BTreeMap, mem, ptr, sync::Arc};

#[cfg(feature = "deflate")]
use crate::types::compression::{Compression, CompressionRules};
use crate::{
    endpoint::{
        Endpoint,
        checks::EndpointDraft,
        parameters::Mount,
        path,
        path_tree::{PathProblem, PathTree, overlaps, reason},
        registry::{Entry, entries, entries_of},
        router::{IncludedRouter, SubRouter},
        scope::RouterScope,
        selection::Selection,
    },
    handler::dependencies::Scopes,
    hub::identities::Identities,
    types::{
        error::{Place, Problems},
        limits::{Bounds, Limits},
    },
    util::log,
};

/// The parts of an app that its handlers depend on.
pub(crate) struct Wiring<'a> {
    pub(crate) scopes: Scopes,
    pub(crate) bounds: Bounds,
    /// The included sub-routers, each with the place of the call.
    pub(crate) routers: Vec<(IncludedRouter, Place)>,
    pub(crate) only: &'a Selection,
    pub(crate) mount: Mount,
    pub(crate) identities: Arc<Identities>,
    /// The compression of the app, with the place of the call.
    #[cfg(feature = "deflate")]
    pub(crate) compression: Option<&'a (Compression, Place)>,
}

/// Resolves all handlers of an app, and reports everything that is wrong with them.
pub(crate) fn endpoints(wiring: Wiring<'_>, problems: &mut Problems) -> Vec<Endpoint> {
    let Wiring {
        scopes,
        bounds,
        routers,
        only,
        mount,
        identities,
        #[cfg(feature = "deflate")]
        compression,
    } = wiring;
    let scope = RouterScope::of_app(scopes, bounds, identities);
    #[cfg(feature = "deflate")]
    let scope = scope.with_compression(CompressionRules::of_app(compression, problems));
    let mut resolver = Resolver {
        drafts: Vec::new(),
        included: Vec::new(),
        around: Vec::new(),
        problems,
    };
    resolver.draft(entries_of(None), &scope);
    for (router, place) in routers {
        resolver.include(router, place, &scope);
    }
    resolver.select(only);
    resolver.check_paths();
    let Resolver { drafts, problems, .. } = resolver;
    drafts.into_iter().map(|draft| draft.finish(mount, problems)).collect()
}

/// Collects the endpoints on the way through the sub-routers.
struct Resolver<'a> {
    drafts: Vec<EndpointDraft>,
    included: Vec<Inclusion>,
    /// The sub-routers around the next one.
    around: Vec<&'static SubRouter>,
    problems: &'a mut Problems,
}

/// A sub-router that is included at `place`.
struct Inclusion {
    router: &'static SubRouter,
    /// Its prefix, with those around it.
    prefix: String,
    place: Place,
}

impl Resolver<'_> {
    fn include(&mut self, mut router: IncludedRouter, place: Place, outer: &RouterScope) {
        let inner = mem::take(&mut router.included);
        let this = router.router;
        if self.around.iter().any(|around| ptr::eq(*around, this)) {
            let message = format!("the sub-router `{}` is included in itself: remove it", this.prefix());
            self.problems.report(place, None, message);
            return;
        }
        if let Some(scope) = self.enter(router, place, &inner, outer) {
            self.around.push(this);
            for (router, place) in inner {
                self.include(router, place, &scope);
            }
            self.around.pop();
        }
    }

    /// Takes the handlers of a sub-router, which has others in it. Returns its scope, unless its prefix is invalid.
    fn enter(
        &mut self,
        included: IncludedRouter,
        place: Place,
        inner: &[(IncludedRouter, Place)],
        outer: &RouterScope,
    ) -> Option<RouterScope> {
        let IncludedRouter {
            router,
            scoped,
            limits,
            problems,
            #[cfg(feature = "deflate")]
            compression,
            ..
        } = included;
        self.problems.append(problems);
        let prefix = format!("{}{}", outer.prefix, router.prefix());
        let first = self
            .included
            .iter()
            .find(|known| ptr::eq(known.router, router) && known.prefix == prefix);
        let first = first.map(|known| known.place);
        self.included.push(Inclusion { router, prefix, place });
        let entries = entries_of(Some(router));
        let is_last = inner.is_empty();
        let has_paths = !is_last || entries.iter().any(|entry| entry.path != "/");
        let mut mistakes: Vec<_> = path::mistakes(router.prefix()).collect();
        if mistakes.is_empty() && has_paths {
            mistakes.extend(path::check_that_paths_can_follow(router.prefix()).err());
        }
        if !mistakes.is_empty() {
            for mistake in mistakes {
                self.problems.report(router.place(), None, mistake);
            }
            return None;
        }
        if entries.is_empty() && is_last {
            let message = format!(
                "the sub-router `{}` is included, but no handler names it: write `router = …` with this `static`, or do not include it",
                router.prefix()
            );
            self.problems.report(router.place(), None, message);
        }
        let (limits, limits_at) = limits.get().cloned().unwrap_or((Limits::default(), router.place()));
        let scope = outer.of_router(router, scoped, (&limits, limits_at), self.problems);
        let is_bounded_inside = inner.iter().any(|(router, _)| router.limits_identities());
        limits.check_identity_overflow(&scope.bounds, is_bounded_inside, limits_at, self.problems);
        #[cfg(feature = "deflate")]
        let scope = {
            let around = outer.compression.as_ref();
            scope.with_compression(CompressionRules::of_router(around, compression.get(), self.problems))
        };
        match first {
            // A sub-router without handlers only groups others, and can do so twice.
            Some(first) if !entries.is_empty() => {
                let prefix = &scope.prefix;
                let message = format!(
                    "the sub-router `{prefix}` is included twice, the first time at {first}: remove one of them"
                );
                self.problems.report(place, None, message);
            }
            _ => self.draft(entries, &scope),
        }
        Some(scope)
    }

    /// Groups entries by path.
    fn draft(&mut self, entries: Vec<&'static Entry>, scope: &RouterScope) {
        let mut by_path = BTreeMap::<String, Vec<_>>::new();
        for entry in entries {
            let path = join(&scope.prefix, entry.path);
            let mut mistakes: Vec<_> = path::mistakes(entry.path).collect();
            if mistakes.is_empty() {
                mistakes.extend(path::check_parameters(&path).err());
            }
            if mistakes.is_empty() {
                by_path.entry(path).or_default().push(entry);
            }
            for mistake in mistakes {
                entry.report(self.problems, mistake);
            }
        }
        let drafts = by_path.into_iter().map(|(path, entries)| EndpointDraft {
            path,
            entries,
            scope: scope.clone(),
        });
        self.drafts.extend(drafts);
    }

    /// Removes the endpoints that the app does not take. An app that takes only some is not asked about forgotten
    /// sub-routers.
    fn select(&mut self, only: &Selection) {
        if only.is_all() {
            self.warn_of_forgotten_routers();
            return;
        }
        let mut known: Vec<_> = self.drafts.iter().map(|draft| draft.path.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        let left_out: Vec<_> = self
            .forgotten()
            .map(|(entry, router)| (join(router.prefix(), entry.path), entry))
            .collect();
        only.report(&known, &left_out, self.problems);
        self.drafts.retain(|draft| only.takes(&draft.path));
    }

    /// A forgotten sub-router is not an error: a library may offer more sub-routers than a program wants.
    fn warn_of_forgotten_routers(&self) {
        for (entry, router) in self.forgotten() {
            log::warn!(
                prefix = router.prefix(), router = %router.place(), handler = entry.name, place = %entry.place(),
                "a handler's sub-router is not included in this app, so the handler is not served"
            );
        }
    }

    /// Returns the handlers whose sub-routers are not included.
    fn forgotten(&self) -> impl Iterator<Item = (&'static Entry, &'static SubRouter)> {
        let is_included = |router| self.included.iter().any(|included| ptr::eq(included.router, router));
        entries().into_iter().filter_map(move |entry| {
            let router = entry.router.filter(|router| !is_included(*router))?;
            Some((entry, router))
        })
    }

    /// Reports each endpoint whose path overlaps with an earlier one, and those that cannot be routed, which are removed.
    fn check_paths(&mut self) {
        let mut paths = PathTree::new();
        let mut overlapping = Vec::<(String, &'static Entry)>::new();
        self.drafts.retain(|EndpointDraft { path, entries, .. }| {
            let entry = entries[0];
            let message = match paths.add(path, entry) {
                Ok(()) => return true,
                Err(PathProblem::Overlap { with, owner }) => overlap(path, &with, owner),
                Err(PathProblem::Invalid(error)) => {
                    entry.report(self.problems, format!("the path `{path}` cannot be routed: {error}"));
                    return false;
                }
            };
            entry.report(self.problems, message);
            // Those that overlap with an earlier path may overlap with each other, too.
            for (other, owner) in overlapping.iter().filter(|(other, _)| overlaps(path, other)) {
                entry.report(self.problems, overlap(path, other, Some(owner)));
            }
            overlapping.push((path.clone(), entry));
            true // Its handlers may have other problems.
        });
    }
}

fn overlap(path: &str, with: &str, owner: Option<&&Entry>) -> String {
    let owner = owner.map_or_else(String::new, |owner| {
        format!(" of `{}` at {}", owner.name, owner.place())
    });
    format!(
        "the path `{path}` overlaps with `{with}`{owner}: {}",
        reason(path, with)
    )
}

/// Puts a path behind a prefix. `/` means the prefix itself.
pub(super) fn join(prefix: &str, path: &str) -> String {
    if path == "/" && !prefix.is_empty() {
        prefix.to_owned()
    } else {
        format!("{prefix}{path}")
    }
}
