//! How far a connection is on its way to the end.

use crate::{types::close::Ending, util::time::Moment};

/// The stage of a connection: open, or on its way to the end.
#[derive(Debug, Default)]
pub(super) struct Stage(Option<Box<End>>);

/// An end that has begun. Handlers may still go on.
#[derive(Debug)]
struct End {
    ending: Ending,
    /// The time at which running handlers are dropped.
    deadline: Moment,
    /// Whether only the peer has ended the connection, so that the messages it sent before are still handled.
    by_peer: bool,
    /// Whether the grace of the drain is over: everything stops at once.
    is_aborted: bool,
}

impl Stage {
    /// Begins the end of an open connection. Handlers may go on until `deadline`.
    pub(super) fn begin(&mut self, ending: Ending, deadline: Moment, by_peer: bool) {
        self.0 = Some(Box::new(End {
            ending,
            deadline,
            by_peer,
            is_aborted: false,
        }));
    }

    /// Lets no further message be handled, because our side ends the connection as well.
    pub(super) fn stop_handling(&mut self) {
        if let Some(end) = &mut self.0 {
            end.by_peer = false;
        }
    }

    /// Aborts an end that has begun.
    pub(super) fn abort(&mut self) {
        if let Some(end) = &mut self.0 {
            end.is_aborted = true;
        }
    }

    fn end(&self) -> Option<&End> {
        self.0.as_deref()
    }

    #[inline]
    pub(super) const fn is_open(&self) -> bool {
        self.0.is_none()
    }

    #[inline]
    pub(super) fn is_aborted(&self) -> bool {
        self.end().is_some_and(|end| end.is_aborted)
    }

    /// Returns `true` if only the peer has ended the connection.
    pub(super) fn is_by_peer(&self) -> bool {
        self.end().is_some_and(|end| end.by_peer)
    }

    pub(super) fn ending(&self) -> Option<&Ending> {
        self.end().map(|end| &end.ending)
    }

    /// Replaces the ending, if its reason was unknown when the end began.
    pub(super) fn set_ending(&mut self, ending: Ending) {
        if let Some(end) = &mut self.0 {
            end.ending = ending;
        }
    }

    /// Returns the time at which running handlers are dropped.
    pub(super) fn deadline(&self) -> Option<Moment> {
        self.end().map(|end| end.deadline)
    }

    pub(super) fn set_deadline(&mut self, deadline: Moment) {
        if let Some(end) = &mut self.0 {
            end.deadline = deadline;
        }
    }

    /// Returns `true` if no handler may go on.
    pub(super) fn is_out_of_grace(&self) -> bool {
        self.is_aborted() || self.deadline().is_some_and(|deadline| Moment::now() >= deadline)
    }
}
