//! A connection's own state, lent to one handler at a time and so without a lock.

use std::{
    any::{Any, TypeId, type_name},
    slice,
};

use smallvec::SmallVec;

use crate::{
    types::rejection::Rejection,
    util::isolate::{self, Panicked},
};

/// The state of one connection, taken by handlers as `&S` or `&mut S`.
///
/// Derive it: the state then begins as its `Default` when a handler first wants it, or as the value that the
/// endpoint's `upgrade` handler returned. With `#[connection_state(from_upgrade)]` only an upgrade handler can create it.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[derive(Default, ConnectionState)]
/// struct Session {
///     seen: u32,
/// }
///
/// #[websocket("/count", on = "message")]
/// fn count(session: &mut Session) -> String {
///     session.seen += 1;
///     session.seen.to_string()
/// }
///
/// // A handler is an ordinary function.
/// assert_eq!(count(&mut Session { seen: 41 }), "42");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a connection state",
    label = "not a `ConnectionState`",
    note = "derive it: `#[derive(Default, ConnectionState)]`"
)]
pub trait ConnectionState: Sized + Send + 'static {
    /// Creates the state of a new connection. It is `None` if only an upgrade handler can create it.
    const INITIAL: Option<fn() -> Self>;
}

/// The place of one type's state in a connection.
#[derive(Debug)]
pub(crate) struct Slot {
    id: TypeId,
    value: Option<Box<dyn Any + Send>>,
}

/// All states of one connection, a slot for each type that its endpoint's handlers want.
#[derive(Debug, Default)]
pub(crate) struct States(Vec<Slot>);

impl States {
    pub(crate) fn new(wanted: impl Iterator<Item = TypeId>, from_upgrade: Option<Box<dyn Any + Send>>) -> Self {
        let mut slots: Vec<_> = wanted.map(|id| Slot { id, value: None }).collect();
        if let Some(value) = from_upgrade
            && let Some(slot) = slots.iter_mut().find(|slot| slot.id == (*value).type_id())
        {
            slot.value = Some(value);
        }
        Self(slots)
    }

    pub(crate) fn lend(&mut self) -> StateLease<'_> {
        StateLease {
            untouched: self.0.iter_mut(),
            ..StateLease::default()
        }
    }

    /// Drops the states one by one, and calls `panicked` for those whose `Drop` panics.
    pub(crate) fn discard(&mut self, panicked: impl Fn(TypeId)) {
        for slot in self.0.drain(..) {
            let id = slot.id;
            if isolate::discard(slot) == Err(Panicked) {
                panicked(id);
            }
        }
    }
}

/// The states that no argument of the running handler has taken yet.
#[derive(Debug, Default)]
pub(crate) struct StateLease<'a> {
    /// All states, until the first is taken: most handlers take none.
    untouched: slice::IterMut<'a, Slot>,
    /// Nearly every endpoint has one state or none, which takes no allocation.
    free: SmallVec<[&'a mut Slot; 2]>,
    /// The states taken as `&S`, which can be taken again.
    shared: Vec<&'a (dyn Any + Send + Sync)>,
}

impl<'a> StateLease<'a> {
    pub(crate) fn exclusive<S: ConnectionState>(&mut self) -> Result<&'a mut S, Rejection> {
        let slot = self.take(TypeId::of::<S>()).ok_or_else(unavailable::<S>)?;
        slot.fill::<S>()?;
        slot.value
            .as_mut()
            .and_then(|value| value.downcast_mut())
            .ok_or_else(missing::<S>)
    }

    pub(crate) fn shared<S: ConnectionState + Sync>(&mut self) -> Result<&'a S, Rejection> {
        if let Some(known) = self.shared.iter().find_map(|state| state.downcast_ref()) {
            return Ok(known);
        }
        let state = self.exclusive()?;
        Ok(self.share(state))
    }

    /// Lends a state that was taken as `&mut S` to several arguments.
    pub(crate) fn share<S: Any + Send + Sync>(&mut self, state: &'a mut S) -> &'a S {
        let state: &'a S = state;
        self.shared.push(state);
        state
    }

    /// Takes the slot out of the lease, so that no other argument can have it.
    fn take(&mut self, id: TypeId) -> Option<&'a mut Slot> {
        self.free.extend(self.untouched.by_ref());
        let at = self.free.iter().position(|slot| slot.id == id)?;
        Some(self.free.swap_remove(at))
    }
}

impl Slot {
    fn fill<S: ConnectionState>(&mut self) -> Result<(), Rejection> {
        if self.value.is_none() {
            let make = S::INITIAL.ok_or_else(missing::<S>)?;
            self.value = Some(Box::new(make()));
        }
        Ok(())
    }
}

/// `build()` refuses an endpoint that takes such a state without an upgrade handler. This rejection happens when the
/// system had no thread for a blocking handler, which had the state.
fn missing<S>() -> Rejection {
    Rejection::internal(format!("this connection has no `{}`", type_name::<S>()))
}

/// The macro refuses two such arguments in one signature, but an extractor of the user can take a state too.
fn unavailable<S>() -> Rejection {
    Rejection::internal(format!(
        "`{}` cannot be taken: another argument has it as `&mut`, or an extractor takes it and does not call its `FromEvent::declare`",
        type_name::<S>()
    ))
}
