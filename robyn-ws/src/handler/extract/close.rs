//! Why a connection ends, for its close handler.

use crate::{
    handler::{
        event::{self, EventContext},
        extract::FromEvent,
    },
    types::{close::CloseReason, rejection::Rejection},
};

impl<'a> FromEvent<'a, event::Close> for &'a CloseReason {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut EventContext<'a, event::Close>) -> Result<Self, Rejection> {
        Ok(cx.close_reason())
    }
}

impl<'a> FromEvent<'a, event::Close> for CloseReason {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut EventContext<'a, event::Close>) -> Result<Self, Rejection> {
        Ok(cx.close_reason().clone())
    }
}
