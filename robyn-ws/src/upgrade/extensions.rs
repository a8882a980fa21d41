//! The extensions of a request that its connection keeps.

use axum::{
    extract::{MatchedPath, OriginalUri},
    http::Extensions,
};

use crate::hub::Hub;

/// Returns a copy for the connection.
pub(super) fn kept(of_request: &Extensions) -> Extensions {
    let mut extensions = of_request.clone();
    forget_known(&mut extensions);
    fitted(extensions)
}

/// Removes axum's extensions whose values the connection has elsewhere. They keep the read buffer of the HTTP server, with
/// the whole request in it.
pub(super) fn forget_known(extensions: &mut Extensions) {
    extensions.remove::<OriginalUri>();
    extensions.remove::<MatchedPath>();
}

/// Moves extensions into a new map, since a map that has been larger keeps its size.
fn fitted(mut extensions: Extensions) -> Extensions {
    let Some(hub) = extensions.remove::<Hub>() else {
        return extensions;
    };
    let mut fitted = Extensions::new();
    fitted.insert(hub);
    fitted.extend(extensions);
    fitted
}
