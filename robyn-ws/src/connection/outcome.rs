//! The outcome of a handler, and its consequence for the connection.

use crate::{
    connection::{handler_context::HandlerContext, warnings::is_first},
    endpoint::registry::Entry,
    handler::reply::{Consequence, HandlerError, HandlerResult},
    hub::{live::Live, warnings::HandlerWarning},
    types::{
        close::{CloseReason, Ending},
        message::Message,
    },
    util::{
        blocking::Running,
        isolate::{self, Panicked},
        log,
    },
};

/// The outcome of a handler.
#[derive(Debug)]
pub(crate) enum Outcome {
    Returned(Option<Message>),
    Failed(HandlerError),
    Panicked,
    /// It was dropped before its end.
    Dropped(Overrun),
    /// It still runs, on a thread that cannot be stopped.
    LeftBehind(Overrun, Box<Overdue>),
}

/// A blocking handler that outlives its connection.
#[derive(Debug)]
pub(crate) struct Overdue {
    pub(crate) entry: &'static Entry,
    pub(crate) thread: Running<(HandlerContext, Outcome)>,
}

/// The time limit that a handler has exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overrun {
    /// `Limits::handler_grace`, after the end of the connection.
    Grace,
    /// `Limits::handler_timeout`.
    Timeout,
    /// `Limits::handler_timeout`, while a call to the client waited for its answer, and could wait longer.
    TimeoutOfCall,
}

impl From<Result<HandlerResult, Panicked>> for Outcome {
    fn from(result: Result<HandlerResult, Panicked>) -> Self {
        match result {
            Ok(Ok(reply)) => Self::Returned(reply),
            Ok(Err(error)) => Self::Failed(error),
            Err(Panicked) => Self::Panicked,
        }
    }
}

/// The consequence of an outcome for its connection.
#[derive(Debug, Default)]
pub(crate) struct Conclusion {
    pub(crate) reply: Option<Message>,
    pub(crate) ending: Option<Ending>,
    pub(crate) overdue: Option<Box<Overdue>>,
}

impl Conclusion {
    fn end(ending: Ending) -> Self {
        Self {
            ending: Some(ending),
            ..Self::default()
        }
    }
}

impl Outcome {
    /// Returns the consequence, and logs failures.
    pub(crate) fn conclude(self, entry: &'static Entry, live: &Live) -> Conclusion {
        let (handler, place, id) = (entry.name, entry.place(), live.id);
        match self {
            Self::Returned(reply) => Conclusion {
                reply,
                ..Conclusion::default()
            },
            Self::Failed(error) => failed(error, entry, live),
            Self::Panicked => {
                log::error!(handler, %place, %id, "the handler panicked");
                Conclusion::end(Ending::because(CloseReason::HandlerPanic, ""))
            }
            Self::Dropped(overrun) => {
                let is_first = is_first(HandlerWarning::Dropped, entry, &live.endpoint);
                log::warn_first!(is_first, handler, %place, %id, "the handler was dropped: {}", overrun.why());
                overrun.conclusion()
            }
            Self::LeftBehind(overrun, overdue) => {
                let is_first = is_first(HandlerWarning::LeftBehind, entry, &live.endpoint);
                log::warn_first!(is_first, handler, %place, %id, "the blocking handler still runs on its thread: {}", overrun.why());
                Conclusion {
                    overdue: Some(overdue),
                    ..overrun.conclusion()
                }
            }
        }
    }
}

impl Overrun {
    const fn why(self) -> &'static str {
        match self {
            Self::Grace => "its connection has ended, and `Limits::handler_grace` is over",
            Self::Timeout => "`Limits::handler_timeout` is over, so its connection ends",
            Self::TimeoutOfCall => {
                "`Limits::handler_timeout` is over, so its connection ends: the client did not answer a call, and `Limits::call_timeout` is not below it; lower that, so that the call fails first"
            }
        }
    }

    fn conclusion(self) -> Conclusion {
        match self {
            Self::Grace => Conclusion::default(),
            Self::Timeout | Self::TimeoutOfCall => Conclusion::end(Ending::because(CloseReason::HandlerTimeout, "")),
        }
    }
}

fn failed(error: HandlerError, entry: &'static Entry, live: &Live) -> Conclusion {
    let (handler, place, id) = (entry.name, entry.place(), live.id);
    let conclusion = if error.is_disconnected() && !live.mailbox.is_open() {
        // The handler passes on that its own connection has ended.
        Conclusion::default()
    } else {
        match error.consequence() {
            Consequence::Reply(message) => Conclusion {
                reply: Some(message),
                ..Conclusion::default()
            },
            Consequence::End(ending) => {
                let reason = ending.reason.label();
                if error.is_failure() {
                    let is_first = is_first(HandlerWarning::Failed, entry, &live.endpoint);
                    log::warn_first!(is_first, handler, %place, %id, error = isolate::text(&error), reason, "the handler failed");
                } else {
                    let (code, error_text) = (ending.code(), isolate::text(&error));
                    let what = if error.is_rejection() {
                        "the message was refused"
                    } else {
                        "closed by the handler"
                    };
                    log::debug!(handler, %place, %id, error = error_text, reason, code, "{what}");
                }
                Conclusion::end(ending)
            }
        }
    };
    if isolate::discard(error).is_err() {
        log::error!(handler, %place, %id, "the `Drop` of the handler's error panicked");
    }
    conclusion
}
