//! The needs of handlers, collected when the app is built.

use std::any::TypeId;

use axum::{http::request::Parts, response::Response};

use crate::handler::state::ConnectionState;

/// Collects the needs of one handler's arguments. [`FromEvent::declare`](crate::FromEvent::declare) fills it.
#[derive(Debug, Default)]
pub struct Needs {
    pub(crate) globals: Vec<Dependency>,
    pub(crate) scoped: Vec<Dependency>,
    pub(crate) states: Vec<StateNeed>,
    /// The state that an upgrade handler returns.
    pub(crate) provides: Option<TypeId>,
    /// Checks of the request that are made before the 101.
    pub(crate) checks: Vec<Check>,
    /// `true` if an argument may read the upgrade request once the connection exists.
    pub(crate) reads_request: bool,
}

/// A dependency that a handler takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dependency {
    pub(crate) id: TypeId,
    pub(crate) name: &'static str,
}

/// A connection state that a handler takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StateNeed {
    pub(crate) id: TypeId,
    pub(crate) name: &'static str,
    pub(crate) has_default: bool,
}

/// Refuses a request that lacks something for an argument.
pub(crate) type Check = fn(&mut Parts) -> Result<(), Response>;

impl Needs {
    pub(crate) fn global(&mut self, id: TypeId, name: &'static str) {
        self.globals.push(Dependency { id, name });
    }

    pub(crate) fn scoped(&mut self, id: TypeId, name: &'static str) {
        self.scoped.push(Dependency { id, name });
    }

    pub(crate) fn state(&mut self, id: TypeId, name: &'static str, has_default: bool) {
        self.states.push(StateNeed { id, name, has_default });
    }

    pub(crate) fn provides<S: ConnectionState>(&mut self) {
        self.provides = Some(TypeId::of::<S>());
    }

    pub(crate) fn check(&mut self, check: Check) {
        self.checks.push(check);
    }

    /// Collects needs that the app may leave unmet. Only states are kept, since they take a slot.
    pub(crate) fn optionally(&mut self, declare: impl FnOnce(&mut Self)) {
        let mut optional = Self::default();
        declare(&mut optional);
        self.states.extend(optional.states.into_iter().map(|state| StateNeed {
            has_default: true,
            ..state
        }));
    }
}
