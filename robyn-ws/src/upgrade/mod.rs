//! The axum handler of an endpoint: everything before the 101, and the 101.

mod authority;
mod checks;
#[cfg_attr(not(feature = "deflate"), path = "no_compression.rs")]
mod compression;
mod extensions;
mod handler;
pub(crate) mod handshake;
#[cfg(feature = "http2")]
pub(crate) mod http2;
pub(crate) mod origin;
pub(crate) mod policy;
pub(crate) mod proxies;
mod refusal;
pub(crate) mod switching;

use std::{
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
};

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::{HeaderValue, request::Parts},
    response::{IntoResponse, Response},
};
use futures_util::future::OptionFuture;
use hyper::upgrade::OnUpgrade;
use tracing::{Instrument, Span};

use crate::{
    connection::{Connection, pending::PendingConnection},
    endpoint::Endpoint,
    handler::upgrade_reply::UpgradeReply,
    hub::{admission::Admitted, drain::TaskGuard},
    types::{
        request::{PathParams, UpgradeRequest, peer_addr},
        scheme::Scheme,
    },
    upgrade::{
        checks::{Sender, check_address, check_drain, check_head, check_origin, check_target, over_limit},
        handler::panicked,
        handshake::Opening,
        policy::UpgradePolicy,
        proxies::Told,
        refusal::{ACCEPTED, Refusal},
        switching::{NotSwitched, Switching},
    },
    util::{
        isolate::{self, Panicked},
        log,
        user_value::UserValue,
    },
};

/// Answers an upgrade request: refuses it, or returns the 101 and spawns its connection.
pub(crate) async fn upgrade(endpoint: Arc<Endpoint>, policy: Arc<UpgradePolicy>, mut parts: Parts) -> Response {
    let task = policy.hub.drain().count_task();
    let accepted = isolate::future(accept_in_time(&endpoint, &policy, &mut parts)).await;
    let accepted = accepted.unwrap_or_else(|Panicked| Err(extension_panicked(&endpoint)));
    let switching = accepted.and_then(|accepted| accepted.switch_protocols(endpoint.clone(), task));
    let (reason, response) = match switching {
        Ok(response) => (ACCEPTED, response),
        Err(refusal) => {
            let (reason, answer) = (refusal.reason(), refusal.into_response());
            let peer = peer_addr(&parts).map(tracing::field::display);
            log::debug!(endpoint = %endpoint.path, status = %answer.status(), reason, peer, "upgrade refused");
            (reason, answer)
        }
    };
    endpoint.members.telemetry.upgraded(response.status().as_u16(), reason);
    drop(UserValue::from(parts.extensions));
    response
}

/// A request that may become a connection.
struct Accepted {
    on_upgrade: OnUpgrade,
    opening: Opening,
    subprotocol: Option<HeaderValue>,
    compression: compression::Accepted,
    request: Arc<UpgradeRequest>,
    sender: Sender,
    reply: UpgradeReply,
    admitted: Admitted,
}

/// Accepts a request, unless the grace of a drain ends first.
async fn accept_in_time(
    endpoint: &Arc<Endpoint>,
    policy: &UpgradePolicy,
    parts: &mut Parts,
) -> Result<Accepted, Refusal> {
    let mut accepting = pin!(Some(isolate::future(accept(endpoint, policy, parts))));
    let in_time = tokio::select! {
        biased;
        accepted = OptionFuture::from(accepting.as_mut().as_pin_mut()) => accepted,
        () = policy.hub.drain().upgrades_refused() => None,
    };
    drop_users(endpoint, || accepting.set(None));
    let accepted = in_time.unwrap_or_else(|| Ok(Err(Refusal::Draining)));
    let accepted = accepted.unwrap_or_else(|Panicked| Err(extension_panicked(endpoint)))?;
    // A drain may have begun while the handler ran.
    if let Err(refusal) = check_drain(policy) {
        drop_users(endpoint, || drop(accepted));
        return Err(refusal);
    }
    Ok(accepted)
}

/// Drops values of the user. The client gets its answer even if user code panics here.
fn drop_users(endpoint: &Endpoint, drop: impl FnOnce()) {
    if isolate::call(drop).is_err() {
        log::error!(endpoint = %endpoint.path, "something of the upgrade handler panicked when a drain dropped it");
    }
}

/// What the checks of a request have found out.
struct Checked {
    opening: Opening,
    subprotocol: Option<HeaderValue>,
    scheme: Option<Scheme>,
    /// What a trusted proxy says.
    told: Told,
}

/// Checks the request, the cheap checks first.
fn check(endpoint: &Endpoint, policy: &UpgradePolicy, parts: &mut Parts) -> Result<Checked, Refusal> {
    check_head(endpoint, parts)?;
    #[cfg(feature = "http2")]
    http2::join_cookies(parts.version, &mut parts.headers);
    let opening = handshake::check(parts)?;
    check_drain(policy)?;
    check_target(endpoint, parts)?;
    let told = policy.proxies.read(parts);
    let host = handshake::host(parts, told.host.as_deref())?;
    // A proxy may speak TLS to the server for a page without TLS.
    let scheme = if told.is_by_proxy { told.scheme } else { policy.scheme };
    check_origin(endpoint, policy, &parts.headers, &host, scheme)?;
    let has_calls = !endpoint.handlers.calls.is_empty();
    let subprotocol = handshake::subprotocol(&parts.headers, &policy.subprotocols, has_calls)?;
    Ok(Checked {
        opening,
        subprotocol,
        scheme,
        told,
    })
}

/// Checks the request, and runs the upgrade handler last.
async fn accept(endpoint: &Arc<Endpoint>, policy: &UpgradePolicy, parts: &mut Parts) -> Result<Accepted, Refusal> {
    let Checked {
        opening,
        subprotocol,
        scheme,
        told,
    } = check(endpoint, policy, parts)?;
    let raw_params = RawPathParams::from_request_parts(parts, &())
        .await
        .map_err(|rejection| Refusal::Parameters(rejection.into_response()))?;
    for (entry, check) in &endpoint.checks {
        isolate::call(|| check.run(parts))
            .map_err(|Panicked| panicked(entry, endpoint))?
            .map_err(Refusal::Parameters)?;
    }
    let on_upgrade = parts
        .extensions
        .remove::<OnUpgrade>()
        .ok_or_else(|| Refusal::UpgradeRequired("this HTTP connection cannot be upgraded".to_owned()))?;
    let sender = Sender {
        peer: peer_addr(parts),
        proxy: told.proxy,
    };
    let over_limit = |parts: &Parts, refusal| over_limit(endpoint, policy, &parts.headers, sender, refusal);
    let runs_handler = endpoint.handlers.upgrade.is_some();
    let counted = endpoint.admissions.upgrade(sender.address(), runs_handler);
    counted.map_err(|refusal| over_limit(parts, refusal))?;
    check_address(endpoint, policy, parts, sender);
    let (request, reply) = if let Some(unread) = &endpoint.unread_request {
        (unread.clone(), UpgradeReply::default())
    } else {
        let kept = extensions::kept(&parts.extensions);
        let params = PathParams::of(raw_params.iter());
        let told = (scheme, told.host.as_deref());
        let mut request = UpgradeRequest::new(parts, kept, params, subprotocol.as_ref(), told);
        let reply = handler::run(endpoint, policy, &mut request, parts, sender).await?;
        (Arc::new(request), reply)
    };
    // Only now, so that a slow upgrade handler does not count as a connection.
    let admitted = endpoint
        .admissions
        .admit(sender.address())
        .map_err(|refusal| over_limit(parts, refusal))?;
    Ok(Accepted {
        on_upgrade,
        opening,
        subprotocol,
        compression: compression::accept(endpoint, &parts.headers),
        request,
        sender,
        reply,
        admitted,
    })
}

/// Logs a panic in the `Clone` of an extension that a layer has put into the request.
fn extension_panicked(endpoint: &Endpoint) -> Refusal {
    log::error!(endpoint = %endpoint.path, "an extension of the request panicked when it was cloned");
    Refusal::Failed
}

/// A connection, and the span of its log events.
type Opened = (Connection, Span);

impl Accepted {
    /// Returns the 101, and spawns the connection, which begins when the 101 is sent. Fails if the connection does not get
    /// the identity that the upgrade handler returned.
    fn switch_protocols(self, endpoint: Arc<Endpoint>, task: TaskGuard) -> Result<Response, Refusal> {
        let Self {
            on_upgrade,
            opening,
            subprotocol,
            compression: compression::Accepted { negotiated, answer },
            request,
            sender: Sender { peer, proxy },
            reply: UpgradeReply { identity, state },
            admitted,
        } = self;
        let pending = PendingConnection::new(endpoint, request, peer, state, admitted, task, negotiated);
        if let Some(identity) = identity {
            pending.identify(identity).map_err(Refusal::Identity)?;
        }
        let (switching, response) = Switching::new(on_upgrade, opening, subprotocol, answer);
        let opening = Box::pin(open(pending, switching, proxy));
        tokio::spawn(live(opening));
        Ok(response)
    }
}

/// The task of a connection. `opening` is a box, so that the memory of the handshake is freed.
async fn live<Open: Future<Output = Option<Opened>>>(opening: Pin<Box<Open>>) {
    let Some((mut connection, span)) = opening.await else {
        return;
    };
    async move { connection.run().await }.instrument(span).await;
}

/// Opens the connection when its 101 is sent.
async fn open(pending: PendingConnection, switching: Switching, proxy: Option<SocketAddr>) -> Option<Opened> {
    match switching.switched().await {
        Ok(switched) => {
            let opened = Connection::open(pending, switched)?;
            if let Some(proxy) = proxy {
                log::guard(|| {
                    opened.1.record("proxy", tracing::field::display(proxy));
                });
            }
            return Some(opened);
        }
        Err(NotSwitched::Lost(error)) => log::debug!(%error, "the client was gone before the 101"),
        Err(error) => {
            let endpoint = pending.endpoint();
            let path = endpoint.path.clone();
            let is_first = endpoint.warnings.not_switched.is_first(move |more| {
                log::warn!(endpoint = %path, more, "more accepted upgrades became no connections");
            });
            log::warn_first!(is_first, endpoint = %endpoint.path, %error, "an accepted upgrade became no connection");
        }
    }
    None
}

/// Returns the size of the future of a connection's task, in bytes.
#[cfg(feature = "test-util")]
pub(crate) fn task_size() -> usize {
    fn size_of_result<Argument, Result>(_: impl Fn(Argument) -> Result) -> usize {
        size_of::<Result>()
    }

    size_of_result(live::<std::future::Pending<Option<Opened>>>)
}
