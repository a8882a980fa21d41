//! The contract as AsyncAPI 3.1.0: <https://www.asyncapi.com/docs/reference/specification/v3.1.0>.
//!
//! The document describes the server: it receives what clients send.

use std::collections::BTreeSet;

use schemars::{
    Schema,
    transform::{RemoveRefSiblings, ReplacePrefixItems, ReplaceUnevaluatedProperties, Transform},
};
use serde_json::{Map, Value, json};

use crate::contract::{
    Info,
    model::{Call, Endpoint, Message, Model, TYPES},
    references::reference,
};

const SCHEMAS: &str = "#/components/schemas/";

/// Returns the document.
pub(super) fn document(model: &Model, info: &Info) -> Value {
    let mut document = Document::default();
    for (path, endpoint) in &model.endpoints {
        document.add(path, endpoint, model);
    }
    let schemas: Map<_, _> = model
        .types
        .iter()
        .map(|(name, schema)| (name.clone(), compatible(schema)))
        .collect();
    let mut all = json!({
        "asyncapi": "3.1.0",
        "info": { "title": info.title, "version": info.version },
        "defaultContentType": "application/json",
        "channels": document.channels,
        "operations": document.operations,
        "components": { "schemas": schemas },
    });
    if !info.description.is_empty() {
        all["info"]["description"] = json!(info.description);
    }
    if !info.servers.is_empty() {
        let servers = info.servers.iter().map(|(name, url)| (name.clone(), server(url)));
        all["servers"] = servers.collect::<Map<_, _>>().into();
    }
    all
}

fn server(url: &str) -> Value {
    let (protocol, rest) = url.split_once("://").unwrap_or(("wss", url));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut server = json!({ "host": host, "protocol": protocol });
    if !path.is_empty() {
        server["pathname"] = json!(format!("/{path}"));
    }
    server
}

#[derive(Default)]
struct Document {
    channels: Map<String, Value>,
    operations: Map<String, Value>,
    names: BTreeSet<String>,
}

/// The channel of one endpoint, while its messages are collected.
struct Channel {
    name: String,
    messages: Map<String, Value>,
}

impl Document {
    fn add(&mut self, path: &str, endpoint: &Endpoint, model: &Model) {
        let mut channel = Channel {
            name: self.name(path),
            messages: Map::new(),
        };
        self.messages(&mut channel, "receive", &endpoint.receives);
        self.messages(&mut channel, "send", &endpoint.sends);
        for (method, call) in &endpoint.calls {
            self.call(&mut channel, "receive", method, call);
        }
        for (method, notification) in &endpoint.notifications {
            let message = json!({
                "name": method,
                "title": format!("Notification `{method}`"),
                "payload": compatible_value(request(method, notification.params.as_ref(), None)),
            });
            let reference = channel.add(&format!("notification {method}"), message);
            let operation = json!({
                "action": "send",
                "channel": channel.reference(),
                "title": method,
                "messages": [reference],
            });
            self.operation(&format!("{} send {method}", channel.name), operation);
        }
        for (method, call) in &endpoint.server_calls {
            self.call(&mut channel, "send", method, call);
        }
        let description = described(endpoint);
        let mut value = json!({
            "address": path,
            "messages": channel.messages,
            "bindings": { "ws": { "method": "GET", "bindingVersion": "0.1.0" } },
            "x-close-codes": endpoint.close_codes,
            "x-limits": endpoint.limits,
        });
        if !description.is_empty() {
            value["description"] = json!(description);
        }
        if let Some(query) = &endpoint.query {
            value["bindings"]["ws"]["query"] = compatible(&resolved(query, model));
        }
        if !endpoint.subprotocols.is_empty() {
            value["x-subprotocols"] = json!(endpoint.subprotocols);
        }
        if !endpoint.parameters.is_empty() {
            let parameters = endpoint
                .parameters
                .iter()
                .map(|parameter| (parameter.name.clone(), self::parameter(&parameter.schema)));
            value["parameters"] = parameters.collect::<Map<_, _>>().into();
        }
        self.channels.insert(channel.name, value);
    }

    /// Adds messages that are no calls.
    fn messages(&mut self, channel: &mut Channel, action: &str, messages: &[Message]) {
        let references: Vec<_> = messages
            .iter()
            .map(|message| {
                let (name, message) = self::message(message);
                channel.add(&format!("{action} {name}"), message)
            })
            .collect();
        if !references.is_empty() {
            let operation = json!({
                "action": action,
                "channel": channel.reference(),
                "messages": references,
            });
            self.operation(&format!("{} {action}", channel.name), operation);
        }
    }

    /// Adds a call, which one side makes and the other one answers.
    fn call(&mut self, channel: &mut Channel, action: &str, method: &str, call: &Call) {
        let asked = json!({
            "name": method,
            "title": format!("Call of `{method}`"),
            "payload": compatible_value(request(method, call.params.as_ref(), Some(json!({ "type": ["string", "integer"] })))),
            "correlationId": { "location": "$message.payload#/id" },
        });
        let answered = json!({
            "name": format!("{method} answer"),
            "title": format!("Answer of `{method}`"),
            "payload": compatible_value(answer(call.result.as_ref())),
            "correlationId": { "location": "$message.payload#/id" },
        });
        let asked = channel.add(&format!("{action} {method}"), asked);
        let answered = channel.add(&format!("{action} {method} answer"), answered);
        let mut operation = json!({
            "action": action,
            "channel": channel.reference(),
            "title": method,
            "messages": [asked],
            "reply": { "channel": channel.reference(), "messages": [answered] },
        });
        if !call.docs.is_empty() {
            operation["description"] = json!(call.docs);
        }
        self.operation(&format!("{} {action} {method}", channel.name), operation);
    }

    fn operation(&mut self, text: &str, operation: Value) {
        let name = self.name(text);
        self.operations.insert(name, operation);
    }

    /// Returns a name of letters, digits and underscores that nothing else has.
    fn name(&mut self, text: &str) -> String {
        let name = identifier(text);
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let free = [name.clone()]
            .into_iter()
            .chain(numbered)
            .find(|name| self.names.insert(name.clone()));
        free.unwrap_or(name)
    }
}

impl Channel {
    fn reference(&self) -> Value {
        json!({ "$ref": format!("#/channels/{}", self.name) })
    }

    /// Adds a message. Returns the reference to it.
    fn add(&mut self, text: &str, message: Value) -> Value {
        let name = identifier(text);
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let free = [name.clone()]
            .into_iter()
            .chain(numbered)
            .find(|name| !self.messages.contains_key(name))
            .unwrap_or(name);
        let reference = json!({ "$ref": format!("#/channels/{}/messages/{free}", self.name) });
        self.messages.insert(free, message);
        reference
    }
}

/// Returns a text with underscores in place of all but letters and digits.
fn identifier(text: &str) -> String {
    let words: Vec<_> = text
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    if words.is_empty() {
        "root".to_owned()
    } else {
        words.join("_")
    }
}

/// Returns a message, and a name for it.
fn message(message: &Message) -> (String, Value) {
    match message {
        Message::Text => {
            let payload = json!({ "type": "string" });
            let message = json!({ "title": "Text", "contentType": "text/plain", "payload": payload });
            ("text".to_owned(), message)
        }
        Message::Binary => {
            let payload = json!({ "type": "string", "format": "binary" });
            let message = json!({ "title": "Binary", "contentType": "application/octet-stream", "payload": payload });
            ("binary".to_owned(), message)
        }
        Message::Json(schema) => {
            let name = type_name(schema).unwrap_or_else(|| "json".to_owned());
            let message = json!({ "title": name, "contentType": "application/json", "payload": compatible(schema) });
            (name, message)
        }
    }
}

/// Returns the name of the type that a schema is, or refers to.
fn type_name(schema: &Schema) -> Option<String> {
    let title = || schema.get("title").and_then(Value::as_str).map(str::to_owned);
    reference(schema.as_value()).or_else(title)
}

/// Returns the schema of a request of JSON-RPC 2.0, or of a notification, which has no id.
fn request(method: &str, params: Option<&Schema>, id: Option<Value>) -> Value {
    let mut required = vec!["jsonrpc", "method"];
    let mut properties = json!({ "jsonrpc": { "const": "2.0" }, "method": { "const": method } });
    if let Some(id) = id {
        properties["id"] = id;
        required.push("id");
    }
    if let Some(params) = params {
        properties["params"] = json!(params);
        required.push("params");
    }
    json!({ "type": "object", "properties": properties, "required": required })
}

/// Returns the schema of an answer of JSON-RPC 2.0.
fn answer(result: Option<&Schema>) -> Value {
    let result = result.map_or_else(|| json!({ "type": "null" }), |result| json!(result));
    let id = json!({ "type": ["string", "integer", "null"] });
    let error = json!({
        "type": "object",
        "properties": { "code": { "type": "integer" }, "message": { "type": "string" }, "data": {} },
        "required": ["code", "message"],
    });
    let of = |name: &str, value: Value| {
        let properties = json!({ "jsonrpc": { "const": "2.0" }, "id": id, name: value });
        json!({ "type": "object", "properties": properties, "required": ["jsonrpc", "id", name] })
    };
    json!({ "oneOf": [of("result", result), of("error", error)] })
}

/// Returns a parameter of a channel, whose value is a string.
fn parameter(schema: &Schema) -> Value {
    let mut parameter = Map::new();
    for key in ["description", "enum", "default", "examples"] {
        let value = schema.get(key).filter(|value| match value {
            Value::Array(values) => values.iter().all(Value::is_string),
            value => value.is_string(),
        });
        parameter.extend(value.map(|value| (key.to_owned(), value.clone())));
    }
    parameter.into()
}

/// Returns the documentation of an endpoint's handlers.
fn described(endpoint: &Endpoint) -> String {
    let docs = endpoint.handlers.iter().filter(|handler| !handler.docs.is_empty());
    let docs = docs.map(|handler| handler.docs.as_str());
    docs.collect::<Vec<_>>().join("\n\n")
}

fn resolved(schema: &Schema, model: &Model) -> Schema {
    let definition = type_name(schema).and_then(|name| model.types.get(&name));
    definition.unwrap_or(schema).clone()
}

/// Returns a schema in the dialect of AsyncAPI, which is a superset of JSON Schema draft 7.
fn compatible(schema: &Schema) -> Value {
    let mut schema = schema.clone();
    ReplaceUnevaluatedProperties::default().transform(&mut schema);
    RemoveRefSiblings::default().transform(&mut schema);
    ReplacePrefixItems::default().transform(&mut schema);
    References.transform(&mut schema);
    schema.to_value()
}

fn compatible_value(value: Value) -> Value {
    Schema::try_from(value).map_or(Value::Null, |schema| compatible(&schema))
}

/// Sets references to the place of the schemas.
struct References;

impl Transform for References {
    fn transform(&mut self, schema: &mut Schema) {
        let reference = schema.get("$ref").and_then(Value::as_str);
        if let Some(name) = reference.and_then(|name| name.strip_prefix(TYPES)) {
            let reference = format!("{SCHEMAS}{name}");
            schema.insert("$ref".to_owned(), reference.into());
        }
        schemars::transform::transform_subschemas(self, schema);
    }
}
