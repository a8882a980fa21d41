//! The properties that the endpoints of a sub-router share.

use std::sync::Arc;

#[cfg(feature = "deflate")]
use crate::types::compression::CompressionRules;
use crate::{
    endpoint::router::SubRouter,
    handler::dependencies::{Dependencies, Scopes},
    hub::{
        admission::Admissions,
        identities::{Identities, IdentityScopes},
    },
    types::{
        error::{Place, Problems},
        limits::{Bounds, Limits},
    },
    wire::deflate::Encoder,
};

/// The prefix, dependencies and limits of the app, or of one sub-router and those around it.
#[derive(Clone)]
pub(super) struct RouterScope {
    pub(super) prefix: String,
    pub(super) scopes: Scopes,
    pub(super) bounds: Bounds,
    pub(super) admissions: Admissions,
    pub(super) identities: IdentityScopes,
    /// How messages are compressed, `None` for not at all.
    #[cfg(feature = "deflate")]
    pub(super) compression: Option<CompressionRules>,
}

impl RouterScope {
    /// Returns the scope of the app itself.
    pub(super) fn of_app(scopes: Scopes, bounds: Bounds, identities: Arc<Identities>) -> Self {
        let mut admissions = Admissions::default();
        admissions.add(&bounds);
        Self {
            prefix: String::new(),
            scopes,
            identities: IdentityScopes::of_app(identities, &bounds),
            bounds,
            admissions,
            #[cfg(feature = "deflate")]
            compression: None,
        }
    }

    /// Sets how messages are compressed.
    #[cfg(feature = "deflate")]
    pub(super) fn with_compression(self, compression: Option<CompressionRules>) -> Self {
        Self { compression, ..self }
    }

    /// Returns what encodes the messages of an endpoint.
    #[cfg_attr(
        not(feature = "deflate"),
        expect(clippy::unused_self, reason = "nothing is compressed without the feature")
    )]
    pub(super) fn encoder(&self) -> Encoder {
        #[cfg(feature = "deflate")]
        let encoder = Encoder::new(self.compression.clone().map(Arc::new));
        #[cfg(not(feature = "deflate"))]
        let encoder = Encoder::default();
        encoder
    }

    /// Returns the scope of `router`, which lies in this one.
    pub(super) fn of_router(
        &self,
        router: &'static SubRouter,
        injected: Dependencies,
        (limits, limits_at): (&Limits, Place),
        problems: &mut Problems,
    ) -> Self {
        let bounds = limits.narrow(&self.bounds, limits_at, problems);
        let mut scopes = self.scopes.clone();
        scopes.scoped.insert(0, Arc::new(injected));
        let mut admissions = self.admissions.clone();
        if limits.counts_connections() {
            admissions.add(&bounds);
        }
        let mut identities = self.identities.clone();
        if limits.counts_identities() {
            identities.add(&bounds);
        }
        Self {
            prefix: format!("{}{}", self.prefix, router.prefix()),
            scopes,
            bounds,
            admissions,
            identities,
            #[cfg(feature = "deflate")]
            compression: self.compression.clone(),
        }
    }
}
