//! The handles: this connection's connector, and the app's hub.

use crate::{
    connector::WebSocketConnector,
    handler::{
        event::{EventContext, LiveEvent},
        extract::FromEvent,
    },
    hub::Hub,
    types::rejection::Rejection,
};

impl<'a, E: LiveEvent> FromEvent<'a, E> for WebSocketConnector {
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        Ok(cx.connector().clone())
    }
}

impl<'a, E: LiveEvent> FromEvent<'a, E> for &'a WebSocketConnector {
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        Ok(cx.connector())
    }
}

impl<'a, E: LiveEvent> FromEvent<'a, E> for Hub {
    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        let hub = cx.extensions().get::<Self>().cloned();
        hub.ok_or_else(|| Rejection::internal("the request has no `Hub`"))
    }
}
