//! A library that denies warnings, missing documentation and what the compiler allows by default, and forbids unsafe
//! code: the lints see what the user wrote, and what the macros write is beyond reproach.

#![forbid(dead_code, deprecated, unexpected_cfgs, unsafe_code, unused_imports)]
#![deny(
    warnings,
    absolute_paths_not_starting_with_crate,
    ambiguous_negative_literals,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    ffi_unwind_calls,
    future_incompatible,
    keyword_idents,
    let_underscore,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_abi,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    nonstandard_style,
    non_ascii_idents,
    redundant_imports,
    redundant_lifetimes,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unused,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]

use robyn_ws::prelude::*;

/// Documented, as it is public.
pub static LEAGUE: SubRouter = SubRouter::new("/league");

/// Documented, too.
#[derive(Debug, Default, ConnectionState)]
pub struct Session {
    /// And this.
    pub name: String,
}

#[derive(Debug, Default, ConnectionState)]
struct Generic<T>(Vec<T>);

/// Decides.
#[websocket("/chat", on = "upgrade", router = LEAGUE)]
pub fn admit(_uri: Uri, _headers: &HeaderMap) -> Result<Session, StatusCode> {
    Ok(Session::default())
}

/// Greets.
#[websocket("/chat", on = "connect", router = LEAGUE)]
pub async fn greet() {}

// Nobody but the app calls it, so it is not dead.
#[websocket("/chat", on = "message", router = LEAGUE)]
async fn chat(Json(word): Json<&str>, session: &mut Session, generic: &mut Generic<u8>, _uri: &Uri) -> String {
    session.name.push_str(word);
    generic.0.push(1);
    format!("{word} {}", session.name)
}

#[websocket("/chat", on = "close", router = LEAGUE, blocking)]
fn part(_reason: &CloseReason, session: &Session) -> Option<&'static str> {
    session.name.is_empty().then_some("Not a word?")
}

/// Admits all.
#[websocket("/chat/private", on = "upgrade")]
pub async fn admit_all(_uri: Uri, _headers: &HeaderMap) -> Result<Session, StatusCode> {
    Ok(Session::default())
}

/// Has a reply that cannot be written twice.
#[websocket("/chat/private", on = "message", blocking)]
pub fn chat_privately(msg: String, session: &mut Session) -> impl IntoReply {
    session.name.clone_from(&msg);
    msg
}

/// Owns the socket.
#[websocket("/session")]
pub async fn session(mut socket: WebSocket) -> Result<(), Disconnected> {
    socket.send_text("hi").await
}

/// Is its own state.
#[derive(Debug, Default, ConnectionState)]
pub struct View {
    /// Documented, too.
    pub name: String,
}

#[websocket_view("/view", router = LEAGUE)]
impl View {
    /// Creates it.
    pub async fn upgrade(_uri: Uri) -> Result<Self, StatusCode> {
        Ok(Self::default())
    }

    // Nobody but the app calls it, so it is not dead.
    #[view(blocking)]
    fn message(&mut self, msg: &str) -> String {
        msg.to_owned()
    }

    async fn close(&self, _reason: &CloseReason, _uri: &Uri) {}
}

fn main() -> Result<(), BuildErrors> {
    drop(App::new().include_router(&LEAGUE).build()?);
    Ok(())
}
