//! The socket that a session handler owns.

use crate::{
    connector::web_socket::WebSocket,
    handler::{
        event::{EventContext, Session},
        extract::FromEvent,
        needs::Needs,
    },
    types::rejection::Rejection,
};

impl<'a> FromEvent<'a, Session> for WebSocket {
    fn from_event(cx: &mut EventContext<'a, Session>) -> Result<Self, Rejection> {
        cx.payload
            .take()
            .ok_or_else(|| Rejection::internal("the `WebSocket` is taken twice by one session handler"))
    }

    fn declare(needs: &mut Needs) {
        needs.takes::<Self>(true);
    }
}
