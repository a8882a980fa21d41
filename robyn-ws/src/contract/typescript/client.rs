//! The class of an endpoint, and the types that belong to it.

use std::{collections::BTreeMap, fmt::Write as _};

use schemars::Schema;
use serde_json::{Value, json};

use super::{
    kinds::Kinds,
    names::{Names, word},
    syntax::Type,
    text::{comment, literal, own_property, property, string},
    types::{Types, is_wide},
};
use crate::{
    contract::model::{Call, Endpoint, Message},
    types::close::CloseReason,
};

/// What an endpoint declares besides its class. They have numbers together.
const SUFFIXES: [&str; 7] = [
    "Client",
    "Options",
    "Query",
    "Sent",
    "Received",
    "Notifications",
    "ServerCalls",
];

const WIDE: &str = "Beware: an integer in it may be larger than 2^53 - 1, which `JSON.parse` rounds.";

/// Declares the class of an endpoint.
pub(super) fn declare(text: &mut String, path: &str, endpoint: &Endpoint, types: &Types<'_>, names: &mut Names) {
    let declaration = Declaration {
        path,
        endpoint,
        types,
        name: names.take_with(&word(path), &SUFFIXES),
    };
    declaration.messages(text);
    declaration.notifications(text);
    declaration.server_calls(text);
    declaration.options(text);
    declaration.class(text);
}

struct Declaration<'a> {
    path: &'a str,
    endpoint: &'a Endpoint,
    types: &'a Types<'a>,
    name: String,
}

impl Declaration<'_> {
    fn messages(&self, text: &mut String) {
        let endpoint = self.endpoint;
        let sent = Type::union(
            endpoint
                .receives
                .iter()
                .map(|message| self.message(message, "ArrayBuffer | Uint8Array")),
        );
        // A text that is not JSON cannot be told from one that is.
        let received: Vec<_> = if endpoint.sends.contains(&Message::Text) {
            let is_json = |message: &&Message| matches!(message, Message::Json(_));
            endpoint.sends.iter().filter(|message| !is_json(message)).collect()
        } else {
            endpoint.sends.iter().collect()
        };
        let received = Type::union(received.into_iter().map(|message| self.message(message, "Uint8Array")));
        let route = format!("`{}`", self.path);
        self.alias(text, "Sent", &format!("What clients send to {route}."), &sent);
        let mut docs = format!("What clients of {route} get.");
        if has_json(&endpoint.sends) && endpoint.sends.contains(&Message::Text) {
            let json = endpoint
                .sends
                .iter()
                .filter(|message| matches!(message, Message::Json(_)));
            let json = Type::union(json.map(|message| self.message(message, "")));
            let _ = write!(docs, " A string may be JSON of `{json}`."); // A string takes all.
        }
        self.alias(text, "Received", &docs, &received);
    }

    fn message(&self, message: &Message, binary: &str) -> Type {
        match message {
            Message::Text => Type::Atom("string".to_owned()),
            Message::Binary => Type::Atom(binary.to_owned()),
            Message::Json(schema) => self.types.of(schema, 0),
        }
    }

    fn notifications(&self, text: &mut String) {
        let members = self.endpoint.notifications.iter().map(|(method, notification)| {
            let (params, wide) = self.params(notification.params.as_ref());
            format!("{}  {}: {params};\n", comment(wide, 2), property(method))
        });
        let docs = "The parameters of the server's notifications, by method.";
        self.interface(text, "Notifications", docs, members);
    }

    fn server_calls(&self, text: &mut String) {
        let members = self.endpoint.server_calls.iter().map(|(method, call)| {
            let (params, wide) = self.params(call.params.as_ref());
            let docs = comment([&*call.docs].into_iter().chain(wide), 2);
            let result = self.result(call);
            format!(
                "{docs}  {}: {{ params: {params}; result: {result} }};\n",
                property(method)
            )
        });
        let docs = "The calls of the server, by method.";
        self.interface(text, "ServerCalls", docs, members);
    }

    /// Returns the type of parameters that the server sends, with a warning if it has wide integers.
    fn params(&self, params: Option<&Schema>) -> (Type, Option<&'static str>) {
        let Some(schema) = params else {
            return (Type::Atom("undefined".to_owned()), None);
        };
        let is_clear = !self.kinds(schema).is_ambiguous();
        let ty = if is_clear {
            self.types.of(schema, 2)
        } else {
            Type::unknown()
        };
        (ty, is_wide(schema.as_value()).then_some(WIDE))
    }

    fn result(&self, call: &Call) -> Type {
        let schema = call.result.as_ref();
        schema.map_or_else(|| Type::Atom("void".to_owned()), |schema| self.types.of(schema, 4))
    }

    fn options(&self, text: &mut String) {
        let endpoint = self.endpoint;
        let mut members = String::new();
        if !endpoint.parameters.is_empty() {
            members.push_str("  /** The parameters of the path. */\n  readonly parameters: {\n");
            for parameter in &endpoint.parameters {
                let ty = self.types.of(&parameter.schema, 4);
                let docs = super::types::description(parameter.schema.as_value());
                members.push_str(&comment(docs, 4));
                let _ = writeln!(members, "    readonly {}: {ty};", property(&parameter.name));
            }
            members.push_str("  };\n");
        }
        if let Some(query) = &endpoint.query {
            let ty = self.types.of(query, 0);
            // The runtime takes its properties.
            let ty = if ty == Type::unknown() {
                " object".to_owned()
            } else {
                ty.in_lines()
            };
            let docs = format!("The query of `{}`.", self.path);
            let name = format!("{}Query", self.name);
            let _ = writeln!(text, "\n{}export type {name} ={ty};", comment([&*docs], 0));
            let optional = if self.needs_query() { "" } else { "?" };
            let undefined = if self.needs_query() { "" } else { " | undefined" };
            let docs = "The query, or a function that is asked for it before each connection.";
            let _ = writeln!(
                members,
                "{}  readonly query{optional}: {name} | (() => {name} | Promise<{name}>){undefined};",
                comment([docs], 2)
            );
        }
        if !members.is_empty() {
            let docs = format!("The settings of a client of `{}`.", self.path);
            let _ = writeln!(
                text,
                "\n{}export interface {}Options extends EndpointOptions {{\n{members}}}",
                comment([&*docs], 0),
                self.name
            );
        }
    }

    fn needs_query(&self) -> bool {
        let query = self.endpoint.query.iter();
        let mut parts = query.flat_map(|query| self.types.parts(query.as_value()));
        parts.any(|schema| {
            let required = schema.get("required").and_then(Value::as_array);
            required.is_some_and(|required| !required.is_empty())
        })
    }

    fn class(&self, text: &mut String) {
        let Self { endpoint, name, .. } = self;
        let docs = endpoint.handlers.iter().map(|handler| &*handler.docs);
        let route = format!("A client of `{}`.", self.path);
        text.push('\n');
        text.push_str(&comment([&*route].into_iter().chain(docs), 0));
        let notifications = self.or_none(endpoint.notifications.is_empty(), "Notifications");
        let server_calls = self.or_none(endpoint.server_calls.is_empty(), "ServerCalls");
        let _ = writeln!(
            text,
            "export class {name}Client extends Endpoint<{name}Sent, {name}Received, {notifications}, {server_calls}> {{"
        );
        self.constants(text);
        self.calls(text);
        self.constructor(text);
        text.push_str("}\n");
    }

    fn constants(&self, text: &mut String) {
        let Self { endpoint, path, .. } = self;
        let _ = writeln!(text, "  static readonly path = {};", string(path));
        if !endpoint.subprotocols.is_empty() {
            text.push_str(&comment(["The subprotocols that the server knows."], 2));
            let all = literal(&json!(endpoint.subprotocols));
            let _ = writeln!(text, "  static readonly subprotocols = {all} as const;");
        }
        text.push_str(&comment(["The close codes of the server, with their meanings."], 2));
        text.push_str("  static readonly closeCodes = {\n");
        for (code, meaning) in &endpoint.close_codes {
            let _ = writeln!(text, "    {code}: {},", string(meaning));
        }
        text.push_str("  } as const;\n");
        text.push_str(&comment(["The limits of the server: the size is in bytes."], 2));
        let limits = &endpoint.limits;
        let _ = write!(
            text,
            "  static readonly limits = {{ maxMessageSize: {}",
            limits.max_message_size
        );
        if let Some(rate) = limits.max_messages_per_second {
            let _ = write!(text, ", maxMessagesPerSecond: {rate}");
        }
        text.push_str(" } as const;\n");
    }

    /// Writes a function for each call that the server answers.
    fn calls(&self, text: &mut String) {
        if self.endpoint.calls.is_empty() {
            return;
        }
        let _ = writeln!(
            text,
            "\n{}  readonly calls = {{",
            comment(["Calls of the server's methods."], 2)
        );
        for (method, call) in &self.endpoint.calls {
            let wide = call.result.as_ref().is_some_and(|result| is_wide(result.as_value()));
            let docs = [&*call.docs].into_iter().chain(wide.then_some(WIDE));
            text.push_str(&comment(docs, 4));
            let params = call.params.as_ref().map(|schema| self.types.of(schema, 4));
            let (argument, value) = match params {
                Some(ty) => (format!("params: {ty}, "), "params"),
                None => (String::new(), "undefined"),
            };
            let (name, result, method) = (own_property(method), self.result(call), string(method));
            let _ = writeln!(
                text,
                "    {name}: ({argument}options?: CallOptions): Promise<{result}> => this.request({method}, {value}, options),"
            );
        }
        text.push_str("  };\n");
    }

    fn constructor(&self, text: &mut String) {
        let Self { endpoint, name, .. } = self;
        let has_options = !endpoint.parameters.is_empty() || endpoint.query.is_some();
        let options = if has_options {
            format!("{name}Options")
        } else {
            "EndpointOptions".to_owned()
        };
        let is_needed = !endpoint.parameters.is_empty() || self.needs_query();
        let default = if is_needed { "" } else { " = {}" };
        let docs = "The base is the address of the app, such as `wss://chat.example`. In a browser it may be relative.";
        let _ = writeln!(
            text,
            "\n{}  constructor(base: string | URL, options: {options}{default}) {{\n    const description = {{",
            comment([docs], 2)
        );
        for (key, value) in self.description() {
            let _ = writeln!(text, "      {key}: {value},");
        }
        text.push_str("    };\n    super(base, description, options);\n  }\n");
    }

    /// Returns what the runtime has to know.
    fn description(&self) -> [(&'static str, String); 6] {
        let endpoint = self.endpoint;
        let is_json = |messages: &[Message]| has_json(messages) && !messages.contains(&Message::Text);
        let (sent, received) = (is_json(&endpoint.receives), is_json(&endpoint.sends));
        let has_calls =
            !(endpoint.calls.is_empty() && endpoint.notifications.is_empty() && endpoint.server_calls.is_empty());
        let expired = CloseReason::Expired.to_string();
        let codes = endpoint.close_codes.iter().filter(|(_, meaning)| **meaning == expired);
        let final_codes: Vec<_> = codes.map(|(code, _)| code).collect();
        [
            ("path", string(self.path)),
            ("json", format!("{{ sent: {sent}, received: {received} }}")),
            ("calls", has_calls.to_string()),
            ("maxMessageSize", endpoint.limits.max_message_size.to_string()),
            ("finalCodes", literal(&json!(final_codes))),
            ("wrapped", literal(&json!(self.wrapped()))),
        ]
    }

    /// Returns the methods whose parameter comes in an array of one: it is neither an object nor an array.
    fn wrapped(&self) -> Vec<&String> {
        let calls: BTreeMap<_, _> = self
            .endpoint
            .server_calls
            .iter()
            .map(|(method, call)| (method, call.params.as_ref()))
            .collect();
        let notifications = self.endpoint.notifications.iter();
        let notifications = notifications.map(|(method, notification)| (method, notification.params.as_ref()));
        let all = notifications.chain(calls);
        let is_wrapped = |params: Option<&Schema>| {
            let kinds = params.map(|params| self.kinds(params)).unwrap_or_default();
            kinds.has_others && !kinds.has_arrays
        };
        all.filter(|(_, params)| is_wrapped(*params))
            .map(|(method, _)| method)
            .collect()
    }

    fn alias(&self, text: &mut String, suffix: &str, docs: &str, ty: &Type) {
        let (docs, name, ty) = (comment([docs], 0), &self.name, ty.in_lines());
        let _ = writeln!(text, "\n{docs}export type {name}{suffix} ={ty};");
    }

    fn interface(&self, text: &mut String, suffix: &str, docs: &str, members: impl Iterator<Item = String>) {
        let members: String = members.collect();
        if !members.is_empty() {
            let (docs, name) = (comment([docs], 0), &self.name);
            let _ = writeln!(text, "\n{docs}export interface {name}{suffix} {{\n{members}}}");
        }
    }

    fn or_none(&self, is_empty: bool, suffix: &str) -> String {
        if is_empty {
            "{}".to_owned()
        } else {
            format!("{}{suffix}", self.name)
        }
    }

    fn kinds(&self, schema: &Schema) -> Kinds {
        Kinds::of(schema.as_value(), self.types)
    }
}

fn has_json(messages: &[Message]) -> bool {
    messages.iter().any(|message| matches!(message, Message::Json(_)))
}
