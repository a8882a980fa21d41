//! The contract of an app: what its clients can rely on, from the handlers themselves.

mod asyncapi;
mod changes;
pub(crate) mod collect;
mod gate;
mod kinds;
mod markdown;
mod model;
mod python;
mod references;
mod types;
mod typescript;
mod yaml;

use std::{fmt, str::FromStr};

use serde_json::Value;

use self::model::{Model, VERSION};
pub use self::{changes::BreakingChange, gate::check};

/// What the clients of an app can rely on, from [`App::contract`](crate::App::contract): every endpoint with its parameters,
/// messages, calls, close codes and limits, and the documentation of the handlers.
///
/// What a handler receives and returns is known by its types. What it sends otherwise is said by its attribute:
/// `sends(Said)`, or `sends("said"(Said), "confirm"(Question) -> Answer)` for notifications and calls of JSON-RPC 2.0. Types
/// describe themselves by `schemars::JsonSchema`. A type without it is any value, and named in the log.
///
/// ```
/// use robyn_ws::{contract::Info, prelude::*};
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Say {
///     text: String,
/// }
///
/// #[derive(Serialize, JsonSchema)]
/// struct Said {
///     text: String,
/// }
///
/// /// Says something to everybody.
/// #[websocket("/chat", on = "message", sends(Said))]
/// fn say(ws: WebSocketConnector, Json(say): Json<Say>) -> Result<(), SendJsonError> {
///     ws.sync_broadcast_json(&Said { text: say.text })?;
///     Ok(())
/// }
///
/// let contract = App::new().contract();
/// let asyncapi = contract.asyncapi(Info::new("chat", "1.2.0"));
/// assert!(asyncapi.to_json().contains("Says something to everybody."));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Contract(Model);

/// The name and the version of an app, for its documentation.
///
/// ```
/// use robyn_ws::contract::Info;
///
/// let info = Info::new("chat", "1.2.0").description("Rooms to talk in.").server("production", "wss://chat.example");
/// # drop(info);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Info {
    title: String,
    version: String,
    description: String,
    /// Names and addresses.
    servers: Vec<(String, String)>,
}

impl Info {
    /// Creates the information of an app with this title and version.
    pub fn new(title: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            version: version.into(),
            description: String::new(),
            servers: Vec::new(),
        }
    }

    /// Sets the description, in Markdown.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Adds a server: a name and a URL, as `wss://chat.example`.
    pub fn server(mut self, name: impl Into<String>, url: impl Into<String>) -> Self {
        self.servers.push((name.into(), url.into()));
        self
    }
}

/// A document of AsyncAPI 3.1.0, from [`Contract::asyncapi`]. `{}` prints it in JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct AsyncApi(Value);

impl AsyncApi {
    /// Returns the document in JSON.
    pub fn to_json(&self) -> String {
        self.to_string()
    }

    /// Returns the document in YAML.
    pub fn to_yaml(&self) -> String {
        yaml::written(&self.0)
    }
}

impl fmt::Display for AsyncApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:#}", self.0)
    }
}

impl Contract {
    pub(crate) const fn new(model: Model) -> Self {
        Self(model)
    }

    /// Returns the contract in JSON, as its file has it. The same handlers are the same bytes.
    #[expect(clippy::missing_panics_doc, reason = "maps with names as keys are JSON")]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(&self.0).expect("a contract is JSON");
        text.push('\n');
        text
    }

    /// Returns the contract as a document of AsyncAPI 3.1.0.
    #[expect(clippy::needless_pass_by_value, reason = "it is made for this call")]
    pub fn asyncapi(&self, info: Info) -> AsyncApi {
        AsyncApi(asyncapi::document(&self.0, &info))
    }

    /// Returns each change since `old` that breaks clients of `old`.
    ///
    /// What clients send must still be taken, and what they get must be what they know: so a message that clients send may
    /// take more, and one that they get may have less. Objects may have properties that their readers do not know.
    pub fn breaks(&self, old: &Self) -> Vec<BreakingChange> {
        changes::breaking(&old.0, &self.0)
    }

    /// Returns a client of the app in TypeScript: one module without dependencies, with a class for each endpoint.
    ///
    /// It runs in browsers, Deno, Bun and Node. Node before version 22 has no WebSocket, so the option `WebSocket` takes that of
    /// the package `ws`. A connection that was lost is opened again after 0.5 to 20 seconds, unless its close code says that
    /// the client would be closed again: 1002, 1003, 1007, 1008, 1009, 4401 and 4409, and 1000, which the server sends when it
    /// is done. After 1012 the client comes back within a second, after 1013 not before 5 seconds. `Retry-After` is honored
    /// where the WebSocket shows it, as that of `ws` does.
    ///
    /// ```ts
    /// const chat = new ChatRoomClient("wss://chat.example", { parameters: { room: "rust" } });
    /// chat.onNotification("said", ({ text }) => console.log(text));
    /// chat.onCall("confirm", async ({ question }) => ({ yes: await ask(question) }));
    /// const receipt = await chat.calls.say({ text: "hello" }, { timeout: 5_000 });
    /// for await (const message of chat) {
    ///   console.log(message);
    /// }
    /// ```
    pub fn typescript(&self) -> String {
        typescript::client(&self.0)
    }

    /// Returns the contract in Markdown, for people.
    pub fn markdown(&self) -> String {
        markdown::page(&self.0)
    }

    /// Returns a module of Python 3.10 or later, for the package `websockets`: a client for each endpoint, with typed messages
    /// and calls.
    ///
    /// ```python
    /// async with Chat("ws://127.0.0.1:8080", room="kitchen") as chat:
    ///     await chat.send({"text": "Hello"})
    ///     async for message in chat:
    ///         print(message["text"])
    /// ```
    ///
    /// An endpoint with JSON-RPC 2.0 has a method for each call (`await chat.call_say(..)`), for the handler of each
    /// notification (`chat.on_said(..)`), and for the handler that answers each call of the server (`chat.answer_confirm(..)`).
    /// A type without a schema is `Any`. A tuple is a list, as in JSON.
    pub fn python(&self) -> String {
        python::module(&self.0)
    }
}

/// Why a text is not a contract.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContractError {
    /// It is not JSON, or not that of a contract.
    #[error("not the JSON of a contract: {0}")]
    Json(#[from] serde_json::Error),
    /// It was written by another version of this crate.
    #[error("a contract of version {0}, and this crate reads version {VERSION}: write it anew")]
    Version(u32),
}

/// Reads what [`Contract::to_json`] returns.
impl FromStr for Contract {
    type Err = ContractError;

    fn from_str(text: &str) -> Result<Self, ContractError> {
        let model: Model = serde_json::from_str(text)?;
        if model.version != VERSION {
            return Err(ContractError::Version(model.version));
        }
        Ok(Self(model))
    }
}
