//! What the server refuses over a connection that stands.
//!
//! It says so behind the command, so the client has an event, and neither `publish` nor `subscribe` of the client fails.

use std::sync::{Arc, OnceLock};

use async_nats::ServerError;

use crate::{
    backplane::{BackplaneError, prefix::DEFAULT_PREFIX},
    util::{log, repeated::Repeated, sync::Mutex},
};

/// The end of the subject of questions.
pub(super) const QUESTION: &str = "question";

/// The beginnings of what the server says when a permission is missing. The subject follows.
const NOT_PUBLISHED: &str = "permissions violation for publish";
const NOT_SUBSCRIBED: &str = "permissions violation for subscription";

#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// The beginning of all subjects. Nothing is published or subscribed to before it is known.
    prefix: OnceLock<Arc<str>>,
    publishing: Arc<Repeated>,
    subscribing: Arc<Repeated>,
    others: Arc<Repeated>,
    payloads: Mutex<Payloads>,
}

/// The payloads that were refused, of which no caller was told yet.
#[derive(Debug, Default)]
struct Payloads {
    number: u64,
    last: String,
}

impl Refusals {
    pub(super) fn set_prefix(&self, prefix: Arc<str>) {
        let _ = self.prefix.set(prefix); // It is set once.
    }

    /// Logs what the server has refused, unless the log has much of it, and remembers refused payloads.
    pub(super) fn add(&self, error: &ServerError) {
        let error = match error {
            ServerError::Other(text) => text.clone(),
            error => error.to_string(),
        };
        let prefix = self.prefix.get().map_or(DEFAULT_PREFIX, |prefix| prefix);
        let says = error.to_lowercase();
        if says.starts_with(NOT_PUBLISHED) {
            if !error.ends_with(&format!(".{QUESTION}\"")) {
                self.payloads.lock().add(&error);
            }
            let report = |more| log::warn!(more, "the NATS server refused to publish more of what this node sends");
            log::warn_first!(
                self.publishing.is_first(report),
                error,
                "the NATS server refuses to publish what this node sends, so other nodes do not get it; {}",
                advice(prefix)
            );
        } else if says.starts_with(NOT_SUBSCRIBED) {
            let report = |more| log::warn!(more, "the NATS server refused more subscriptions of this node");
            log::warn_first!(
                self.subscribing.is_first(report),
                error,
                "the NATS server refuses a subscription of this node, which does not get what others send there; {}",
                advice(prefix)
            );
        } else {
            let report = |more| log::warn!(more, "more errors of the NATS server");
            log::warn_first!(self.others.is_first(report), error, "an error of the NATS server");
        }
    }

    /// Returns the error of one refused payload, once for each.
    pub(super) fn tell(&self) -> Result<(), BackplaneError> {
        let error = self.payloads.lock().take();
        error.map_or(Ok(()), |error| {
            let prefix = self.prefix.get().map_or(DEFAULT_PREFIX, |prefix| prefix);
            Err(BackplaneError::failed(format!(
                "{error}, says the NATS server; {}",
                advice(prefix)
            )))
        })
    }
}

impl Payloads {
    fn add(&mut self, error: &str) {
        self.number += 1;
        error.clone_into(&mut self.last);
    }

    fn take(&mut self) -> Option<String> {
        self.number = self.number.checked_sub(1)?;
        Some(self.last.clone())
    }
}

fn advice(prefix: &str) -> String {
    format!("permit its user to publish and to subscribe to `{prefix}.>`")
}

#[cfg(test)]
mod tests {
    use async_nats::ServerError;

    use super::Refusals;

    #[test]
    fn refused_payload_is_told_once_and_a_refused_question_is_not() {
        let refusals = Refusals::default();
        let says = |text: &str| refusals.add(&ServerError::Other(text.to_owned()));
        says(r#"Permissions Violation for Publish to "robyn_ws.question""#);
        says(r#"Permissions Violation for Subscription to "robyn_ws.nodes""#);
        refusals.tell().expect("no payload was refused");
        says(r#"Permissions Violation for Publish to "robyn_ws.nodes""#);
        let told = refusals.tell().expect_err("it was refused").to_string();
        assert!(
            told.contains("\"robyn_ws.nodes\"") && told.contains("`robyn_ws.>`"),
            "{told}"
        );
        refusals.tell().expect("it was told");
    }
}
