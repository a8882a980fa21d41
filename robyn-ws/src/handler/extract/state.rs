//! The connection's own state.

use std::any::{TypeId, type_name};

use crate::{
    handler::{
        event::{EventContext, LiveEvent},
        extract::FromEvent,
        needs::Needs,
        state::ConnectionState,
    },
    types::rejection::Rejection,
};

impl<'a, E: LiveEvent, S: ConnectionState> FromEvent<'a, E> for &'a mut S {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        cx.state().exclusive()
    }

    fn declare(needs: &mut Needs) {
        declare::<S>(needs, true);
    }
}

impl<'a, E: LiveEvent, S: ConnectionState + Sync> FromEvent<'a, E> for &'a S {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        cx.state().shared()
    }

    fn declare(needs: &mut Needs) {
        declare::<S>(needs, false);
    }
}

pub(crate) fn declare<S: ConnectionState>(needs: &mut Needs, is_exclusive: bool) {
    needs.takes::<S>(is_exclusive);
    needs.state(TypeId::of::<S>(), type_name::<S>(), S::INITIAL.is_some());
}
