//! The needs of handlers, collected when the app is built.

use std::{
    any::{TypeId, type_name},
    ptr::fn_addr_eq,
};

use axum::{
    extract::rejection::QueryRejection,
    http::{Uri, request::Parts},
    response::{IntoResponse, Response},
};

use crate::handler::{
    bad_path::{BadPath, refused_path},
    dependencies::Dependency,
    state::ConnectionState,
};

/// Collects the needs of one handler's arguments. [`FromEvent::declare`](crate::FromEvent::declare) fills it.
#[derive(Debug, Default)]
pub struct Needs {
    pub(crate) globals: Vec<Dependency>,
    pub(crate) scoped: Vec<Dependency>,
    pub(crate) states: Vec<StateNeed>,
    /// What the arguments take from the connection, in their order.
    loans: Vec<Loan>,
    /// The second of two loans that cannot be had together.
    pub(crate) refused_loans: Vec<Loan>,
    /// The app's state that an upgrade handler's extractors take.
    pub(crate) app_state: Option<Dependency>,
    /// The state that an upgrade handler returns.
    pub(crate) provides: Option<TypeId>,
    /// The arguments that are read from the path or the query.
    pub(crate) parameters: Vec<Parameters>,
    /// Checks of the request that are made before the 101.
    pub(crate) checks: Vec<Check>,
    /// `true` if an argument may read the upgrade request once the connection exists.
    pub(crate) reads_request: bool,
}

/// A connection state that a handler takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StateNeed {
    pub(crate) id: TypeId,
    pub(crate) name: &'static str,
    pub(crate) has_default: bool,
}

/// A value of the connection that an argument takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loan {
    id: TypeId,
    pub(crate) name: &'static str,
    is_exclusive: bool,
}

impl Loan {
    pub(crate) fn is<T: 'static>(&self) -> bool {
        self.id == TypeId::of::<T>()
    }
}

/// An argument that is read from the path or the query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameters {
    /// The name of the type in `Path` or `Query`.
    pub(crate) name: &'static str,
    pub(crate) read: Read,
    /// Returns `true` if the type in `Path` is read from a single value.
    pub(crate) is_one_value: fn() -> bool,
    /// Whether the argument is an `Option`, which is `None` where the path has no parameters.
    pub(crate) is_optional: bool,
}

/// Reads a `Path<T>` or a `Query<T>`, and drops it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Read {
    Path(PathRead),
    Query(QueryRead),
}

pub(crate) type PathRead = fn(&mut Parts) -> Result<(), BadPath>;
pub(crate) type QueryRead = fn(&Uri) -> Result<(), QueryRejection>;

/// Refuses a request that lacks something for an argument.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Check {
    Parameters(Read),
    Other(fn(&mut Parts) -> Result<(), Response>),
}

impl Check {
    pub(crate) fn run(self, parts: &mut Parts) -> Result<(), Response> {
        match self {
            Self::Parameters(Read::Path(read)) => read(parts).map_err(|bad| refused_path(&bad, parts)),
            Self::Parameters(Read::Query(read)) => read(&parts.uri).map_err(IntoResponse::into_response),
            Self::Other(check) => check(parts),
        }
    }

    /// Returns `true` if both are one function.
    pub(crate) fn is(self, other: Self) -> bool {
        match (self, other) {
            (Self::Parameters(Read::Path(one)), Self::Parameters(Read::Path(other))) => fn_addr_eq(one, other),
            (Self::Parameters(Read::Query(one)), Self::Parameters(Read::Query(other))) => fn_addr_eq(one, other),
            (Self::Other(one), Self::Other(other)) => fn_addr_eq(one, other),
            _ => false,
        }
    }
}

impl Needs {
    pub(crate) fn global(&mut self, wanted: Dependency) {
        self.globals.push(wanted);
    }

    pub(crate) fn scoped(&mut self, wanted: Dependency) {
        self.scoped.push(wanted);
    }

    pub(crate) fn app_state<S: 'static>(&mut self) {
        self.app_state = Some(Dependency::of::<S>());
    }

    pub(crate) fn state(&mut self, id: TypeId, name: &'static str, has_default: bool) {
        self.states.push(StateNeed { id, name, has_default });
    }

    /// Notes that an argument takes the connection's `T` for as long as the handler runs.
    pub(crate) fn takes<T: 'static>(&mut self, is_exclusive: bool) {
        self.loans.push(Loan {
            id: TypeId::of::<T>(),
            name: type_name::<T>(),
            is_exclusive,
        });
    }

    /// Collects the needs of the next argument of a handler. An extractor by itself may take one value in two ways.
    pub(crate) fn argument(&mut self, declare: impl FnOnce(&mut Self)) {
        let known = self.loans.len();
        declare(self);
        let (earlier, new) = self.loans.split_at(known);
        let is_refused = |new: &&Loan| {
            let mut same = earlier.iter().filter(|first| first.id == new.id);
            same.any(|first| first.is_exclusive || new.is_exclusive)
        };
        self.refused_loans.extend(new.iter().find(is_refused));
    }

    pub(crate) fn provides<S: ConnectionState>(&mut self) {
        self.provides = Some(TypeId::of::<S>());
    }

    pub(crate) fn check(&mut self, check: Check) {
        self.checks.push(check);
    }

    /// Collects the needs of an `Option`.
    pub(crate) fn optionally(&mut self, declare: impl FnOnce(&mut Self)) {
        let known = self.parameters.len();
        self.fallibly(declare);
        for parameters in &mut self.parameters[known..] {
            parameters.is_optional = true;
        }
    }

    /// Collects needs that the app may leave unmet. States are kept, since they take a slot, and arguments that no request
    /// can satisfy are mistakes nevertheless.
    pub(crate) fn fallibly(&mut self, declare: impl FnOnce(&mut Self)) {
        let mut optional = Self::default();
        declare(&mut optional);
        self.parameters.append(&mut optional.parameters);
        self.states.extend(optional.states.into_iter().map(|state| StateNeed {
            has_default: true,
            ..state
        }));
    }
}
