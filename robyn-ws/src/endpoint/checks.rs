//! The handlers of one path, checked against each other and against the app.

use std::{
    collections::{BTreeMap, btree_map},
    sync::Arc,
};

use crate::{
    connector::web_socket::WebSocket,
    endpoint::{
        BoundHandler, Endpoint, Handlers, KeptState,
        parameters::{self, Mount},
        registry::{Entry, Handler},
        scope::RouterScope,
        warnings::Warnings,
    },
    handler::{
        dependencies::{Instead, Scopes},
        event,
        extract::dependency::{no_global, no_scoped},
        needs::{Check, Needs, StateNeed},
    },
    hub::members::EndpointMembers,
    types::{error::Problems, event_kind::EventKind},
    util::type_names::short,
};

/// The handlers of one path, before they are checked.
pub(super) struct EndpointDraft {
    pub(super) path: String,
    /// At least one.
    pub(super) entries: Vec<&'static Entry>,
    pub(super) scope: RouterScope,
}

impl EndpointDraft {
    /// Creates the endpoint, and reports everything that is wrong with its handlers.
    pub(super) fn finish(self, mount: Mount, problems: &mut Problems) -> Endpoint {
        let Self { path, entries, scope } = self;
        let handlers = assign(&path, &entries, problems);
        let needs: Vec<(&'static Entry, Needs)> = entries.iter().map(|entry| (*entry, entry.needs())).collect();
        for (entry, needs) in &needs {
            check_globals(entry, needs, &scope.scopes, problems);
            check_scoped(entry, needs, &scope.scopes, problems);
            check_app_state(entry, needs, &scope.scopes, problems);
            check_loans(entry, needs, problems);
            parameters::check(&path, entry, needs, mount, problems);
        }
        let states = states(&path, &needs, problems);
        let encoder = scope.encoder();
        let bounds = Arc::new(scope.bounds);
        let reads_request = handlers.upgrade.is_some() || needs.iter().any(|(_, needs)| needs.reads_request);
        let takes_answers = handlers.message.is_none() && handlers.session.is_none();
        let members = EndpointMembers::new(&path, bounds.clone())
            .with_encoder(encoder)
            .with_identities(scope.identities)
            .taking_answers(takes_answers);
        Endpoint {
            first: entries[0],
            handlers,
            dependencies: scope.scopes,
            states,
            checks: distinct_checks(&needs),
            admissions: Arc::new(scope.admissions),
            members: Arc::new(members),
            unread_request: (!reads_request).then(Arc::default),
            warnings: Warnings::default(),
            bounds,
            path: path.into(),
        }
    }
}

/// Assigns each handler to its event, and reports events with two handlers.
fn assign(path: &str, entries: &[&'static Entry], problems: &mut Problems) -> Handlers {
    let mut handlers = Handlers::default();
    let mut first_of = BTreeMap::<EventKind, &'static Entry>::new();
    let mut calls = BTreeMap::<&'static str, BoundHandler<event::Call>>::new();
    for &entry in entries {
        let event = entry.handler.event();
        if let Handler::Call(call) = entry.handler {
            add_call(path, BoundHandler { entry, call }, &mut calls, problems);
            continue;
        }
        if let Some(first) = first_of.get(&event) {
            let message = format!(
                "a second `{event}` handler for `{path}`: the first is `{}` at {}; give one of them another path or event",
                first.name,
                first.place()
            );
            entry.report(problems, message);
            continue;
        }
        first_of.insert(event, entry);
        match entry.handler {
            Handler::Upgrade(call) => handlers.upgrade = Some((entry, call)),
            Handler::Connect(call) => handlers.connect = Some(BoundHandler { entry, call }),
            Handler::Message(call) => handlers.message = Some(BoundHandler { entry, call }),
            Handler::Call(_) => {} // An endpoint has many of them.
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
        message.entry.report(problems, problem);
    }
    if let Some(first) = calls.values().next() {
        let message = handlers.message.map(|handler| ("the message handler", handler.entry));
        let session = handlers.session.map(|handler| ("the session handler", handler.entry));
        for (kind, other) in message.into_iter().chain(session) {
            let problem = format!(
                "a `call` handler for `{path}` beside {kind} `{}` at {}, which takes all messages: keep one kind of them",
                other.name,
                other.place()
            );
            first.entry.report(problems, problem);
        }
    }
    // They are sorted by their names.
    handlers.calls = calls.into_values().collect();
    handlers
}

/// Adds the handler of a method, and reports a second one.
fn add_call(
    path: &str,
    handler: BoundHandler<event::Call>,
    calls: &mut BTreeMap<&'static str, BoundHandler<event::Call>>,
    problems: &mut Problems,
) {
    let method = handler.entry.method;
    match calls.entry(method) {
        btree_map::Entry::Vacant(place) => {
            place.insert(handler);
        }
        btree_map::Entry::Occupied(first) => {
            let first = first.get().entry;
            let message = format!(
                "a second handler for the method `{method}` of `{path}`: the first is `{}` at {}; give one of them another path or method",
                first.name,
                first.place()
            );
            handler.entry.report(problems, message);
        }
    }
}

fn check_globals(entry: &Entry, needs: &Needs, scopes: &Scopes, problems: &mut Problems) {
    for &wanted in needs.globals.iter().filter(|wanted| !scopes.globals.contains(**wanted)) {
        let has_scoped = scopes.scoped.iter().any(|scope| scope.contains(wanted));
        let help = if has_scoped {
            ", or take `Scoped`: the sub-router has one"
        } else {
            ""
        };
        let message = format!(
            "takes `Global<{}>`, but {}{help}",
            wanted.name,
            no_global(wanted, scopes)
        );
        entry.report(problems, message);
    }
}

fn check_scoped(entry: &Entry, needs: &Needs, scopes: &Scopes, problems: &mut Problems) {
    let is_injected = |wanted| scopes.scoped.iter().any(|scope| scope.contains(wanted));
    for &wanted in needs.scoped.iter().filter(|wanted| !is_injected(**wanted)) {
        let has_other_form = scopes.scoped.iter().any(|scope| scope.instead_of(wanted).is_some());
        let help = match entry.router {
            _ if has_other_form => String::new(),
            Some(router) if scopes.globals.contains(wanted) => {
                format!(
                    " where `{}` is included, or take `Global`: the app has one",
                    router.prefix()
                )
            }
            Some(router) => format!(" where `{}` is included", router.prefix()),
            None => "; the handler does not belong to a sub-router: take `Global`, or write `router = …`".to_owned(),
        };
        let message = format!(
            "takes `Scoped<{}>`, but {}{help}",
            wanted.name,
            no_scoped(wanted, scopes)
        );
        entry.report(problems, message);
    }
}

/// Reports an upgrade handler whose state the app was not given.
fn check_app_state(entry: &Entry, needs: &Needs, scopes: &Scopes, problems: &mut Problems) {
    let Some(wanted) = needs.app_state.filter(|wanted| !scopes.states.contains(*wanted)) else {
        return;
    };
    let name = wanted.name;
    let help = match scopes.states.instead_of(wanted) {
        Some(Instead::InArc) => format!("an `Arc<{name}>`: write `state = Arc<{name}>`, or give the `{name}` itself"),
        Some(Instead::WithoutArc(bare)) => format!("a `{bare}`: write `state = {bare}`, or give the `Arc`"),
        Some(Instead::Other(other)) => format!("an `{other}`: give it as `{name}`, with `value as {name}`"),
        None => "none: call `App::state`".to_owned(),
    };
    entry.report(problems, format!("has `state = {name}`, but the app was given {help}"));
}

/// Reports a value that two arguments take though only one can: the attribute does not see through all aliases.
fn check_loans(entry: &Entry, needs: &Needs, problems: &mut Problems) {
    for loan in &needs.refused_loans {
        let name = short(loan.name);
        let message = if loan.is::<WebSocket>() {
            "takes the `WebSocket` twice, and there is one: take it once, and send from elsewhere with `socket.connector()`"
                .to_owned()
        } else {
            format!("takes `{name}` twice, once as `&mut`: take it once, as `&mut {name}`")
        };
        entry.report(problems, message);
    }
}

/// Returns the types of state that the endpoint keeps, and reports those that no handler creates.
fn states(path: &str, needs: &[(&'static Entry, Needs)], problems: &mut Problems) -> Vec<KeptState> {
    let provided = needs
        .iter()
        .find_map(|&(handler, ref needs)| needs.provides.map(|id| KeptState { id, handler }));
    let mut states: Vec<_> = provided.into_iter().collect();
    for &(handler, ref needs) in needs {
        for &StateNeed { id, name, has_default } in &needs.states {
            if !has_default && provided.is_none_or(|provided| provided.id != id) {
                let message = format!(
                    "takes `{name}`, which only an `upgrade` handler can make, but no `upgrade` handler of `{path}` returns it"
                );
                handler.report(problems, message);
            }
            if !states.iter().any(|known| known.id == id) {
                states.push(KeptState { id, handler });
            }
        }
    }
    states
}

/// Returns each check once, although several handlers may take the same `Query<T>`.
fn distinct_checks(needs: &[(&'static Entry, Needs)]) -> Vec<(&'static Entry, Check)> {
    let mut checks = Vec::<(&'static Entry, Check)>::new();
    for &(entry, ref needs) in needs {
        for &check in &needs.checks {
            if !checks.iter().any(|&(_, known)| known.is(check)) {
                checks.push((entry, check));
            }
        }
    }
    checks
}
