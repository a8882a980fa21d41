//! The answers of the client to calls of this server. They are matched when they are read, also while a handler waits for
//! one of them.

use crate::{
    connection::driver::Driver,
    hub::live::Live,
    json_rpc::envelope::{Answer, Item, Received, parse, parse_element},
    types::message::Message,
    util::log,
};

impl Driver {
    /// Takes the answers out of a message that is read ahead. Returns the rest of it, if there is any.
    pub(super) fn without_answers(&self, message: Message) -> Option<Message> {
        if self.live.calls.is_empty() {
            return Some(message);
        }
        self.take_answers(message)
    }

    /// Takes the answers out of a message, also if no call waits. Returns the rest of it, if there is any.
    pub(super) fn take_answers(&self, message: Message) -> Option<Message> {
        let Message::Text(text) = &message else {
            return Some(message);
        };
        match parse(text, &self.endpoint.bounds) {
            Received::One(Item::Answer(answer)) => {
                take_answer(&self.live, answer);
                None
            }
            Received::Batch(elements) => {
                let all = elements.len();
                let rest = self.without_answers_in(elements);
                match rest.as_slice() {
                    [] => None,
                    rest if rest.len() == all => Some(message),
                    rest => Some(format!("[{}]", rest.join(",")).into()),
                }
            }
            Received::One(_) | Received::Malformed | Received::Invalid(_) => Some(message),
        }
    }

    fn without_answers_in<'a>(&self, mut elements: Vec<&'a str>) -> Vec<&'a str> {
        elements.retain(|element| match parse_element(element, &self.endpoint.bounds) {
            Item::Answer(answer) => {
                take_answer(&self.live, answer);
                false
            }
            Item::Call(_) | Item::Invalid { .. } => true,
        });
        elements
    }
}

/// Hands an answer to its caller, or counts and ignores it.
pub(super) fn take_answer(live: &Live, answer: Answer<'_>) {
    if !live.calls.answer(answer.id, answer.result) {
        live.endpoint.telemetry.ignored_answer();
        log::debug!(id = %live.id, endpoint = %live.endpoint.path, "an answer to no call that waits was ignored");
    }
}
