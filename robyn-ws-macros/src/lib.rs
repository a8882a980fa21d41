//! The attribute and derive macros of `robyn-ws`: the entry points and their documentation.
//!
//! Use `robyn-ws`, which re-exports them.

mod args;
mod argument;
mod assertions;
mod compiler;
mod connection_state;
mod describe;
mod diagnostics;
mod editor;
mod event;
mod expand;
mod fallback;
mod form;
mod grammar;
mod item;
mod method_name;
mod misplaced_call;
mod model;
mod on;
mod path;
mod runtime;
mod runtime_crate;
mod sends;
#[cfg(test)]
mod snapshot;
mod surroundings;
mod tokens;
mod validate;
mod view;
mod websocket;

use proc_macro::TokenStream;

/// Registers a function as the handler of a WebSocket endpoint.
///
/// ```ignore (this crate does not know the runtime crate, whose documentation has compiled examples)
/// use robyn_ws::prelude::*;
///
/// #[websocket("/chat/{room}", on = "message")]
/// async fn chat(ws: WebSocketConnector, msg: &str) -> String {
///     format!("{} said {msg}", ws.id())
/// }
/// ```
///
/// # Arguments of the attribute
///
/// ```text
/// #[websocket(PATH, on = EVENT, method = NAME, router = PATH_TO_STATIC, state = TYPE, blocking, sends(TYPE, ..), crate = PATH_TO_CRATE)]
/// ```
///
/// Only `PATH` is required. It comes first; the others come in any order.
///
/// | argument | meaning |
/// |---|---|
/// | `"/chat/{room}"` | The endpoint's path, in axum's syntax: `{name}` is one segment, `{*rest}` all that follows. Other characters stand in the form that clients send, `%20` for a space. |
/// | `on = "upgrade"` | Decides about the request before a socket is opened, and may create the connection's state. |
/// | `on = "connect"` | Runs when the socket is open. |
/// | `on = "message"` | Runs for each text or binary message. |
/// | `on = "call", method = "say"` | Runs for each call of the method `say`, in JSON-RPC 2.0. |
/// | `on = "close"` | Runs once after the connection has ended, however it ended. |
/// | no `on` | A *session handler*: an `async fn` that owns the socket. |
/// | `router = LEAGUE` | The `static` `SubRouter` that the endpoint belongs to. |
/// | `state = AppState` | The state for axum's extractors in an `upgrade` handler, which `App::state` is given. |
/// | `blocking` | Runs the function, which is not `async`, on a thread that may block. |
/// | `sends(Said, "joined"(User), "ask"(Question) -> Answer)` | What the handler sends besides what it returns, for the contract of the app: messages, notifications and calls of JSON-RPC 2.0. |
/// | `crate = my::robyn_ws` | Where the runtime crate is, if it is not a dependency of your crate. |
///
/// # The function
///
/// It stays exactly as written and can be called, for example by its unit test. Its arguments are found by type, in any
/// order and any number; its return value is sent to the client. It is a free function without type parameters. The
/// documentation of `robyn-ws` lists what can be taken and returned in which event.
///
/// # Mistakes
///
/// All mistakes in an attribute and a signature are reported in one run, each at the token that is wrong, and the
/// function survives them, so that nothing else fails to compile because of it.
///
/// With `ROBYN_WS_MACROS_DEBUG=1` in the compiler's environment, the generated code is printed to stderr. Cargo does
/// not know of the variable: touch a file for the crate to be compiled again.
#[proc_macro_attribute]
pub fn websocket(attr: TokenStream, item: TokenStream) -> TokenStream {
    printed(websocket::websocket(attr.into(), &item.into())).into()
}

/// Registers the methods of a type as the handlers of a WebSocket endpoint, with the type as the connection's state.
///
/// ```ignore (this crate does not know the runtime crate, whose documentation has compiled examples)
/// use robyn_ws::prelude::*;
///
/// #[derive(Default, ConnectionState)]
/// struct Chat {
///     said: u32,
/// }
///
/// #[websocket_view("/chat/{room}")]
/// impl Chat {
///     fn connect(&mut self, Path(room): Path<String>) -> String {
///         format!("welcome to {room}")
///     }
///
///     async fn message(&mut self, ws: WebSocketConnector, msg: &str) {
///         self.said += 1;
///         ws.async_broadcast(self.worded(msg)).await;
///     }
///
///     fn worded(&self, msg: &str) -> String {
///         format!("{}. {msg}", self.said)
///     }
/// }
/// ```
///
/// # Methods
///
/// The name of a method is its event. Each event is optional, and all other methods are ordinary ones.
///
/// | method | event |
/// |---|---|
/// | `upgrade` | Decides about the request before a socket is opened. It has no receiver, and creates the state: it returns `Self`, `(Identity, Self)` to say who the client is, or a `Result` of these. If it returns `()`, `Identity`, or a `Result` of these, the state begins as its `Default`. |
/// | `connect` | Runs when the socket is open. |
/// | `message` | Runs for each text or binary message. |
/// | `close` | Runs once after the connection has ended, however it ended. |
/// | any name, with `#[call]` | Runs for each call of the method with this name, in JSON-RPC 2.0. |
/// | `session` | An `async fn` that takes the `WebSocket`, in place of `message`. |
///
/// `&self` and `&mut self` borrow the connection's own state, without a lock, so the type derives `ConnectionState`. A view
/// without a receiver has no state. All other arguments, the return values and the errors are those of
/// [`macro@websocket`]'s functions. `#[view(blocking)]` on a method that is not `async` runs it on a thread that may block.
///
/// # Arguments of the attribute
///
/// ```text
/// #[websocket_view(PATH, router = PATH_TO_STATIC, state = TYPE, sends(TYPE, ..), crate = PATH_TO_CRATE)]
/// ```
///
/// | argument | meaning |
/// |---|---|
/// | `"/chat/{room}"` | The endpoint's path, as in [`macro@websocket`]. |
/// | `router = LEAGUE` | The `static` `SubRouter` that the endpoint belongs to. |
/// | `state = AppState` | The state for axum's extractors in `upgrade`, which `App::state` is given. |
/// | `sends(Said, ..)` | What the methods send besides what they return, as in [`macro@websocket`]. |
/// | `crate = my::robyn_ws` | Where the runtime crate is, if it is not a dependency of your crate. |
///
/// A second `#[websocket_view(..)]` serves the view at a second path.
///
/// # The block
///
/// It is an `impl` of the type itself, without parameters. It stays as written, apart from `#[view(..)]` and `#[call]`, so unit tests
/// call its methods. Functions on the same path stand beside a view, and take its state as `&S` or `&mut S`.
#[proc_macro_attribute]
pub fn websocket_view(attr: TokenStream, item: TokenStream) -> TokenStream {
    printed(view::websocket_view(attr.into(), item.into())).into()
}

/// Marks a method of a view as the handler of calls of its name, in JSON-RPC 2.0. [`macro@websocket_view`] reads it; where
/// there is no view, it is an error.
///
/// ```ignore (this crate does not know the runtime crate, whose documentation has compiled examples)
/// use robyn_ws::prelude::*;
///
/// #[derive(Default, ConnectionState)]
/// struct Counter {
///     count: i64,
/// }
///
/// #[websocket_view("/counter")]
/// impl Counter {
///     #[call]
///     fn add(&mut self, Params((by,)): Params<(i64,)>) -> i64 {
///         self.count += by;
///         self.count
///     }
/// }
/// ```
#[proc_macro_attribute]
pub fn call(_attr: TokenStream, item: TokenStream) -> TokenStream {
    printed(misplaced_call::misplaced_call(&item.into())).into()
}

/// Implements `ConnectionState` for a type: handlers take it as `&S` or `&mut S`.
///
/// ```ignore (this crate does not know the runtime crate, whose documentation has compiled examples)
/// use robyn_ws::prelude::*;
///
/// #[derive(Default, ConnectionState)]
/// struct Session {
///     seen: u32,
/// }
///
/// #[websocket("/count", on = "message")]
/// fn count(session: &mut Session) -> String {
///     session.seen += 1;
///     session.seen.to_string()
/// }
/// ```
///
/// The state of a new connection is the type's `Default`, created when a handler first takes it, unless the endpoint's
/// `upgrade` handler has returned one.
///
/// | attribute on the type | meaning |
/// |---|---|
/// | `#[connection_state(from_upgrade)]` | Only an `upgrade` handler can create it; the type does not need a `Default`. |
/// | `#[connection_state(crate = my::robyn_ws)]` | Where the runtime crate is, if it is not a dependency of your crate. |
#[proc_macro_derive(ConnectionState, attributes(connection_state))]
pub fn connection_state(item: TokenStream) -> TokenStream {
    printed(connection_state::derive(item.into())).into()
}

/// Prints the expansion if a variable of the environment asks for it.
fn printed(expansion: proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    if std::env::var_os("ROBYN_WS_MACROS_DEBUG").is_some_and(|value| !value.is_empty() && value != "0") {
        eprintln!("{expansion}\n");
    }
    expansion
}
