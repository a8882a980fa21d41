//! A server with what most tests inject.

use robyn_ws::{App, IncludedRouter, Limits};

use crate::{Gate, Seen, Server, probe};

/// A server whose handlers take `Global<Gate>` and `Global<Probe>`.
#[derive(Debug)]
pub struct Fixture {
    /// Serves the handlers of a router.
    pub server: Server,
    /// Lets handlers through that wait for it.
    pub gate: Gate,
    /// What handlers noted.
    pub seen: Seen,
}

impl Fixture {
    /// Serves the handlers of a router.
    pub async fn start(router: impl Into<IncludedRouter>, limits: Limits) -> Self {
        let (gate, (probe, seen)) = (Gate::default(), probe());
        let app = App::new().inject_global(gate.clone()).inject_global(probe);
        let app = app.include_router(router).limits(limits);
        let server = Server::start(app).await;
        Self { server, gate, seen }
    }
}
