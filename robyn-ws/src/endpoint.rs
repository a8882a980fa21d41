//! An endpoint after resolution: one path, its handlers, and what they need.

use std::{any::TypeId, sync::Arc};

use crate::{
    event::{Close, Connect, Event, Message, Session},
    extract::Check,
    hub::{admission::Admission, endpoint::EndpointHub},
    limits::Bounds,
    registry::{Call, Entry, UpgradeFn},
    router::Scopes,
};

/// One path and its handlers.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) path: Box<str>,
    pub(crate) handlers: Handlers,
    pub(crate) dependencies: Scopes,
    /// The types of connection state that its handlers want.
    pub(crate) states: Vec<KeptState>,
    /// What arguments ask of the request, checked before the 101, each with the first handler that asks.
    pub(crate) checks: Vec<(&'static Entry, Check)>,
    pub(crate) bounds: Arc<Bounds>,
    /// The counts of connections it is part of, each with its limits: the app's, and those of narrower sub-routers.
    pub(crate) admissions: Vec<(Arc<Admission>, Bounds)>,
    pub(crate) hub: Arc<EndpointHub>,
}

/// A type of connection state, and the first handler that takes or makes it.
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
    pub(crate) close: Option<BoundHandler<Close>>,
    pub(crate) session: Option<BoundHandler<Session>>,
}

/// A handler whose event is known to the compiler, with its entry for logs and errors.
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
