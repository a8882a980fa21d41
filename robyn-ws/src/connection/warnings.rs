//! The warnings about handlers, of which the log has only some: clients can have a handler fail as often as they want.

use crate::{
    endpoint::registry::Entry,
    hub::{members::EndpointMembers, warnings::HandlerWarning},
    util::log,
};

/// Returns `true` if the warning is for the log. Otherwise it is counted, and the number is logged later.
pub(crate) fn is_first(warning: HandlerWarning, entry: &'static Entry, endpoint: &EndpointMembers) -> bool {
    let (handler, place, path) = (entry.name, entry.place(), endpoint.path.clone());
    let repeated = endpoint.warnings.of_handler(entry.key(), warning);
    repeated.is_first(move |more| {
        let again = match warning {
            HandlerWarning::Failed => "the handler failed again",
            HandlerWarning::Dropped => "the handler was dropped again",
            HandlerWarning::LeftBehind => "the blocking handler was left on its thread again",
            HandlerWarning::TooSlow => "the handler was too slow again",
        };
        log::warn!(handler, %place, endpoint = %path, more, "{again}");
    })
}
