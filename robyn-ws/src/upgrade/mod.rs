//! The axum handler of an endpoint: everything before the 101, and the 101.

mod authority;
mod extensions;
pub(crate) mod handshake;
pub(crate) mod origin;
pub(crate) mod switching;

use std::{
    mem,
    net::{IpAddr, SocketAddr},
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::{FromRequestParts, RawPathParams, Request},
    http::{HeaderValue, StatusCode, header, request::Parts},
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
        admission::{AdmissionRefusal, Admitted, Handshake},
        drain::TaskGuard,
    },
    types::request::{PathParams, UpgradeRequest, head_size, peer_addr},
    upgrade::{
        authority::Authority,
        origin::{OriginRefusal, Origins},
        switching::{NotSwitched, Switching},
    },
    util::{
        blocking,
        isolate::{self, Panicked},
        log,
        printable::printable,
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
            log::debug!(endpoint = %endpoint.path, status = %refusal.status(), "upgrade refused");
            refusal
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
) -> Result<Accepted, Response> {
    let mut accepting = pin!(Some(isolate::future(accept(endpoint, policy, parts))));
    let in_time = tokio::select! {
        biased;
        accepted = OptionFuture::from(accepting.as_mut().as_pin_mut()) => accepted,
        () = policy.hub.drain().upgrades_refused() => None,
    };
    drop_users(endpoint, || accepting.set(None));
    let accepted = in_time.unwrap_or_else(|| Ok(Err(shutting_down())));
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
async fn accept(endpoint: &Arc<Endpoint>, policy: &UpgradePolicy, parts: &mut Parts) -> Result<Accepted, Response> {
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
        isolate::call(|| check(parts)).unwrap_or_else(|Panicked| Err(panicked(entry, endpoint)))?;
    }
    let on_upgrade = parts
        .extensions
        .remove::<OnUpgrade>()
        .ok_or_else(|| handshake::upgrade_required("this HTTP connection cannot be upgraded"))?;
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
            request.keep_only_extensions(mem::take(&mut parts.extensions));
        }
        Arc::new(request)
    };
    // Only now, so that a slow upgrade handler takes no place of a connection.
    let admitted = endpoint.admissions.admit(address).map_err(over_a_limit)?;
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

fn check_drain(policy: &UpgradePolicy) -> Result<(), Response> {
    if policy.hub.drain().has_begun() {
        return Err(shutting_down());
    }
    Ok(())
}

fn shutting_down() -> Response {
    unavailable("the server shuts down")
}

fn check_head(endpoint: &Endpoint, parts: &Parts) -> Result<(), Response> {
    let (size, most) = (head_size(parts), endpoint.bounds.max_request_head);
    if size > most {
        let body =
            format!("the head of the request has {size} bytes, more than the {most} of `Limits::max_request_head`\n");
        return Err((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, body).into_response());
    }
    Ok(())
}

fn check_target(endpoint: &Endpoint, parts: &Parts) -> Result<(), Response> {
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let most = endpoint.bounds.max_request_target;
    if target > most {
        let body =
            format!("the request target has {target} bytes, more than the {most} of `Limits::max_request_target`\n");
        return Err((StatusCode::URI_TOO_LONG, body).into_response());
    }
    Ok(())
}

fn check_origin(policy: &UpgradePolicy, parts: &Parts, host: &Authority) -> Result<(), Response> {
    let origins = &policy.origins;
    match origins.check(&parts.headers, host) {
        Ok(()) => Ok(()),
        Err(OriginRefusal::Malformed) => Err((
            StatusCode::BAD_REQUEST,
            "`Origin` is there twice, or not visible ASCII\n",
        )
            .into_response()),
        Err(OriginRefusal::Foreign(origin)) => {
            log::warn!(
                seen = ?printable(&origin),
                host = ?printable(&host.to_string()),
                allowed = origins.describe(),
                "upgrade refused: foreign Origin; {}",
                origins.help()
            );
            Err((StatusCode::FORBIDDEN, "pages from this origin may not connect\n").into_response())
        }
    }
}

/// The guards of a handshake whose upgrade handler runs. They are in the request, since a blocking handler goes on with it
/// when its client has gone. Whoever else has copied the request holds nothing once the handler has returned.
#[derive(Clone)]
struct HandshakeGuards(Arc<Mutex<Box<[Handshake]>>>);

impl HandshakeGuards {
    fn begin(endpoint: &Endpoint, address: Option<IpAddr>) -> Result<Self, Response> {
        let guards = endpoint.admissions.begin(address).map_err(over_a_limit)?;
        Ok(Self(Arc::new(Mutex::new(guards))))
    }

    fn end(&self) {
        let guards = mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        drop(guards);
    }
}

/// Returns the address that `Limits::max_connections_per_ip` counts.
fn client_address(endpoint: &Endpoint, peer: Option<SocketAddr>) -> Option<IpAddr> {
    let address = peer.map(|address| address.ip());
    if address.is_none() && endpoint.bounds.max_connections_per_ip.is_some() {
        log::warn!(
            endpoint = %endpoint.path,
            "`Limits::max_connections_per_ip` cannot be kept, since the server does not tell the client's address: serve the router by `into_make_service_with_connect_info::<SocketAddr>()`"
        );
    }
    address
}

fn over_a_limit(refusal: AdmissionRefusal) -> Response {
    match refusal {
        AdmissionRefusal::Connections => {
            unavailable("the server has as many connections as it takes: `Limits::max_connections`")
        }
        AdmissionRefusal::Handshakes => {
            unavailable("the server has as many handshakes under way as it takes: `Limits::max_handshakes`")
        }
        AdmissionRefusal::ConnectionsOfAddress => (
            StatusCode::TOO_MANY_REQUESTS,
            "your address has as many connections as it may have: `Limits::max_connections_per_ip`\n",
        )
            .into_response(),
    }
}

fn unavailable(why: &str) -> Response {
    (
        StatusCode::SERVICE_UNAVAILABLE,
        [(header::RETRY_AFTER, "5")],
        format!("{why}\n"),
    )
        .into_response()
}

/// Calls the upgrade handler; a panic in it is this request's 500 and nobody else's.
async fn call(
    entry: &'static Entry,
    handler: UpgradeFn,
    endpoint: &Arc<Endpoint>,
    request: &mut UpgradeRequest,
    parts: &mut Parts,
) -> Result<UpgradeReply, Response> {
    let outcome = if entry.blocking {
        call_blocking(handler, endpoint, request, parts).await
    } else {
        let cx = context(endpoint, request, parts);
        isolate::future(async { handler(cx).await }).await
    };
    let answer = outcome.map_err(|Panicked| panicked(entry, endpoint))?;
    answer.map_err(|refusal| refusal.0)
}

/// Logs a panic in an upgrade handler, or in an argument that is checked before the 101.
fn panicked(entry: &Entry, endpoint: &Endpoint) -> Response {
    log::error!(handler = entry.name, place = %entry.place(), endpoint = %endpoint.path, "the handler panicked before the upgrade");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// Logs a panic in what a layer has put into the request: it was copied.
fn extension_panicked(endpoint: &Endpoint) -> Response {
    log::error!(endpoint = %endpoint.path, "an extension of the request panicked when it was cloned");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
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
