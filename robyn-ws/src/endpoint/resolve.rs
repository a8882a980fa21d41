//! From entries to endpoints: groups the handlers by path and finds everything that is wrong with them.

use std::{collections::BTreeMap, panic::Location, sync::Arc};

use crate::{
    endpoint::{
        BoundHandler, Endpoint, Handlers, KeptState, path,
        registry::{Entry, Handler, entries, entries_of},
        router::{IncludedRouter, SubRouter},
        selection::Selection,
    },
    handler::{
        dependencies::{Dependencies, Scopes},
        needs::{Check, Dependency, Needs},
    },
    hub::{admission::Admissions, members::EndpointMembers},
    types::{
        error::{BuildError, Place},
        event_kind::EventKind,
        limits::{Bounds, Limits},
    },
    util::log,
};

/// What is true for all endpoints of one place in the tree of sub-routers.
#[derive(Clone)]
struct RouterScope {
    prefix: String,
    scopes: Scopes,
    bounds: Bounds,
    admissions: Admissions,
}

/// The handlers of one path, before they are checked against each other.
struct EndpointDraft {
    path: String,
    entries: Vec<&'static Entry>,
    scope: RouterScope,
}

/// Collects endpoints and problems on the way through the sub-routers.
#[derive(Default)]
struct Resolver {
    drafts: Vec<EndpointDraft>,
    included: Vec<&'static SubRouter>,
    problems: Vec<BuildError>,
}

/// Resolves all handlers of an app. Whatever is wrong is pushed to `problems`.
pub(crate) fn endpoints(
    globals: Arc<Dependencies>,
    (limits, limits_at): (&Limits, &'static Location<'static>),
    routers: Vec<IncludedRouter>,
    only: &Selection,
    problems: &mut Vec<BuildError>,
) -> Vec<Endpoint> {
    let mut resolver = Resolver::default();
    let mut limit_problems = Vec::new();
    let bounds = limits.resolve(&mut limit_problems);
    let at_call = |problem| BuildError::at(Place::of(limits_at), None, problem);
    resolver.problems.extend(limit_problems.into_iter().map(at_call));
    let mut admissions = Admissions::default();
    admissions.add(&bounds);
    let scope = RouterScope {
        prefix: String::new(),
        scopes: Scopes {
            globals,
            scoped: Vec::new(),
        },
        admissions,
        bounds,
    };
    resolver.draft(entries_of(None), &scope);
    for router in routers {
        resolver.include(router, &scope);
    }
    resolver.select(only);
    resolver.check_overlaps();
    let drafts = std::mem::take(&mut resolver.drafts);
    let endpoints = drafts.into_iter().map(|draft| resolver.finish(draft)).collect();
    problems.append(&mut resolver.problems);
    endpoints
}

impl Resolver {
    fn include(&mut self, included: IncludedRouter, outer: &RouterScope) {
        let IncludedRouter {
            router,
            scoped,
            limits,
            included,
            problems,
        } = included;
        self.included.push(router);
        self.problems.extend(problems);
        if let Err(problem) = path::check(router.prefix()) {
            return self.problems.push(BuildError::at(router.place(), None, problem));
        }
        let entries = entries_of(Some(router));
        if entries.is_empty() && included.is_empty() {
            let message = format!(
                "the sub-router `{}` is included, but no handler names it: write `router = …` with this `static`, or do not include it",
                router.prefix()
            );
            self.problems.push(BuildError::at(router.place(), None, message));
        }
        let scope = self.enter(router, Arc::new(scoped), &limits, outer);
        self.draft(entries, &scope);
        for inner in included {
            self.include(inner, &scope);
        }
    }

    /// Makes what is true inside `router` of what is true around it.
    fn enter(
        &mut self,
        router: &'static SubRouter,
        injected: Arc<Dependencies>,
        limits: &Limits,
        outer: &RouterScope,
    ) -> RouterScope {
        let mut limit_problems = Vec::new();
        let bounds = limits.narrow(&outer.bounds, &mut limit_problems);
        let at_router = |message| BuildError::at(router.place(), None, message);
        self.problems.extend(limit_problems.into_iter().map(at_router));
        let mut scopes = outer.scopes.clone();
        scopes.scoped.insert(0, injected);
        let mut admissions = outer.admissions.clone();
        if limits.counts_connections() {
            admissions.add(&bounds);
        }
        RouterScope {
            prefix: format!("{}{}", outer.prefix, router.prefix()),
            scopes,
            bounds,
            admissions,
        }
    }

    /// Groups entries by path.
    fn draft(&mut self, entries: Vec<&'static Entry>, scope: &RouterScope) {
        let mut by_path = BTreeMap::<String, Vec<_>>::new();
        for entry in entries {
            match path::check(entry.path) {
                Ok(()) => by_path.entry(join(&scope.prefix, entry.path)).or_default().push(entry),
                Err(problem) => self
                    .problems
                    .push(BuildError::at(entry.place(), Some(entry.name), problem)),
            }
        }
        let drafts = by_path.into_iter().map(|(path, entries)| EndpointDraft {
            path,
            entries,
            scope: scope.clone(),
        });
        self.drafts.extend(drafts);
    }

    /// Leaves out the endpoints that the app does not take. An app that takes only some is not asked about forgotten
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
        self.problems.extend(only.problems(&known, &left_out));
        self.drafts.retain(|draft| only.takes(&draft.path));
    }

    /// The forgotten ones are no error: a library may offer more sub-routers than a program wants.
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
        let is_included = |router| self.included.iter().any(|included| std::ptr::eq(*included, router));
        entries().into_iter().filter_map(move |entry| {
            let router = entry.router.filter(|router| !is_included(*router))?;
            Some((entry, router))
        })
    }

    /// Finds paths that could match the same request, by the rules of axum's own router, which would panic.
    fn check_overlaps(&mut self) {
        let mut tree = matchit::Router::new();
        let mut firsts = BTreeMap::<&str, &'static Entry>::new();
        let mut overlapping = Vec::new();
        for (index, draft) in self.drafts.iter().enumerate() {
            let entry = draft.entries[0];
            let problem = match tree.insert(draft.path.as_str(), ()) {
                Ok(()) => {
                    firsts.insert(&draft.path, entry);
                    continue;
                }
                Err(matchit::InsertError::Conflict { with }) => match firsts.get(with.as_str()) {
                    Some(first) => format!(
                        "the path `{}` overlaps with `{with}` of `{}` at {}: a request could mean either",
                        draft.path,
                        first.name,
                        first.place()
                    ),
                    None => format!("the path `{}` overlaps with `{with}`", draft.path),
                },
                Err(error) => format!("the path `{}` cannot be routed: {error}", draft.path),
            };
            overlapping.push(index);
            self.problems
                .push(BuildError::at(entry.place(), Some(entry.name), problem));
        }
        for index in overlapping.into_iter().rev() {
            self.drafts.remove(index);
        }
    }

    fn finish(&mut self, draft: EndpointDraft) -> Endpoint {
        let EndpointDraft { path, entries, scope } = draft;
        let handlers = self.assign(&path, &entries);
        let needs: Vec<(&'static Entry, Needs)> = entries.iter().map(|entry| (*entry, entry.needs())).collect();
        self.check_dependencies(&needs, &scope);
        let states = self.states(&path, &needs);
        let bounds = Arc::new(scope.bounds);
        let reads_request = handlers.upgrade.is_some() || needs.iter().any(|(_, needs)| needs.reads_request);
        Endpoint {
            handlers,
            dependencies: scope.scopes,
            states,
            checks: distinct_checks(&needs),
            admissions: Arc::new(scope.admissions),
            members: Arc::new(EndpointMembers::new(&path, bounds.clone())),
            unread_request: (!reads_request).then(Arc::default),
            bounds,
            path: path.into(),
        }
    }

    /// Gives every event its handler, and finds those that have two.
    fn assign(&mut self, path: &str, entries: &[&'static Entry]) -> Handlers {
        let mut handlers = Handlers::default();
        let mut first_of = BTreeMap::<EventKind, &'static Entry>::new();
        for &entry in entries {
            let event = entry.handler.event();
            if let Some(first) = first_of.get(&event) {
                let message = format!(
                    "a second `{event}` handler for `{path}`: the first is `{}` at {}; give one of them another path or event",
                    first.name,
                    first.place()
                );
                self.problems
                    .push(BuildError::at(entry.place(), Some(entry.name), message));
                continue;
            }
            first_of.insert(event, entry);
            match entry.handler {
                Handler::Upgrade(call) => handlers.upgrade = Some((entry, call)),
                Handler::Connect(call) => handlers.connect = Some(BoundHandler { entry, call }),
                Handler::Message(call) => handlers.message = Some(BoundHandler { entry, call }),
                Handler::Close(call) => handlers.close = Some(BoundHandler { entry, call }),
                Handler::Session(call) => handlers.session = Some(BoundHandler { entry, call }),
            }
        }
        if let (Some(message), Some(session)) = (&handlers.message, &handlers.session) {
            let problem = format!(
                "a `message` handler for `{path}` beside the session handler `{}` at {}, which takes all messages: keep one of them",
                session.entry.name,
                session.entry.place()
            );
            self.problems
                .push(BuildError::at(message.entry.place(), Some(message.entry.name), problem));
        }
        handlers
    }

    fn check_dependencies(&mut self, needs: &[(&'static Entry, Needs)], scope: &RouterScope) {
        let scopes = &scope.scopes;
        for (entry, needs) in needs {
            let missing_globals = needs
                .globals
                .iter()
                .filter(|global| !scopes.globals.contains(global.id));
            for Dependency { name, .. } in missing_globals {
                let message =
                    format!("takes `Global<{name}>`, but no `{name}` was injected: call `App::inject_global`");
                self.problems
                    .push(BuildError::at(entry.place(), Some(entry.name), message));
            }
            let has_scoped = |id| scopes.scoped.iter().any(|scope| scope.contains(id));
            for Dependency { name, .. } in needs.scoped.iter().filter(|scoped| !has_scoped(scoped.id)) {
                let help = match entry.router {
                    Some(router) => format!(
                        "call `inject` on the sub-router `{}` where it is included",
                        router.prefix()
                    ),
                    None => "the handler belongs to no sub-router: take `Global`, or write `router = …`".to_owned(),
                };
                let message = format!("takes `Scoped<{name}>`, but no `{name}` was injected: {help}");
                self.problems
                    .push(BuildError::at(entry.place(), Some(entry.name), message));
            }
        }
    }

    /// Gives the types of state that the endpoint keeps, and finds those that nobody creates.
    fn states(&mut self, path: &str, needs: &[(&'static Entry, Needs)]) -> Vec<KeptState> {
        let provided = needs
            .iter()
            .find_map(|&(handler, ref needs)| needs.provides.map(|id| KeptState { id, handler }));
        let mut states: Vec<_> = provided.into_iter().collect();
        for &(entry, ref needs) in needs {
            for state in &needs.states {
                if !state.has_default && provided.is_none_or(|provided| provided.id != state.id) {
                    let name = state.name;
                    let message = format!(
                        "takes `{name}`, which only an `upgrade` handler can make, but no `upgrade` handler of `{path}` returns it"
                    );
                    self.problems
                        .push(BuildError::at(entry.place(), Some(entry.name), message));
                }
                if !states.iter().any(|known| known.id == state.id) {
                    states.push(KeptState {
                        id: state.id,
                        handler: entry,
                    });
                }
            }
        }
        states
    }
}

/// Several handlers may take the same `Query<T>`: it is checked once.
fn distinct_checks(needs: &[(&'static Entry, Needs)]) -> Vec<(&'static Entry, Check)> {
    let mut checks = Vec::<(&'static Entry, Check)>::new();
    for &(entry, ref needs) in needs {
        for &check in &needs.checks {
            if !checks.iter().any(|&(_, known)| std::ptr::fn_addr_eq(known, check)) {
                checks.push((entry, check));
            }
        }
    }
    checks
}

/// Puts a path behind a prefix. `/` means the prefix itself.
fn join(prefix: &str, path: &str) -> String {
    if path == "/" && !prefix.is_empty() {
        prefix.to_owned()
    } else {
        format!("{prefix}{path}")
    }
}
