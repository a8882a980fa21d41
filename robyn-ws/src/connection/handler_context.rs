//! The values that all handlers of a connection share.

use std::sync::Arc;

use crate::{connector::WebSocketConnector, endpoint::Endpoint, handler::state::States, util::log};

/// The values that all handlers of a connection share.
#[derive(Debug)]
pub(crate) struct HandlerContext {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) connector: WebSocketConnector,
    pub(crate) states: States,
}

/// The states are dropped here, wherever their connection ends.
impl Drop for HandlerContext {
    fn drop(&mut self) {
        let id = self.connector.id();
        self.states.discard(|state| {
            if let Some(state) = self.endpoint.states.iter().find(|kept| kept.id == state) {
                let (handler, place) = (state.handler.name, state.handler.place());
                log::error!(handler, %place, %id, "the `Drop` of a state that the handler takes panicked");
            }
        });
    }
}
