//! An endpoint after resolution: one path, its handlers and their needs.

mod checks;
#[cfg(feature = "contract")]
pub(crate) mod described;
pub(crate) mod parameters;
pub(crate) mod path;
pub(crate) mod path_tree;
pub(crate) mod registry;
pub(crate) mod resolve;
pub(crate) mod router;
mod scope;
pub(crate) mod selection;
mod unknown_methods;
pub(crate) mod warnings;

use std::{any::TypeId, sync::Arc};

use crate::{
    endpoint::{
        registry::{Call, Entry, UpgradeFn},
        unknown_methods::UnknownMethods,
        warnings::Warnings,
    },
    handler::{
        dependencies::Scopes,
        event::{self, Close, Connect, Event, Message, Session},
        needs::Check,
    },
    hub::{admission::Admissions, members::EndpointMembers},
    types::{id::ConnectionId, limits::Bounds, request::UpgradeRequest},
};

/// One path and its handlers.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) path: Arc<str>,
    /// The first of its handlers in the source, which stands for all of them in messages.
    pub(crate) first: &'static Entry,
    pub(crate) handlers: Handlers,
    pub(crate) dependencies: Scopes,
    /// The types of connection state that its handlers take.
    pub(crate) states: Vec<KeptState>,
    /// The checks of the request before the 101, each with the first handler whose argument asks for it.
    pub(crate) checks: Vec<(&'static Entry, Check)>,
    pub(crate) bounds: Arc<Bounds>,
    pub(crate) admissions: Arc<Admissions>,
    pub(crate) members: Arc<EndpointMembers>,
    pub(crate) warnings: Warnings,
    /// The request of all its connections, if no handler can read one.
    pub(crate) unread_request: Option<Arc<UpgradeRequest>>,
}

impl Endpoint {
    /// Returns the types of connection state that its handlers take.
    pub(crate) fn state_types(&self) -> impl Iterator<Item = TypeId> {
        self.states.iter().map(|state| state.id)
    }
}

/// A type of connection state, and the first handler that takes or creates it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeptState {
    pub(crate) id: TypeId,
    pub(crate) handler: &'static Entry,
}

/// The handlers of an endpoint, each of them optional.
#[derive(Debug, Default)]
pub(crate) struct Handlers {
    pub(crate) upgrade: Option<(&'static Entry, UpgradeFn)>,
    pub(crate) connect: Option<BoundHandler<Connect>>,
    pub(crate) message: Option<BoundHandler<Message>>,
    /// Sorted by the names of their methods.
    pub(crate) calls: Box<[BoundHandler<event::Call>]>,
    unknown_methods: UnknownMethods,
    pub(crate) close: Option<BoundHandler<Close>>,
    pub(crate) session: Option<BoundHandler<Session>>,
}

impl Handlers {
    /// Returns the handler of a method.
    #[inline]
    pub(crate) fn method(&self, name: &str) -> Option<BoundHandler<event::Call>> {
        let place = self.calls.binary_search_by_key(&name, |handler| handler.entry.method);
        place.ok().map(|place| self.calls[place])
    }

    #[cold]
    pub(crate) fn log_unknown_method(&self, id: ConnectionId, endpoint: &str, method: &str) {
        let known: Vec<_> = self.calls.iter().map(|handler| handler.entry.method).collect();
        self.unknown_methods.log(&known, id, endpoint, method);
    }
}

/// A handler with the type of its event, and its entry for logs and errors.
#[derive(Debug)]
pub(crate) struct BoundHandler<E: Event> {
    pub(crate) entry: &'static Entry,
    pub(crate) call: Call<E>,
}

impl<E: Event> Clone for BoundHandler<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E: Event> Copy for BoundHandler<E> {}
