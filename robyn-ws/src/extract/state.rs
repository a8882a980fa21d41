//! The connection's own state.

use crate::{
    ConnectionState, FromEvent, Rejection,
    event::{EventContext, LiveEvent},
    extract::Needs,
    state,
};

impl<'a, E: LiveEvent, S: ConnectionState> FromEvent<'a, E> for &'a mut S {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        cx.state().exclusive()
    }

    fn declare(needs: &mut Needs) {
        state::declare::<S>(needs);
    }
}

impl<'a, E: LiveEvent, S: ConnectionState + Sync> FromEvent<'a, E> for &'a S {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        cx.state().shared()
    }

    fn declare(needs: &mut Needs) {
        state::declare::<S>(needs);
    }
}
