//! What has changed from one contract to another, and which of it breaks clients of before.

mod forms;
mod range;
mod schema;

use std::{collections::BTreeMap, fmt};

use schemars::Schema;

use self::schema::differences;
use crate::contract::{
    model::{Call, Endpoint, Message, Model, Parameter},
    types::Writer,
};

/// A change that breaks clients of before, from [`Contract::breaks`](super::Contract::breaks). `{}` says what and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakingChange {
    endpoint: String,
    place: String,
    what: String,
}

impl BreakingChange {
    /// Returns the path of the endpoint.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Returns the place in the endpoint, as in `call say: params: text`.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Returns what has changed, and whom it breaks.
    pub fn what(&self) -> &str {
        &self.what
    }
}

impl fmt::Display for BreakingChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.endpoint)?;
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.what)
    }
}

/// Returns each change that breaks clients of before.
pub(super) fn breaking(old: &Model, new: &Model) -> Vec<BreakingChange> {
    let mut found = Vec::new();
    for (path, before) in &old.endpoints {
        let mut changes = Changes {
            models: (old, new),
            endpoint: path,
            found: &mut found,
        };
        match new.endpoints.get(path) {
            Some(now) => changes.of_endpoint(before, now),
            None => changes.report("", "the endpoint is gone: clients get 404"),
        }
    }
    found
}

struct Changes<'a> {
    /// The old one and the new one.
    models: (&'a Model, &'a Model),
    endpoint: &'a str,
    found: &'a mut Vec<BreakingChange>,
}

impl Changes<'_> {
    fn report(&mut self, place: &str, what: impl Into<String>) {
        self.found.push(BreakingChange {
            endpoint: self.endpoint.to_owned(),
            place: place.to_owned(),
            what: what.into(),
        });
    }

    fn of_endpoint(&mut self, old: &Endpoint, new: &Endpoint) {
        self.of_parameters(&old.parameters, &new.parameters);
        match (&old.query, &new.query) {
            (_, None) => {}
            (Some(old), Some(new)) => self.of_schema("query", old, new, Writer::Client),
            (None, Some(new)) => {
                let nothing = schemars::json_schema!({ "type": "object" });
                self.of_schema("query", &nothing, new, Writer::Client);
            }
        }
        self.of_messages("receives", &old.receives, &new.receives, Writer::Client);
        self.of_messages("sends", &old.sends, &new.sends, Writer::Server);
        self.of_calls(&old.calls, &new.calls);
        for (method, notification) in &old.notifications {
            let place = format!("notification {method}");
            match new.notifications.get(method) {
                Some(new) => self.of_optional(&place, (&notification.params, &new.params), Writer::Server),
                None => self.report(&place, "is not sent any more: breaks clients that wait for it"),
            }
        }
        self.of_server_calls(&old.server_calls, &new.server_calls);
        self.of_codes(old, new);
        self.of_limits(old, new);
    }

    fn of_parameters(&mut self, old: &[Parameter], new: &[Parameter]) {
        for (old, new) in old.iter().zip(new) {
            let place = format!("parameter {}", old.name);
            self.of_schema(&place, &old.schema, &new.schema, Writer::Client);
        }
    }

    /// Reports the messages that clients do not get through any more, or that they do not know.
    fn of_messages(&mut self, place: &str, old: &[Message], new: &[Message], writer: Writer) {
        let (written, read) = match writer {
            Writer::Client => (old, new),
            Writer::Server => (new, old),
        };
        let plain = [(Message::Text, "a text"), (Message::Binary, "a binary message")];
        for (message, name) in plain {
            // What reads a text reads JSON as well, and what reads JSON not every text.
            if written.contains(&message) && !read.contains(&message) {
                let what = match writer {
                    Writer::Client => format!("{name} is not taken any more: breaks clients that send it"),
                    Writer::Server => format!("may be {name} now: breaks clients that do not know it"),
                };
                self.report(place, what);
            }
        }
        if read.contains(&Message::Text) {
            return;
        }
        let (old, new) = (json_of(old), json_of(new));
        match (old, new) {
            (Some(old), Some(new)) => self.of_schema(place, &old, &new, writer),
            (Some(_), None) if writer == Writer::Client => {
                self.report(place, "JSON is not taken any more: breaks clients that send it");
            }
            (None, Some(_)) if writer == Writer::Server && !read.is_empty() => {
                self.report(place, "may be JSON now: breaks clients that do not know it");
            }
            _ => {}
        }
    }

    fn of_calls(&mut self, old: &BTreeMap<String, Call>, new: &BTreeMap<String, Call>) {
        for (method, call) in old {
            let place = format!("call {method}");
            let Some(now) = new.get(method) else {
                self.report(&place, "is gone: breaks clients that call it");
                continue;
            };
            self.of_optional(&format!("{place}: params"), (&call.params, &now.params), Writer::Client);
            self.of_optional(&format!("{place}: result"), (&call.result, &now.result), Writer::Server);
        }
    }

    fn of_server_calls(&mut self, old: &BTreeMap<String, Call>, new: &BTreeMap<String, Call>) {
        for (method, now) in new {
            let place = format!("call of the server {method}");
            let Some(before) = old.get(method) else {
                self.report(&place, "is new: breaks clients, which cannot answer it");
                continue;
            };
            self.of_optional(
                &format!("{place}: params"),
                (&before.params, &now.params),
                Writer::Server,
            );
            self.of_optional(
                &format!("{place}: result"),
                (&before.result, &now.result),
                Writer::Client,
            );
        }
    }

    /// Compares two schemas, of which a missing one is that of `null`.
    fn of_optional(&mut self, place: &str, (old, new): (&Option<Schema>, &Option<Schema>), writer: Writer) {
        let null = schemars::json_schema!({ "type": "null" });
        let (old, new) = (old.as_ref().unwrap_or(&null), new.as_ref().unwrap_or(&null));
        self.of_schema(place, old, new, writer);
    }

    fn of_schema(&mut self, place: &str, old: &Schema, new: &Schema, writer: Writer) {
        let (old_model, new_model) = self.models;
        for difference in differences((old, old_model), (new, new_model), writer) {
            let place = if difference.place.is_empty() {
                place.to_owned()
            } else {
                format!("{place}: {}", difference.place)
            };
            let whom = match writer {
                Writer::Client => "breaks clients that send as before",
                Writer::Server => "breaks clients that read as before",
            };
            self.report(&place, format!("{}: {whom}", difference.what));
        }
    }

    fn of_codes(&mut self, old: &Endpoint, new: &Endpoint) {
        for code in new
            .close_codes
            .keys()
            .filter(|code| !old.close_codes.contains_key(code))
        {
            self.report(
                &format!("close code {code}"),
                "is new: breaks clients, which do not know whether to reconnect",
            );
        }
        let gone: Vec<_> = old
            .subprotocols
            .iter()
            .filter(|name| !new.subprotocols.contains(name))
            .collect();
        for name in gone {
            self.report(&format!("subprotocol {name}"), "is gone: breaks clients that need it");
        }
    }

    fn of_limits(&mut self, old: &Endpoint, new: &Endpoint) {
        let (before, now) = (old.limits.max_message_size, new.limits.max_message_size);
        if now < before {
            let what = format!("takes {now} bytes now, and took {before}: breaks clients that send more");
            self.report("limit of the message size", what);
        }
        let rate = |endpoint: &Endpoint| endpoint.limits.max_messages_per_second;
        if let Some(now) = rate(new)
            && rate(old).is_none_or(|before| now < before)
        {
            let what = format!("takes {now} messages per second now: breaks clients that send more");
            self.report("limit of the rate", what);
        }
    }
}

/// Returns the schema of all messages in JSON.
fn json_of(messages: &[Message]) -> Option<Schema> {
    let schemas: Vec<_> = messages
        .iter()
        .filter_map(|message| match message {
            Message::Json(schema) => Some(schema),
            _ => None,
        })
        .collect();
    match *schemas {
        [] => None,
        [one] => Some(one.clone()),
        _ => Some(schemars::json_schema!({ "anyOf": schemas })),
    }
}
