//! The contract as data, which is also the file that [`check`](super::check) reads.

use std::collections::BTreeMap;

use schemars::Schema;
use serde::{Deserialize, Serialize};

/// The version of the file.
pub(super) const VERSION: u32 = 1;

/// The place of the types in the file, for references to them.
pub(super) const TYPES: &str = "#/types/";

/// What the clients of an app can rely on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Model {
    #[serde(rename = "robyn-ws-contract")]
    pub(super) version: u32,
    /// By path.
    pub(super) endpoints: BTreeMap<String, Endpoint>,
    /// The types that several places refer to, by name.
    pub(super) types: BTreeMap<String, Schema>,
}

/// One endpoint. Clients send what it receives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Endpoint {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) docs: String,
    /// Of the path, in its order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) parameters: Vec<Parameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) query: Option<Schema>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) subprotocols: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) handlers: Vec<Handler>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) receives: Vec<Message>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) sends: Vec<Message>,
    /// The calls that clients make, by method.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) calls: BTreeMap<String, Call>,
    /// The notifications that clients get, by method.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) notifications: BTreeMap<String, Notification>,
    /// The calls that clients get, by method.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) server_calls: BTreeMap<String, Call>,
    pub(super) close_codes: BTreeMap<u16, String>,
    pub(super) limits: Limits,
}

/// A handler with its documentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Handler {
    pub(super) event: String,
    pub(super) name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) docs: String,
}

/// A parameter of the path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) schema: Schema,
}

/// A message of WebSocket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Message {
    Text,
    Binary,
    /// A text message with a JSON value.
    Json(Schema),
}

/// A call of JSON-RPC 2.0.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Call {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) docs: String,
    /// `None` takes no parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) params: Option<Schema>,
    /// `None` is always `null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) result: Option<Schema>,
}

/// A notification of JSON-RPC 2.0.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Notification {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) params: Option<Schema>,
}

/// The limits that a client has to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Limits {
    /// In bytes.
    pub(super) max_message_size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max_messages_per_second: Option<u32>,
}

impl Model {
    pub(super) fn new() -> Self {
        Self {
            version: VERSION,
            endpoints: BTreeMap::new(),
            types: BTreeMap::new(),
        }
    }
}
