//! A connection between its 101 and the hub.

use std::{any::Any, net::SocketAddr, sync::Arc};

use tokio::runtime::Handle;

use crate::{
    connection::handler_context::HandlerContext,
    connector::WebSocketConnector,
    endpoint::Endpoint,
    handler::state::States,
    hub::{
        admission::Admitted,
        drain::TaskGuard,
        live::{Live, RunningHandler},
        people::IdentityRefusal,
        sweep::Alarm,
    },
    mailbox::{Mailbox, unanswered::UnansweredCalls},
    types::{identity::Identity, request::UpgradeRequest},
    wire::deflate::{Deflation, Inflation, Negotiated},
};

/// A connection whose 101 is not sent yet. It is not in the hub, and none of its handlers runs. Broadcasts to everyone wait
/// in its mailbox, so a client that has read its 101 misses nothing. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub(crate) struct PendingConnection {
    pub(super) expected: Expected,
    pub(super) context: HandlerContext,
    /// The client's address, where it is known already.
    pub(super) peer: Option<SocketAddr>,
    pub(super) admitted: Admitted,
    pub(super) task: TaskGuard,
    pub(super) inflation: Option<Box<Inflation>>,
    pub(super) deflation: Deflation,
}

/// The entry of a pending connection in its endpoint, removed when it is dropped.
#[derive(Debug)]
pub(super) struct Expected {
    pub(super) live: Arc<Live>,
    /// Whether the connection is in the hub.
    pub(super) has_come: bool,
}

impl Drop for Expected {
    fn drop(&mut self) {
        if !self.has_come {
            self.live.endpoint.remove_pending(self.live.id);
        }
    }
}

impl PendingConnection {
    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.context.endpoint
    }

    /// Sets who the client is. Broadcasts to the identity wait in the mailbox, as those to everyone.
    pub(crate) fn identify(&self, identity: Identity) -> Result<(), IdentityRefusal> {
        let live = &self.expected.live;
        live.endpoint.identify(live, identity).map(drop)
    }

    /// Creates the connection of an accepted request.
    pub(crate) fn new(
        endpoint: Arc<Endpoint>,
        request: Arc<UpgradeRequest>,
        peer: Option<SocketAddr>,
        state: Option<Box<dyn Any + Send>>,
        admitted: Admitted,
        task: TaskGuard,
        negotiated: Negotiated,
    ) -> Self {
        let Negotiated {
            form,
            inflation,
            deflation,
        } = negotiated;
        let live = Arc::new(Live {
            id: endpoint.members.remote().connection_id(),
            mailbox: Mailbox::new(endpoint.bounds.clone()).with_form(form),
            request,
            endpoint: endpoint.members.clone(),
            flusher: endpoint.members.flusher(Handle::current()),
            running: RunningHandler::default(),
            calls: UnansweredCalls::default(),
            alarm: Alarm::default(),
        });
        live.endpoint.add_pending(live.clone());
        let connector = WebSocketConnector { live: live.clone() };
        let states = States::new(endpoint.state_types(), state);
        Self {
            expected: Expected { live, has_come: false },
            context: HandlerContext {
                endpoint,
                connector,
                states,
            },
            peer,
            admitted,
            task,
            inflation,
            deflation,
        }
    }
}
