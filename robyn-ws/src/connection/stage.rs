//! How far a connection is on its way to the end.

use crate::{types::close::Ending, util::time::Moment};

/// The stage of a connection.
#[derive(Debug, Default)]
pub(super) enum Stage {
    #[default]
    Open,
    /// The end has begun. Handlers may still go on.
    Ending(Box<End>),
    /// The grace of the drain is over: everything stops at once.
    Aborted(Box<End>),
}

/// An end that has begun.
#[derive(Debug)]
pub(super) struct End {
    ending: Ending,
    /// The time at which running handlers are dropped.
    deadline: Moment,
    /// Whether the peer has ended the connection, so that the messages it sent before are still handled.
    by_peer: bool,
}

impl Stage {
    /// Begins the end of an open connection. Handlers may go on until `deadline`.
    pub(super) fn begin(&mut self, ending: Ending, deadline: Moment, by_peer: bool) {
        *self = Self::Ending(Box::new(End {
            ending,
            deadline,
            by_peer,
        }));
    }

    /// Aborts an end that has begun.
    pub(super) fn abort(&mut self) {
        *self = match std::mem::take(self) {
            Self::Open => Self::Open,
            Self::Ending(end) | Self::Aborted(end) => Self::Aborted(end),
        };
    }

    const fn end(&self) -> Option<&End> {
        match self {
            Self::Open => None,
            Self::Ending(end) | Self::Aborted(end) => Some(end),
        }
    }

    const fn end_mut(&mut self) -> Option<&mut End> {
        match self {
            Self::Open => None,
            Self::Ending(end) | Self::Aborted(end) => Some(end),
        }
    }

    #[inline]
    pub(super) const fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }

    #[inline]
    pub(super) const fn is_aborted(&self) -> bool {
        matches!(self, Self::Aborted(_))
    }

    /// Returns `true` if the peer has ended the connection.
    pub(super) fn is_by_peer(&self) -> bool {
        self.end().is_some_and(|end| end.by_peer)
    }

    pub(super) fn ending(&self) -> Option<&Ending> {
        self.end().map(|end| &end.ending)
    }

    /// Replaces the ending, if its reason was unknown when the end began.
    pub(super) fn set_ending(&mut self, ending: Ending) {
        if let Some(end) = self.end_mut() {
            end.ending = ending;
        }
    }

    /// Returns the time at which running handlers are dropped.
    pub(super) fn deadline(&self) -> Option<Moment> {
        self.end().map(|end| end.deadline)
    }

    pub(super) fn set_deadline(&mut self, deadline: Moment) {
        if let Some(end) = self.end_mut() {
            end.deadline = deadline;
        }
    }

    /// Returns `true` if no handler may go on.
    pub(super) fn is_out_of_grace(&self) -> bool {
        self.is_aborted() || self.deadline().is_some_and(|deadline| Moment::now() >= deadline)
    }
}
