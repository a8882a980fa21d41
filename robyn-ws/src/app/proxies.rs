//! The proxies of an app.

use std::{panic::Location, sync::Arc};

use axum::{Router, extract::Request, middleware::map_request};

use crate::{
    types::error::{Place, Problems},
    upgrade::proxies::TrustedProxies,
};

/// The proxies of an app, and whether they speak the PROXY protocol.
#[derive(Debug, Default)]
pub(super) struct Proxies {
    trusted: TrustedProxies,
    /// The call that asked for the PROXY protocol.
    protocol: Option<&'static Location<'static>>,
}

impl Proxies {
    pub(super) fn trust(
        &mut self,
        entries: impl Iterator<Item = String>,
        call: &'static Location<'static>,
        problems: &mut Problems,
    ) {
        self.trusted.add(entries, call, problems);
    }

    pub(super) const fn expect_protocol(&mut self, call: &'static Location<'static>) {
        self.protocol = Some(call);
    }

    /// Reports settings without an effect.
    pub(super) fn report(&self, problems: &mut Problems) {
        if let Some(call) = self.protocol.filter(|_| self.trusted.is_empty()) {
            let message = "nobody may use the PROXY protocol: name the proxies by `App::trusted_proxies`, or remove `proxy_protocol()`";
            problems.report(Place::of(call), None, message);
        }
    }

    /// Reports the settings that only `serve` and `serve_on` can keep.
    pub(super) fn report_for_own_server(&self, problems: &mut Problems) {
        if let Some(call) = self.protocol {
            let message = "only `App::serve` and `App::serve_on` read the PROXY protocol: have your own server read it and pass the address on as `ConnectInfo<SocketAddr>`, and remove `proxy_protocol()`";
            problems.report(Place::of(call), None, message);
        }
    }

    pub(super) const fn trusted(&self) -> &TrustedProxies {
        &self.trusted
    }

    /// Returns `true` if the trusted proxies have to use the PROXY protocol.
    pub(super) const fn have_protocol(&self) -> bool {
        self.protocol.is_some()
    }

    /// Adds the address of the client to the requests of HTTP routes.
    pub(super) fn layer(&self, routes: Router) -> Router {
        if self.trusted.is_empty() {
            return routes;
        }
        let trusted = Arc::new(self.trusted.clone());
        routes.layer(map_request(move |request: Request| {
            let (mut parts, body) = request.into_parts();
            trusted.read(&mut parts);
            let request = Request::from_parts(parts, body);
            async move { request }
        }))
    }
}
