//! From the handlers of an app to its contract.

use std::collections::BTreeMap;

use schemars::Schema;
use serde_json::json;

use crate::{
    contract::{
        model::{Call, Endpoint, Handler, Limits, Message, Model, Notification, Parameter},
        references::reference,
        types::{Schemas, Types, Writer},
    },
    endpoint::{described::DescribedEndpoint, registry::Entry},
    handler::description::{Description, MessageDescription, TypeDescription},
    types::{
        close::{CloseReason, close_code},
        event_kind::EventKind,
        limits::Bounds,
    },
    util::log,
};

/// The codes that every endpoint may close with. The others depend on limits, or are chosen by handlers.
const CODES: [(u16, &str); 9] = [
    (
        close_code::NORMAL,
        "The server has closed the connection, or answers the Close of the client.",
    ),
    (
        close_code::AWAY,
        "The server shuts down, or nothing came from the client for too long.",
    ),
    (close_code::PROTOCOL, "The client violated RFC 6455."),
    (
        close_code::UNSUPPORTED,
        "The message is of the wrong kind: binary instead of text, or text instead of binary.",
    ),
    (
        close_code::INVALID_PAYLOAD,
        "The message is not valid UTF-8, or not the JSON that the endpoint receives.",
    ),
    (close_code::POLICY, "The client sends too much, or reads too slowly."),
    (close_code::TOO_BIG, "The message is too big."),
    (close_code::INTERNAL_ERROR, "The server has failed."),
    (close_code::TRY_AGAIN_LATER, "The server is overloaded."),
];

/// What is the same for all endpoints of an app.
pub(crate) struct AppPart<'a> {
    pub(crate) subprotocols: &'a [String],
    /// The code of a drain, if it is not the usual one.
    pub(crate) drain_code: Option<u16>,
}

/// An endpoint with the descriptions of its handlers.
struct Draft {
    endpoint: DescribedEndpoint,
    handlers: Vec<(&'static Entry, Description)>,
}

/// Returns the contract of these endpoints.
pub(crate) fn model(endpoints: Vec<DescribedEndpoint>, app: &AppPart<'_>) -> Model {
    let drafts: Vec<_> = endpoints.into_iter().map(Draft::new).collect();
    let mut types = Types::default();
    for draft in &drafts {
        for (_, description) in &draft.handlers {
            add(description, &mut types);
        }
    }
    for name in &types.unknown {
        log::info!(
            r#type = name,
            "the contract says nothing of a type: derive `schemars::JsonSchema` for it"
        );
    }
    let schemas = types.generate();
    let mut model = Model::new();
    for draft in drafts {
        let endpoint = draft.endpoint(&schemas, app);
        model.endpoints.insert(draft.endpoint.path, endpoint);
    }
    model.types = schemas.definitions;
    model
}

/// Adds all types of a handler.
fn add(description: &Description, types: &mut Types) {
    let Description {
        receives,
        returns,
        sends,
        methods,
        params,
        result,
        path,
        query,
    } = description;
    let of_client = path.iter().chain(query).chain(params).chain(json_of(receives));
    of_client.for_each(|ty| types.add(Writer::Client, *ty));
    let of_server = json_of(returns).chain(json_of(sends)).chain(result);
    of_server.for_each(|ty| types.add(Writer::Server, *ty));
    for method in methods {
        method.params.into_iter().for_each(|ty| types.add(Writer::Server, ty));
        method.result.into_iter().for_each(|ty| types.add(Writer::Client, ty));
    }
}

fn json_of(messages: &[MessageDescription]) -> impl Iterator<Item = &TypeDescription> {
    messages.iter().filter_map(|message| match message {
        MessageDescription::Json(ty) => Some(ty),
        _ => None,
    })
}

impl Draft {
    fn new(endpoint: DescribedEndpoint) -> Self {
        let handlers = endpoint.entries.iter().map(|entry| {
            let mut description = Description::default();
            (entry.described.describe)(&mut description);
            (*entry, description)
        });
        Self {
            handlers: handlers.collect(),
            endpoint,
        }
    }

    fn endpoint(&self, schemas: &Schemas, app: &AppPart<'_>) -> Endpoint {
        let mut endpoint = Endpoint {
            parameters: self.parameters(schemas),
            query: self.query(schemas),
            subprotocols: app.subprotocols.to_vec(),
            close_codes: close_codes(&self.endpoint.bounds, app),
            limits: limits(&self.endpoint.bounds),
            ..Endpoint::default()
        };
        for (entry, description) in &self.handlers {
            take(&mut endpoint, entry, description, schemas);
        }
        endpoint
    }

    fn parameters(&self, schemas: &Schemas) -> Vec<Parameter> {
        let schemas_of_path: Vec<_> = self
            .handlers
            .iter()
            .flat_map(|(_, description)| &description.path)
            .map(|ty| resolved(schemas.of(Writer::Client, *ty), schemas))
            .collect();
        let names = self.endpoint.parameters.iter().enumerate();
        let parameter = |(place, name): (usize, &String)| {
            let schema = schemas_of_path
                .iter()
                .find_map(|schema| of_parameter(schema, place, name, self.endpoint.parameters.len()));
            Parameter {
                name: name.clone(),
                schema: schema.unwrap_or_else(|| schemars::json_schema!({ "type": "string" })),
            }
        };
        names.map(parameter).collect()
    }

    /// Returns the schema of the query: all of what the handlers read from it.
    fn query(&self, schemas: &Schemas) -> Option<Schema> {
        let mut all: Vec<Schema> = Vec::new();
        for ty in self.handlers.iter().flat_map(|(_, description)| &description.query) {
            let schema = schemas.of(Writer::Client, *ty);
            if !all.contains(&schema) {
                all.push(schema);
            }
        }
        if all.len() > 1 {
            return Some(schemars::json_schema!({ "allOf": all }));
        }
        all.pop()
    }
}

/// Returns the schema of one parameter, which a handler reads into a struct, a tuple, or alone.
fn of_parameter(schema: &Schema, place: usize, name: &str, number: usize) -> Option<Schema> {
    let found = if let Some(properties) = schema.get("properties") {
        properties.get(name)
    } else if let Some(items) = schema.get("prefixItems") {
        items.get(place)
    } else if number == 1 && schema.get("type") != Some(&json!("array")) {
        Some(schema.as_value())
    } else {
        None
    };
    found.cloned().and_then(|schema| Schema::try_from(schema).ok())
}

/// Returns what a reference refers to.
fn resolved(schema: Schema, schemas: &Schemas) -> Schema {
    let definition = reference(schema.as_value()).and_then(|name| schemas.definitions.get(&name));
    definition.cloned().unwrap_or(schema)
}

/// Adds a handler to its endpoint.
fn take(endpoint: &mut Endpoint, entry: &Entry, description: &Description, schemas: &Schemas) {
    let event = entry.handler.event();
    let docs = entry.described.docs.to_owned();
    let is_call = event == EventKind::Call;
    if is_call {
        let call = Call {
            docs,
            params: description.params.map(|ty| schemas.of(Writer::Client, ty)),
            result: description.result.map(|ty| schemas.of(Writer::Server, ty)),
        };
        endpoint.calls.insert(entry.method.to_owned(), call);
    } else {
        endpoint.handlers.push(Handler {
            event: event.to_string(),
            name: entry.name.to_owned(),
            docs,
        });
    }
    if event == EventKind::Session {
        // Its function does not say what it receives.
        add_messages(
            &mut endpoint.receives,
            &[MessageDescription::Any],
            Writer::Client,
            schemas,
        );
        if description.sends.is_empty() {
            add_messages(&mut endpoint.sends, &[MessageDescription::Any], Writer::Server, schemas);
        }
    }
    add_messages(&mut endpoint.receives, &description.receives, Writer::Client, schemas);
    // An answer of `upgrade` or `close` is not a message, and the result of a call not one by itself.
    if !is_call && event != EventKind::Upgrade {
        add_messages(&mut endpoint.sends, &description.returns, Writer::Server, schemas);
    }
    add_messages(&mut endpoint.sends, &description.sends, Writer::Server, schemas);
    for method in &description.methods {
        let params = method.params.map(|ty| schemas.of(Writer::Server, ty));
        let name = method.name.to_owned();
        if method.is_call {
            let result = method.result.map(|ty| schemas.of(Writer::Client, ty));
            let docs = String::new();
            let call = endpoint.server_calls.entry(name);
            call.and_modify(|call| {
                either(&mut call.params, params.as_ref());
                either(&mut call.result, result.as_ref());
            })
            .or_insert(Call { docs, params, result });
        } else {
            let notification = endpoint.notifications.entry(name);
            notification
                .and_modify(|its| either(&mut its.params, params.as_ref()))
                .or_insert(Notification { params });
        }
    }
}

/// Adds what another handler says of the same method: a value is either of them.
fn either(schema: &mut Option<Schema>, other: Option<&Schema>) {
    if schema.as_ref() == other {
        return;
    }
    let null = || schemars::json_schema!({ "type": "null" });
    let (one, other) = (schema.clone().unwrap_or_else(null), other.cloned().unwrap_or_else(null));
    *schema = Some(schemars::json_schema!({ "anyOf": [one, other] }));
}

/// Adds messages that are not there yet.
fn add_messages(all: &mut Vec<Message>, more: &[MessageDescription], writer: Writer, schemas: &Schemas) {
    let mut add = |message| {
        if !all.contains(&message) {
            all.push(message);
        }
    };
    for message in more {
        match message {
            MessageDescription::Text => add(Message::Text),
            MessageDescription::Binary => add(Message::Binary),
            MessageDescription::Json(ty) => add(Message::Json(schemas.of(writer, *ty))),
            MessageDescription::Any => {
                add(Message::Text);
                add(Message::Binary);
            }
        }
    }
}

fn close_codes(bounds: &Bounds, app: &AppPart<'_>) -> BTreeMap<u16, String> {
    let mut codes: BTreeMap<_, _> = CODES.map(|(code, text)| (code, text.to_owned())).into();
    codes.insert(bounds.expired_code, CloseReason::Expired.to_string());
    codes.insert(bounds.replaced_code, CloseReason::Replaced.to_string());
    if let Some(code) = app.drain_code {
        codes.insert(code, CloseReason::Shutdown.to_string());
    }
    codes
}

fn limits(bounds: &Bounds) -> Limits {
    Limits {
        max_message_size: bounds.max_message_size as u64,
        max_messages_per_second: bounds.max_messages_per_second,
    }
}
