//! The axum handler of an endpoint: everything before the 101, and the 101.

mod authority;
mod checks;
mod extensions;
pub(crate) mod handshake;
pub(crate) mod origin;
mod refusal;
pub(crate) mod switching;

use std::{
    mem,
    net::{IpAddr, SocketAddr},
    pin::{Pin, pin},
    sync::Arc,
};

use axum::{
    extract::{FromRequestParts, RawPathParams, Request},
    http::{HeaderValue, request::Parts},
    response::{IntoResponse, Response},
};
use futures_util::future::OptionFuture;
use hyper::upgrade::OnUpgrade;
use tracing::{Instrument, Span};

use crate::{
    connection::{Connection, pending::PendingConnection},
    endpoint::{
        Endpoint,
        registry::{Entry, UpgradeFn},
    },
    handler::{
        dependencies::Globals,
        event::EventContext,
        extract::upgrade::UpgradeContext,
        reply::{UpgradeReply, UpgradeResult},
    },
    hub::{
        Hub,
        admission::{Admitted, Handshake},
        drain::TaskGuard,
    },
    types::request::{PathParams, UpgradeRequest, peer_addr},
    upgrade::{
        checks::{check_drain, check_head, check_origin, check_target, client_address},
        origin::Origins,
        refusal::Refusal,
        switching::{NotSwitched, Switching},
    },
    util::{
        blocking,
        isolate::{self, Panicked},
        log,
        sync::Mutex,
        user_value::UserValue,
    },
};

/// What all endpoints of an app share.
#[derive(Debug)]
pub(crate) struct UpgradePolicy {
    pub(crate) hub: Hub,
    pub(crate) origins: Origins,
    pub(crate) subprotocols: Vec<HeaderValue>,
}

/// Answers a request to `endpoint`: refuses it, or upgrades it and spawns its connection.
pub(crate) async fn upgrade(endpoint: Arc<Endpoint>, policy: Arc<UpgradePolicy>, request: Request) -> Response {
    let (mut parts, _body) = request.into_parts();
    let task = policy.hub.drain().count_task();
    let accepted = isolate::future(accept_in_time(&endpoint, &policy, &mut parts)).await;
    let response = match accepted.unwrap_or_else(|Panicked| Err(extension_panicked(&endpoint))) {
        Ok(accepted) => accepted.switch_protocols(endpoint.clone(), task),
        Err(refusal) => {
            let answer = refusal.into_response();
            log::debug!(endpoint = %endpoint.path, status = %answer.status(), "upgrade refused");
            answer
        }
    };
    endpoint.members.telemetry.upgraded(response.status().as_u16());
    drop(UserValue::from(parts.extensions));
    response
}

/// A request that may become a connection.
struct Accepted {
    on_upgrade: OnUpgrade,
    accept_key: HeaderValue,
    subprotocol: Option<HeaderValue>,
    request: Arc<UpgradeRequest>,
    peer: Option<SocketAddr>,
    state: UpgradeReply,
    admitted: Admitted,
}

/// Accepts a request, unless a drain loses its patience with it.
async fn accept_in_time(
    endpoint: &Arc<Endpoint>,
    policy: &UpgradePolicy,
    parts: &mut Parts,
) -> Result<Accepted, Refusal> {
    let mut accepting = pin!(Some(isolate::future(accept(endpoint, policy, parts))));
    let in_time = tokio::select! {
        biased;
        accepted = OptionFuture::from(accepting.as_mut().as_pin_mut()) => accepted,
        () = policy.hub.drain().grace_over() => None,
    };
    drop_users(endpoint, || accepting.set(None));
    let accepted = in_time.unwrap_or_else(|| Ok(Err(Refusal::Draining)));
    let accepted = accepted.unwrap_or_else(|Panicked| Err(extension_panicked(endpoint)))?;
    // The handler may have taken so long that the drain has begun meanwhile.
    if let Err(refusal) = check_drain(policy) {
        drop_users(endpoint, || drop(accepted));
        return Err(refusal);
    }
    Ok(accepted)
}

/// Drops what belongs to the user, whose code can panic there too: the client is answered all the same.
fn drop_users(endpoint: &Endpoint, drop: impl FnOnce()) {
    if isolate::call(drop).is_err() {
        log::error!(endpoint = %endpoint.path, "something of the upgrade handler panicked when a drain dropped it");
    }
}

/// Makes all checks in the order from cheap to dear; the user's upgrade handler is the last.
async fn accept(endpoint: &Arc<Endpoint>, policy: &UpgradePolicy, parts: &mut Parts) -> Result<Accepted, Refusal> {
    check_head(endpoint, parts)?;
    let accept_key = handshake::check(parts)?;
    check_drain(policy)?;
    check_target(endpoint, parts)?;
    let host = handshake::host(parts)?;
    check_origin(policy, parts, &host)?;
    let subprotocol = handshake::subprotocol(&parts.headers, &policy.subprotocols)?;
    let raw_params = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(IntoResponse::into_response)?;
    for (entry, check) in &endpoint.checks {
        isolate::call(|| check(parts)).map_err(|Panicked| panicked(entry, endpoint))??;
    }
    let on_upgrade = parts
        .extensions
        .remove::<OnUpgrade>()
        .ok_or_else(|| Refusal::UpgradeRequired("this HTTP connection cannot be upgraded".to_owned()))?;
    let peer = peer_addr(parts);
    let address = client_address(endpoint, peer);
    let mut state = UpgradeReply::default();
    let request = if let Some(unread) = &endpoint.unread_request {
        unread.clone()
    } else {
        let mut request = UpgradeRequest::new(
            parts,
            extensions::kept(&parts.extensions),
            PathParams::new(&raw_params),
            subprotocol.as_ref(),
        );
        if let Some((entry, handler)) = endpoint.handlers.upgrade {
            let _running = policy.hub.drain().upgrade_handler(entry.key());
            let guards = HandshakeGuards::begin(endpoint, address)?;
            parts.extensions.insert(guards.clone());
            parts.extensions.insert(Globals(endpoint.dependencies.globals.clone()));
            let answer = call(entry, handler, endpoint, &mut request, parts).await;
            parts.extensions.remove::<HandshakeGuards>();
            parts.extensions.remove::<Globals>();
            guards.end();
            state = answer?;
            extensions::forget_known(&mut parts.extensions);
            request.take_over(mem::take(&mut parts.extensions));
        }
        Arc::new(request)
    };
    // Only now, so that a slow upgrade handler takes no place of a connection.
    let admitted = endpoint.admissions.admit(address).map_err(Refusal::Admission)?;
    Ok(Accepted {
        on_upgrade,
        accept_key,
        subprotocol,
        request,
        peer,
        state,
        admitted,
    })
}

/// The guards of a handshake whose upgrade handler runs. They are in the request, since a blocking handler goes on with it
/// when its client has gone. Whoever else has copied the request holds nothing once the handler has returned.
#[derive(Clone)]
struct HandshakeGuards(Arc<Mutex<Box<[Handshake]>>>);

impl HandshakeGuards {
    fn begin(endpoint: &Endpoint, address: Option<IpAddr>) -> Result<Self, Refusal> {
        let guards = endpoint.admissions.begin(address).map_err(Refusal::Admission)?;
        Ok(Self(Arc::new(Mutex::new(guards))))
    }

    fn end(&self) {
        let guards = mem::take(&mut *self.0.lock());
        drop(guards);
    }
}

/// Calls the upgrade handler; a panic in it is this request's 500 and nobody else's.
async fn call(
    entry: &'static Entry,
    handler: UpgradeFn,
    endpoint: &Arc<Endpoint>,
    request: &mut UpgradeRequest,
    parts: &mut Parts,
) -> Result<UpgradeReply, Refusal> {
    let outcome = if entry.blocking {
        call_blocking(handler, endpoint, request, parts).await
    } else {
        let cx = context(endpoint, request, parts);
        isolate::future(async { handler(cx).await }).await
    };
    let answer = outcome.map_err(|Panicked| panicked(entry, endpoint))?;
    answer.map_err(|refusal| refusal.0.into())
}

/// Logs a panic in an upgrade handler, or in an argument that is checked before the 101.
fn panicked(entry: &Entry, endpoint: &Endpoint) -> Refusal {
    log::error!(handler = entry.name, place = %entry.place(), endpoint = %endpoint.path, "the handler panicked before the upgrade");
    Refusal::Failed
}

/// Logs a panic in what a layer has put into the request: it was copied.
fn extension_panicked(endpoint: &Endpoint) -> Refusal {
    log::error!(endpoint = %endpoint.path, "an extension of the request panicked when it was cloned");
    Refusal::Failed
}

/// Runs the handler, extraction included, on a thread that may block.
async fn call_blocking(
    handler: UpgradeFn,
    endpoint: &Arc<Endpoint>,
    request: &UpgradeRequest,
    parts: &mut Parts,
) -> Result<UpgradeResult, Panicked> {
    let endpoint = endpoint.clone();
    let lent_request = request.clone();
    let mut lent_parts = parts.clone();
    let thread = blocking::free_thread().await.run(move || {
        let cx = context(&endpoint, &lent_request, &mut lent_parts);
        let answer = blocking::drive(handler(cx));
        (answer, lent_parts)
    });
    let (answer, returned_parts) = thread.await?;
    drop(UserValue::from(mem::replace(parts, returned_parts).extensions));
    Ok(answer)
}

fn context<'a>(endpoint: &'a Endpoint, request: &'a UpgradeRequest, parts: &'a mut Parts) -> UpgradeContext<'a> {
    UpgradeContext {
        event: EventContext {
            path: &endpoint.path,
            dependencies: &endpoint.dependencies,
            request,
            payload: (),
            scope: (),
        },
        parts,
    }
}

/// A connection with the span that everything of it is logged in.
type Opened = (Connection, Span);

impl Accepted {
    /// Returns the 101, and spawns the connection, which begins when that is out.
    fn switch_protocols(self, endpoint: Arc<Endpoint>, task: TaskGuard) -> Response {
        let Self {
            on_upgrade,
            accept_key,
            subprotocol,
            request,
            peer,
            state,
            admitted,
        } = self;
        let pending = PendingConnection::new(endpoint, request, peer, state.0, admitted, task);
        let (switching, response) = Switching::new(on_upgrade, accept_key, subprotocol);
        let opening = Box::pin(open(pending, switching));
        tokio::spawn(live(opening));
        response
    }
}

/// The task of a connection. The memory of the handshake is not kept as long, since `opening` is a box.
async fn live<Open: Future<Output = Option<Opened>>>(opening: Pin<Box<Open>>) {
    let Some((mut connection, span)) = opening.await else {
        return;
    };
    async move { connection.run().await }.instrument(span).await;
}

/// Opens the connection when its 101 is out.
async fn open(pending: PendingConnection, switching: Switching) -> Option<Opened> {
    match switching.switched().await {
        Ok(switched) => return Connection::open(pending, switched),
        Err(NotSwitched::Lost(error)) => log::debug!(%error, "the client was gone before the 101"),
        Err(error) => {
            let endpoint = pending.endpoint();
            log::warn!(endpoint, %error, "an accepted upgrade became no connection");
        }
    }
    None
}

/// Returns the size of what the task of a connection runs, in bytes.
#[cfg(feature = "test-util")]
pub(crate) fn task_size() -> usize {
    fn size_of_result<Argument, Result>(_: impl Fn(Argument) -> Result) -> usize {
        size_of::<Result>()
    }

    size_of_result(live::<std::future::Pending<Option<Opened>>>)
}
