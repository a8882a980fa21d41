//! The texts of JSON-RPC 2.0, as <https://www.jsonrpc.org/specification> has them: calls, answers and errors. No value of
//! a text is copied or parsed before its type is known.

pub(crate) mod envelope;
mod members;
mod scanner;
pub(crate) mod text;

/// The subprotocol of the endpoints with calls. Clients need not offer it.
pub(crate) const SUBPROTOCOL: &str = "jsonrpc-2.0";
