//! Why a connection ends, and the rooms that it has left, for its close handler.

use crate::{
    handler::{
        event::{self, EventContext},
        extract::FromEvent,
    },
    types::{close::CloseReason, departed::Departed, rejection::Rejection},
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

impl<'a> FromEvent<'a, event::Close> for Departed {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut EventContext<'a, event::Close>) -> Result<Self, Rejection> {
        let live = &cx.connector().live;
        Ok(live.endpoint.departures(live.id).into_iter().collect())
    }
}
