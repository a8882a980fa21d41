//! What the servers and the load generator of the benchmark agree about.

mod frame;
mod interest;
mod limit;

pub use frame::{CLIENT_MASK, client_frame, server_frame};
pub use interest::interest;
pub use limit::raise_open_files;

/// Sends every message back.
pub const ECHO: &str = "/echo";
/// Sends every message to everyone who is connected here, the sender included.
pub const FAN_OUT: &str = "/fan_out";
/// Followed by the number of a room: sends every message to everyone in that room, the sender included.
pub const ROOMS: &str = "/rooms/";
/// Takes [`SAID`], counts it in the connection's own state, and answers with [`ANSWERED`], which holds a word of the
/// app's own state.
pub const TYPED: &str = "/typed";
/// Takes [`SAID`] and sends [`ANSWERED`] to everyone who is connected here.
pub const TYPED_FAN_OUT: &str = "/typed_fan_out";

/// The method `say` of JSON-RPC 2.0, which takes [`SAID`] as parameters and returns [`ANSWERED`].
pub const CALLS: &str = "/calls";

/// What a client of the typed endpoints says, 64 bytes.
pub const SAID: &str = r#"{"user":"robin","room":17,"text":"what do you make of this one"}"#;
/// What it is answered.
pub const ANSWERED: &str = r#"{"city":"Gotham","user":"robin","room":17,"text":"what do you make of this one"}"#;
/// A call with [`SAID`] as its parameters.
pub const CALL: &str = r#"{"jsonrpc":"2.0","method":"say","params":{"user":"robin","room":17,"text":"what do you make of this one"},"id":1}"#;
/// Its answer, with the members in the order of the specification's examples,
pub const RESULT: &str = r#"{"jsonrpc":"2.0","result":{"city":"Gotham","user":"robin","room":17,"text":"what do you make of this one"},"id":1}"#;
/// and in that of jsonrpsee.
pub const RESULT_OF_JSONRPSEE: &str = r#"{"jsonrpc":"2.0","id":1,"result":{"city":"Gotham","user":"robin","room":17,"text":"what do you make of this one"}}"#;
/// The word of the app's own state in [`ANSWERED`].
pub const CITY: &str = "Gotham";

/// How many messages a server may have queued for one client, where a server has such a bound. More are in flight in
/// no scenario but that of the slow reader.
pub const QUEUE: usize = 256;
