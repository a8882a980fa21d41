//! A crate in which `Option`, `Result`, `Some`, `robyn_ws` and the like are the user's own, and no prelude helps.

#![no_implicit_prelude]
#![deny(warnings)]

extern crate std;

use ::robyn_ws::prelude::{ConnectionState, Global, StatusCode, Uri, WebSocket, WebSocketConnector, websocket};

/// Types with names of the standard library.
pub struct Option;
/// Another.
pub struct Result;
/// Another.
pub struct Box;
/// Another.
pub struct String;

/// Modules with names of crates.
mod robyn_ws {}
mod core {}
mod inventory {}

/// Traits with methods of the standard library.
pub trait Into {
    /// Hides the real one.
    fn into(&self) {}
    /// Hides the real one.
    fn take(&self) {}
    /// Hides the real one.
    fn declare(&self) {}
}

impl<T> Into for T {}

#[derive(::std::default::Default, ConnectionState)]
struct Session(u32);

#[websocket("/chat", on = "upgrade")]
fn admit(_uri: &Uri) -> ::std::result::Result<Session, StatusCode> {
    ::std::result::Result::Ok(Session(1))
}

#[websocket("/chat", on = "connect")]
fn greet(_ws: WebSocketConnector) -> ::std::option::Option<&'static str> {
    ::std::option::Option::None
}

#[websocket("/chat", on = "message")]
async fn chat(msg: &str, session: &mut Session, _city: Global<&'static str>) -> ::std::string::String {
    session.0 += 1;
    ::std::format!("{msg} {}", session.0)
}

#[websocket("/chat", on = "close", blocking)]
fn part() {}

#[websocket("/session")]
async fn session(_socket: WebSocket) {}

fn main() {
    let app = ::robyn_ws::App::new().inject_global("Gotham");
    ::std::assert!(app.build().is_ok());
}
