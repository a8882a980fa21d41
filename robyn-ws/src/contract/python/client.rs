//! Prints a class for each endpoint.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
};

use schemars::Schema;
use serde_json::Value;

use crate::{
    contract::{
        model::{Call, Endpoint, Message},
        python::{
            names::Names,
            route::{Part, parts},
            shape::{alternatives, kinds, members},
            text::{comment, docstring, is_keyword, literal, type_name, value_name},
            types::Types,
            union::Union,
        },
    },
    types::close::close_code,
};

const CODES: [(u16, &str); 11] = [
    (close_code::NORMAL, "NORMAL"),
    (close_code::AWAY, "AWAY"),
    (close_code::PROTOCOL, "PROTOCOL"),
    (close_code::UNSUPPORTED, "UNSUPPORTED"),
    (close_code::INVALID_PAYLOAD, "INVALID_PAYLOAD"),
    (close_code::POLICY, "POLICY"),
    (close_code::TOO_BIG, "TOO_BIG"),
    (close_code::INTERNAL_ERROR, "INTERNAL_ERROR"),
    (close_code::RESTART, "RESTART"),
    (close_code::TRY_AGAIN_LATER, "TRY_AGAIN_LATER"),
    (4401, "EXPIRED"),
];

/// Returns the classes of these endpoints, and prints the types that they need and that have no name yet.
pub(super) fn classes(endpoints: &BTreeMap<String, Endpoint>, types: &mut Types<'_>) -> String {
    let mut out = String::new();
    for (path, endpoint) in endpoints {
        let name = class_name(path, types);
        let mut class = Class {
            name,
            types,
            out: String::new(),
        };
        class.write(path, endpoint).expect("a string takes all");
        out.push_str(&class.out);
    }
    out
}

/// Returns a name of the fixed parts of a path, and of its parameters if another class has that name.
fn class_name(path: &str, types: &mut Types<'_>) -> String {
    let parts = parts(path);
    let name = |with_parameters: bool| {
        let texts = parts.iter().map(|part| match part {
            Part::Text(text) => type_name(text),
            Part::Parameter { name, .. } if with_parameters => type_name(name),
            Part::Parameter { .. } => String::new(),
        });
        let name: String = texts.collect();
        match name.chars().next() {
            None => "Root".to_owned(),
            Some(first) if first.is_ascii_digit() => format!("T{name}"),
            Some(_) => name,
        }
    };
    let (short, long) = (name(false), name(true));
    let client = format!("{short}Client");
    let free = [&short, &long, &client]
        .into_iter()
        .find(|name| types.names.is_free(name));
    types.names.take(free.unwrap_or(&client))
}

struct Class<'c, 'a> {
    name: String,
    types: &'c mut Types<'a>,
    out: String,
}

impl Class<'_, '_> {
    fn write(&mut self, path: &str, endpoint: &Endpoint) -> fmt::Result {
        let received = self.received(&endpoint.sends);
        let received = literal(&received);
        write!(self.out, "\n\nclass {}(_Connection[{received}]):\n", self.name)?;
        self.out.push_str(&docstring(&docs(path, endpoint), "    "));
        self.write_constants(endpoint)?;
        self.write_settings(endpoint)?;
        self.write_constructor(path, endpoint)?;
        self.write_sends(endpoint)?;
        let mut names = Names::default();
        for (method, call) in &endpoint.calls {
            let name = names.take(&method_name("call", method));
            self.write_call(&name, method, call)?;
        }
        for (method, notification) in &endpoint.notifications {
            let name = names.take(&method_name("on", method));
            let handler = Handler {
                name: &name,
                method,
                params: notification.params.as_ref(),
                result: "object".to_owned(),
            };
            let docs = format!("Sets the handler of the notification `{method}`, which may be `async`. Returns it.");
            self.write_handler(&handler, "handlers", &docs)?;
        }
        for (method, call) in &endpoint.server_calls {
            let name = names.take(&method_name("answer", method));
            let result = self.optional(
                call.result.as_ref(),
                &format!("{}{}Result", self.name, type_name(method)),
            );
            let handler = Handler {
                name: &name,
                method,
                params: call.params.as_ref(),
                result: format!("Awaitable[{result}] | {result}"),
            };
            let docs = format!(
                "Sets the handler that answers the call `{method}` of the server, which may be `async`. Returns it.\n\n{}",
                call.docs
            );
            self.write_handler(&handler, "answers", &docs)?;
        }
        Ok(())
    }

    /// Returns the type of the messages that clients get.
    fn received(&mut self, messages: &[Message]) -> String {
        let name = format!("{}Message", self.name);
        let types: Union = messages.iter().map(|message| self.message(message, &name)).collect();
        if messages.is_empty() {
            "str | bytes".to_owned()
        } else {
            types.written()
        }
    }

    fn message(&mut self, message: &Message, name: &str) -> Union {
        match message {
            Message::Text => Union::of("str"),
            Message::Binary => Union::of("bytes"),
            Message::Json(schema) => self.types.union(schema.as_value(), name),
        }
    }

    /// Returns the type of a result, which is `null` where there is none.
    fn optional(&mut self, schema: Option<&Schema>, name: &str) -> String {
        schema.map_or_else(|| "None".to_owned(), |schema| self.types.of(schema, name))
    }

    fn write_constants(&mut self, endpoint: &Endpoint) -> fmt::Result {
        writeln!(self.out)?;
        for (code, meaning) in &endpoint.close_codes {
            let known = CODES.iter().find(|(known, _)| known == code);
            let name = known.map_or_else(|| code.to_string(), |(_, name)| (*name).to_owned());
            self.out.push_str(&comment(meaning, "    "));
            writeln!(self.out, "    CLOSE_{name}: Final = {code}")?;
        }
        writeln!(self.out, "    # In bytes, of what a client sends.")?;
        writeln!(
            self.out,
            "    MAX_MESSAGE_SIZE: Final = {}",
            endpoint.limits.max_message_size
        )?;
        if let Some(rate) = endpoint.limits.max_messages_per_second {
            writeln!(self.out, "    MAX_MESSAGES_PER_SECOND: Final = {rate}")?;
        }
        Ok(())
    }

    /// Writes the class variables that the fixed text reads.
    fn write_settings(&mut self, endpoint: &Endpoint) -> fmt::Result {
        let speaks_json_rpc = speaks_json_rpc(endpoint);
        let sends = &endpoint.sends;
        // What an endpoint without a description sends, which is not a message of JSON-RPC.
        let is_open = sends.is_empty() && !speaks_json_rpc;
        let json: BTreeSet<_> = sends
            .iter()
            .filter_map(|message| match message {
                Message::Json(schema) => Some(kinds(schema.as_value(), self.types.definitions)),
                Message::Text | Message::Binary => None,
            })
            .flatten()
            .collect();
        writeln!(self.out)?;
        if !endpoint.subprotocols.is_empty() {
            writeln!(self.out, "    _subprotocols = {}", tuple(&endpoint.subprotocols))?;
        }
        let settings = [
            ("_speaks_json_rpc", speaks_json_rpc),
            ("_gets_text", is_open || sends.contains(&Message::Text)),
            ("_gets_binary", is_open || sends.contains(&Message::Binary)),
        ];
        for (name, _) in settings.into_iter().filter(|(_, is_set)| *is_set) {
            writeln!(self.out, "    {name} = True")?;
        }
        if !json.is_empty() {
            writeln!(
                self.out,
                "    _gets_json = {}",
                tuple(&json.into_iter().collect::<Vec<_>>())
            )?;
        }
        Ok(())
    }

    fn write_constructor(&mut self, path: &str, endpoint: &Endpoint) -> fmt::Result {
        let mut names = Names::with(&["self", "url", "query", "options", "super"]);
        let mut arguments = String::new();
        let mut address = Vec::new();
        for part in parts(path) {
            match part {
                Part::Text(text) => address.push(literal(&text)),
                Part::Parameter { name, is_rest } => {
                    let found = endpoint.parameters.iter().find(|parameter| parameter.name == name);
                    let hint = format!("{}{}", self.name, type_name(&name));
                    let ty = found.map(|parameter| self.types.of(&parameter.schema, &hint));
                    let argument = names.take(&argument_name(&name));
                    write!(arguments, ", {argument}: {}", ty.as_deref().unwrap_or("str"))?;
                    address.push(format!("{}({argument})", if is_rest { "_rest" } else { "_segment" }));
                }
            }
        }
        let mut query = "None";
        if let Some(schema) = &endpoint.query {
            query = "query";
            let ty = self.types.of(schema, &format!("{}Query", self.name));
            let ty = if ty == "Any" {
                "Mapping[str, Any]".to_owned()
            } else {
                ty
            };
            let has_required = alternatives(schema.as_value(), self.types.definitions).is_some_and(|all| {
                !all.is_empty() && all.iter().all(|schema| members(schema, "required").next().is_some())
            });
            let default = if has_required { "" } else { " | None = None" };
            write!(arguments, ", query: {ty}{default}")?;
        }
        let star = if arguments.is_empty() { "" } else { ", *" };
        writeln!(
            self.out,
            "\n    def __init__(self, url: str{star}{arguments}, **options: Any) -> None:"
        )?;
        let docs = "Creates a client for a server, as `ws://127.0.0.1:8080`. `async with` connects it.\n\nThe options are those of `websockets.asyncio.client.connect`.";
        self.out.push_str(&docstring(docs, "        "));
        writeln!(
            self.out,
            "        super().__init__(url, {}, {query}, options)",
            address.join(" + ")
        )
    }

    fn write_sends(&mut self, endpoint: &Endpoint) -> fmt::Result {
        let (json, raw): (Vec<_>, Vec<_>) = endpoint
            .receives
            .iter()
            .partition(|message| matches!(message, Message::Json(_)));
        let name = format!("{}Sent", self.name);
        let mut write = |method: &str, sends: &str, messages: &[&Message]| {
            let ty: Union = messages.iter().map(|message| self.message(message, &name)).collect();
            writeln!(
                self.out,
                "\n    async def {method}(self, message: {}) -> None:",
                ty.written()
            )?;
            self.out.push_str(&docstring("Sends a message.", "        "));
            writeln!(self.out, "        await self.{sends}(message)")
        };
        match (json.is_empty(), raw.is_empty()) {
            (true, true) => Ok(()),
            (true, false) => write("send", "_send", &raw),
            (false, true) => write("send", "_send_json", &json),
            (false, false) => {
                write("send", "_send", &raw)?;
                write("send_json", "_send_json", &json)
            }
        }
    }

    fn write_call(&mut self, name: &str, method: &str, call: &Call) -> fmt::Result {
        let hint = format!("{}{}", self.name, type_name(method));
        let result = self.optional(call.result.as_ref(), &format!("{hint}Result"));
        let (argument, params) = match params(call.params.as_ref()) {
            Some(schema) => {
                let ty = self.types.of(schema, &format!("{hint}Params"));
                (format!(", params: {ty}"), "params")
            }
            None => (String::new(), "_ABSENT"),
        };
        let signature = format!("self{argument}, *, timeout: float | None = 30.0");
        writeln!(self.out, "\n    async def {name}({signature}) -> {result}:")?;
        let docs = format!(
            "Calls `{method}`.\n\n{}\n\nRaises `CallError` if the server answers with an error, and `TimeoutError` after `timeout` seconds.",
            call.docs.trim()
        );
        self.out
            .push_str(&docstring(&docs.replace("\n\n\n\n", "\n\n"), "        "));
        writeln!(
            self.out,
            "        result: {result} = await self._call({}, {params}, timeout)\n        return result",
            literal(method)
        )
    }

    fn write_handler(&mut self, handler: &Handler<'_>, kind: &str, docs: &str) -> fmt::Result {
        let hint = format!("{}{}Params", self.name, type_name(handler.method));
        let (arguments, form) = match params(handler.params) {
            Some(schema) => {
                let is_array = kinds(schema.as_value(), self.types.definitions).contains("array");
                let form = if is_array { "whole" } else { "single" };
                (self.types.of(schema, &hint), form)
            }
            None => (String::new(), "none"),
        };
        let ty = format!("Callable[[{arguments}], {}]", handler.result);
        writeln!(self.out, "\n    def {}(self, handler: {ty}) -> {ty}:", handler.name)?;
        self.out.push_str(&docstring(docs, "        "));
        let method = literal(handler.method);
        writeln!(
            self.out,
            "        self._{kind}[{method}] = (handler, \"{form}\")\n        return handler"
        )
    }
}

/// A handler that a client sets.
struct Handler<'a> {
    name: &'a str,
    method: &'a str,
    params: Option<&'a Schema>,
    result: String,
}

fn speaks_json_rpc(endpoint: &Endpoint) -> bool {
    !(endpoint.calls.is_empty() && endpoint.notifications.is_empty() && endpoint.server_calls.is_empty())
}

/// Returns the parameters, unless they are always `null`.
fn params(schema: Option<&Schema>) -> Option<&Schema> {
    schema.filter(|schema| schema.get("type").and_then(Value::as_str) != Some("null"))
}

fn docs(path: &str, endpoint: &Endpoint) -> String {
    let mut docs = format!("A client of the endpoint `{path}`.");
    if !endpoint.docs.is_empty() {
        let _ = write!(docs, "\n\n{}", endpoint.docs.trim()); // A string takes all.
    }
    for handler in endpoint.handlers.iter().filter(|handler| !handler.docs.is_empty()) {
        let _ = write!(docs, "\n\n{}", handler.docs.trim()); // A string takes all.
    }
    docs
}

fn method_name(verb: &str, method: &str) -> String {
    format!("{verb}_{}", value_name(method))
}

fn argument_name(parameter: &str) -> String {
    let name = value_name(parameter);
    match name.chars().next() {
        None => "parameter".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("p{name}"),
        Some(_) if is_keyword(&name) => format!("{name}_"),
        Some(_) => name,
    }
}

fn tuple(texts: &[impl AsRef<str>]) -> String {
    let texts: Vec<_> = texts.iter().map(|text| literal(text.as_ref())).collect();
    format!("({},)", texts.join(", "))
}
