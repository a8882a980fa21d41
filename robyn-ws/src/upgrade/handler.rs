//! The upgrade handler: it runs before the 101, and can refuse the request.

use std::{mem, net::IpAddr, sync::Arc};

use axum::{
    http::{StatusCode, request::Parts},
    response::Response,
};

use crate::{
    endpoint::{
        Endpoint,
        registry::{Entry, UpgradeFn},
    },
    handler::{
        dependencies::Globals,
        event::EventContext,
        extract::upgrade::UpgradeContext,
        upgrade_reply::{UpgradeReply, UpgradeResult},
    },
    hub::admission::{AdmissionRefusal, Handshake},
    types::request::UpgradeRequest,
    upgrade::{
        checks::{Sender, over_limit},
        extensions,
        policy::UpgradePolicy,
        refusal::Refusal,
    },
    util::{
        blocking,
        isolate::{self, Panicked},
        log,
        sync::Mutex,
        user_value::UserValue,
    },
};

/// Runs the upgrade handler of the endpoint, if it has one. `request` then keeps what its extractors have left in `parts`.
pub(super) async fn run(
    endpoint: &Arc<Endpoint>,
    policy: &UpgradePolicy,
    request: &mut UpgradeRequest,
    parts: &mut Parts,
    sender: Sender,
) -> Result<UpgradeReply, Refusal> {
    let Some((entry, handler)) = endpoint.handlers.upgrade else {
        return Ok(UpgradeReply::default());
    };
    let _running = policy.hub.drain().upgrade_handler(entry.key());
    let guards = HandshakeGuards::begin(endpoint, sender.address())
        .map_err(|refusal| over_limit(endpoint, policy, &parts.headers, sender, refusal))?;
    parts.extensions.insert(guards.clone());
    parts.extensions.insert(Globals(endpoint.dependencies.globals.clone()));
    let answer = call(entry, handler, endpoint, request, parts).await;
    parts.extensions.remove::<HandshakeGuards>();
    parts.extensions.remove::<Globals>();
    guards.end();
    let state = answer?;
    extensions::forget_known(&mut parts.extensions);
    request.keep_only_extensions(mem::take(&mut parts.extensions));
    Ok(state)
}

/// Calls the upgrade handler. If it panics, this request gets 500, and others are not affected.
async fn call(
    entry: &'static Entry,
    handler: UpgradeFn,
    endpoint: &Arc<Endpoint>,
    request: &UpgradeRequest,
    parts: &mut Parts,
) -> Result<UpgradeReply, Refusal> {
    let outcome = if entry.blocking {
        call_blocking(handler, endpoint, request, parts).await
    } else {
        let cx = context(endpoint, request, parts);
        isolate::future(async { handler(cx).await }).await
    };
    let answer = outcome.map_err(|Panicked| panicked(entry, endpoint))?;
    answer.map_err(|refusal| refusing(entry, endpoint, refusal.0).into())
}

/// Returns the answer that refuses the upgrade. axum gives 200 to a text without a status, with which HTTP/2 accepts a
/// WebSocket.
fn refusing(entry: &'static Entry, endpoint: &Endpoint, mut answer: Response) -> Response {
    let status = answer.status();
    if !status.is_success() && !status.is_informational() {
        return answer;
    }
    let is_first = endpoint.warnings.refused_with_success.is_first(move |more| {
        log::warn!(handler = entry.name, place = %entry.place(), more, "the handler refused more upgrades with a status of success");
    });
    log::warn_first!(
        is_first,
        handler = entry.name,
        place = %entry.place(),
        %status,
        "the handler refuses an upgrade with a status of success, and the client gets 403: return a status, such as `(StatusCode::UNAUTHORIZED, \"no token\")`"
    );
    *answer.status_mut() = StatusCode::FORBIDDEN;
    answer
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

/// Counts a handshake while its upgrade handler runs. The guards are in the request, since a blocking handler keeps the
/// request after the client has gone. Other copies of the request hold no guards once the handler has returned.
#[derive(Clone)]
struct HandshakeGuards(Arc<Mutex<Box<[Handshake]>>>);

impl HandshakeGuards {
    fn begin(endpoint: &Endpoint, address: Option<IpAddr>) -> Result<Self, AdmissionRefusal> {
        let guards = endpoint.admissions.begin(address)?;
        Ok(Self(Arc::new(Mutex::new(guards))))
    }

    fn end(&self) {
        let guards = mem::take(&mut *self.0.lock());
        drop(guards);
    }
}

/// Logs a panic in an upgrade handler, or in an argument that is checked before the 101.
pub(super) fn panicked(entry: &Entry, endpoint: &Endpoint) -> Refusal {
    log::error!(handler = entry.name, place = %entry.place(), endpoint = %endpoint.path, "the handler panicked before the upgrade");
    Refusal::Failed
}
