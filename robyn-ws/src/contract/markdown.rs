//! The contract in Markdown.

use std::fmt::{self, Write as _};

use crate::contract::{
    model::{Call, Endpoint, Message, Model},
    references::reference,
};
use schemars::Schema;

pub(super) fn page(model: &Model) -> String {
    let mut page = String::new();
    write(&mut page, model).expect("a string takes all");
    page
}

fn write(page: &mut String, model: &Model) -> fmt::Result {
    for (path, endpoint) in &model.endpoints {
        writeln!(page, "## `{path}`\n")?;
        write_endpoint(page, endpoint)?;
    }
    if !model.types.is_empty() {
        writeln!(page, "## Types\n")?;
    }
    for (name, schema) in &model.types {
        writeln!(page, "### `{name}`\n")?;
        write_block(page, schema)?;
    }
    Ok(())
}

fn write_endpoint(page: &mut String, endpoint: &Endpoint) -> fmt::Result {
    for handler in endpoint.handlers.iter().filter(|handler| !handler.docs.is_empty()) {
        writeln!(page, "{}\n", quoted(&handler.docs))?;
    }
    for parameter in &endpoint.parameters {
        writeln!(page, "* Parameter `{}`: {}", parameter.name, named(&parameter.schema))?;
    }
    if let Some(query) = &endpoint.query {
        writeln!(page, "* Query: {}", named(query))?;
    }
    if !endpoint.subprotocols.is_empty() {
        writeln!(page, "* Subprotocols: `{}`", endpoint.subprotocols.join("`, `"))?;
    }
    write_messages(page, "Clients send", &endpoint.receives)?;
    write_messages(page, "Clients get", &endpoint.sends)?;
    writeln!(
        page,
        "* A message of a client has at most {} bytes",
        endpoint.limits.max_message_size
    )?;
    if let Some(rate) = endpoint.limits.max_messages_per_second {
        writeln!(page, "* A client sends at most {rate} messages per second")?;
    }
    writeln!(page)?;
    write_calls(page, "Calls of clients", &endpoint.calls)?;
    if !endpoint.notifications.is_empty() {
        writeln!(page, "### Notifications\n\n| method | parameters |\n|---|---|")?;
        for (method, notification) in &endpoint.notifications {
            writeln!(page, "| `{method}` | {} |", optional(notification.params.as_ref()))?;
        }
        writeln!(page)?;
    }
    write_calls(page, "Calls of the server", &endpoint.server_calls)?;
    writeln!(page, "### Close codes\n\n| code | meaning |\n|---|---|")?;
    for (code, meaning) in &endpoint.close_codes {
        writeln!(page, "| {code} | {} |", cell(meaning))?;
    }
    writeln!(page)
}

fn write_messages(page: &mut String, who: &str, messages: &[Message]) -> fmt::Result {
    if messages.is_empty() {
        return Ok(());
    }
    let messages: Vec<_> = messages
        .iter()
        .map(|message| match message {
            Message::Text => "text".to_owned(),
            Message::Binary => "binary".to_owned(),
            Message::Json(schema) => format!("{} in JSON", named(schema)),
        })
        .collect();
    writeln!(page, "* {who}: {}", messages.join(", "))
}

fn write_calls<'a>(
    page: &mut String,
    title: &str,
    calls: impl IntoIterator<Item = (&'a String, &'a Call)>,
) -> fmt::Result {
    let mut calls = calls.into_iter().peekable();
    if calls.peek().is_none() {
        return Ok(());
    }
    writeln!(
        page,
        "### {title}\n\n| method | parameters | result | |\n|---|---|---|---|"
    )?;
    for (method, call) in calls {
        let (params, result) = (optional(call.params.as_ref()), optional(call.result.as_ref()));
        writeln!(page, "| `{method}` | {params} | {result} | {} |", cell(&call.docs))?;
    }
    writeln!(page)
}

fn write_block(page: &mut String, schema: &Schema) -> fmt::Result {
    let text = serde_json::to_string_pretty(schema).map_err(|_| fmt::Error)?;
    // A fence is longer than those in the text.
    let longest = text
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    writeln!(page, "{fence}json\n{text}\n{fence}\n")
}

fn optional(schema: Option<&Schema>) -> String {
    schema.map_or_else(|| "none".to_owned(), named)
}

/// Returns a type by its name, or as it is.
fn named(schema: &Schema) -> String {
    let text = reference(schema.as_value()).unwrap_or_else(|| serde_json::to_string(schema).unwrap_or_default());
    let longest = text
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let space = if longest > 0 { " " } else { "" };
    format!("{fence}{space}{}{space}{fence}", text.replace('|', "\\|"))
}

/// Returns a text in one cell of a table.
fn cell(text: &str) -> String {
    escaped(text).replace('|', "\\|").replace('\n', " ")
}

/// Returns documentation, in which HTML is text.
fn quoted(docs: &str) -> String {
    escaped(docs)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
