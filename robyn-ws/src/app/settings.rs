//! The settings of an app that hold for all of its endpoints.

use std::panic::Location;

#[cfg(feature = "deflate")]
use crate::types::compression::Compression;
use crate::{
    app::App,
    types::{error::Place, limits::Limits, setting::ONE_LIMITS},
    upgrade::{handshake::is_token, origin::Origins},
};

impl App {
    /// Sets the limits. `build()` reports values that cannot work, and a second call: one [`Limits`] has all of them.
    #[track_caller]
    pub fn limits(mut self, limits: Limits) -> Self {
        let call = Location::caller();
        let name = ("App::limits", ONE_LIMITS);
        self.limits.set(limits, name, call, &mut self.problems);
        self
    }

    /// Compresses messages for clients that offer `permessage-deflate` (RFC 7692), as all browsers do. Default: off. It needs
    /// the cargo feature `deflate`.
    ///
    /// A client without an acceptable offer gets plain messages. `build()` reports a second call.
    ///
    /// ```
    /// use robyn_ws::{Compression, prelude::*};
    ///
    /// #[websocket("/prices", on = "connect")]
    /// fn connect() {}
    ///
    /// let app = App::new().compression(Compression::shared());
    /// # drop(app);
    /// ```
    #[cfg(feature = "deflate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
    #[track_caller]
    pub fn compression(mut self, compression: Compression) -> Self {
        let call = Location::caller();
        self.compression
            .set(compression, ("App::compression", ""), call, &mut self.problems);
        self
    }

    /// Sets the web pages that may connect. Default: [`Origins::same_host`]. `build()` reports a second call: one
    /// [`Origins::list`] has all of them.
    #[track_caller]
    pub fn origins(mut self, origins: Origins) -> Self {
        let call = Location::caller();
        let name = ("App::origins", ": one `Origins::list` has all pages");
        self.origins.set(origins, name, call, &mut self.problems);
        self
    }

    /// Sets the subprotocols. The first one that the client offers is chosen (RFC 6455 section 1.9). Called again, it adds to
    /// them. `build()` reports a name that no client can send.
    #[track_caller]
    pub fn subprotocols(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let call = Location::caller();
        for name in names.into_iter().map(Into::into) {
            if !is_token(name.as_bytes()) {
                let message =
                    format!("`{name}` is not a subprotocol: expected a name of visible ASCII without separators");
                self.problems.report(Place::of(call), None, message);
            }
            self.subprotocols.push(name);
        }
        self
    }
}
