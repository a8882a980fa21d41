//! The contract of an app.

use crate::{
    app::App,
    contract::{
        Contract,
        collect::{AppPart, model},
    },
    endpoint::described,
    types::{error::Problems, limits::Limits},
};

impl App {
    /// Returns the contract of the app: what its clients can rely on, from the handlers themselves. It needs the cargo feature
    /// `contract`.
    ///
    /// The app need not be complete: what [`Self::build`] would report is left out.
    #[cfg_attr(docsrs, doc(cfg(feature = "contract")))]
    pub fn contract(&self) -> Contract {
        let (limits, place) = self
            .limits
            .get()
            .cloned()
            .unwrap_or((Limits::default(), self.created_at));
        let bounds = limits.resolve(place, &mut Problems::default());
        let endpoints = described::endpoints(&self.routers, &self.only, &bounds);
        let app = AppPart {
            subprotocols: &self.subprotocols,
            drain_code: self.drain_code.get().map(|(code, _)| *code),
        };
        Contract::new(model(endpoints, &app))
    }
}
