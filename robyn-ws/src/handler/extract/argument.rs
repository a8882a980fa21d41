//! One trait per event over [`FromEvent`], so that the compiler's error names the event and what it offers.

use crate::{
    handler::{
        event::{Call, Close, Connect, EventContext, Message, Session},
        extract::FromEvent,
        inference::Inference,
        needs::Needs,
    },
    types::rejection::Rejection,
};

/// A trait with the implementations of [`FromEvent`] for one event, and an error text of its own.
macro_rules! argument {
    (#[$words:meta] $name:ident: $event:ident) => {
        #[doc(hidden)]
        #[$words]
        pub trait $name<'a>: Sized {
            fn take(cx: &mut EventContext<'a, $event>) -> Result<Self, Rejection>;
            fn declare(needs: &mut Needs, ty: Inference<Self>);
        }

        #[diagnostic::do_not_recommend]
        impl<'a, T: FromEvent<'a, $event>> $name<'a> for T {
            #[inline]
            fn take(cx: &mut EventContext<'a, $event>) -> Result<Self, Rejection> {
                T::from_event(cx)
            }

            fn declare(needs: &mut Needs, _ty: Inference<Self>) {
                needs.reads_request |= T::READS_REQUEST;
                needs.argument(T::declare);
            }
        }
    };
}

argument! {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be an argument of a `connect` handler",
        label = "not available in a `connect` handler",
        note = "take a state as `&State` or `&mut State`, and derive `ConnectionState` for it; derive `Deserialize` for the `T` of `Path` and `Query`",
        note = "a `connect` handler can take `WebSocketConnector`, `Hub`, `Global<T>`, `Scoped<T>`, `Path<T>`, `Query<T>`, `&HeaderMap`, `&Uri`, `Extension<T>`, `ConnectInfo<T>`, `&State` and `&mut State` where `State: ConnectionState`, and `Option<_>` or `Result<_, Rejection>` of these",
        note = "`T` is `Send + Sync` in `Global` and `Scoped`, `Clone + Send + Sync` in `Extension` and `ConnectInfo`; a state is `Sync` if taken as `&State`",
        note = "there is no message yet: take it in a handler with `on = \"message\"`, or in the method `message` of a view",
        note = "only a `call` handler takes `Params`, only a `close` handler takes `CloseReason` and `Departed`, only a session handler, which has no `on` and is the method `session` of a view, takes `WebSocket`",
        note = "for the `Identity` of the client, take `&WebSocketConnector`, and call its `identity()`",
        note = "instead of axum's `State<S>`, take `Global<S>`, which `App::inject_global` injects",
        note = "for a type of your own, implement `FromEvent<'_, event::Connect>`"
    )]
    ConnectArgument: Connect
}

argument! {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be an argument of a `message` handler",
        label = "not available in a `message` handler",
        note = "take a message in JSON as `Json<T>`, and a state as `&State` or `&mut State`; derive `ConnectionState` for the state, and `Deserialize` for the `T` of `Json`, `Path` and `Query`",
        note = "a `message` handler can take the message as `&str`, `String`, `Utf8Bytes`, `&[u8]`, `Vec<u8>`, `Bytes`, `Json<T>`, `Message` or `&Message`, and `WebSocketConnector`, `Hub`, `Global<T>`, `Scoped<T>`, `Path<T>`, `Query<T>`, `&HeaderMap`, `&Uri`, `Extension<T>`, `ConnectInfo<T>`, `&State` and `&mut State` where `State: ConnectionState`, and `Option<_>` or `Result<_, Rejection>` of these",
        note = "`T` is `Send + Sync` in `Global` and `Scoped`, `Clone + Send + Sync` in `Extension` and `ConnectInfo`; a state is `Sync` if taken as `&State`",
        note = "only a `call` handler takes `Params`, only a `close` handler takes `CloseReason` and `Departed`, only a session handler, which has no `on` and is the method `session` of a view, takes `WebSocket`",
        note = "for the `Identity` of the client, take `&WebSocketConnector`, and call its `identity()`",
        note = "instead of axum's `State<S>`, take `Global<S>`, which `App::inject_global` injects",
        note = "for a type of your own, implement `FromEvent<'_, event::Message>`"
    )]
    MessageArgument: Message
}

argument! {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be an argument of a `call` handler",
        label = "not available in a `call` handler",
        note = "take a state as `&State` or `&mut State`, and derive `ConnectionState` for it; derive `Deserialize` for the `T` of `Params`, `Path` and `Query`",
        note = "a `call` handler can take the parameters of the call as `Params<T>`, and `WebSocketConnector`, `Hub`, `Global<T>`, `Scoped<T>`, `Path<T>`, `Query<T>`, `&HeaderMap`, `&Uri`, `Extension<T>`, `ConnectInfo<T>`, `&State` and `&mut State` where `State: ConnectionState`, and `Option<_>` or `Result<_, Rejection>` of these",
        note = "`T` is `Send + Sync` in `Global` and `Scoped`, `Clone + Send + Sync` in `Extension` and `ConnectInfo`; a state is `Sync` if taken as `&State`",
        note = "the parameters are not a message: take a text as `Params<String>`, and what was `Json<T>` as `Params<T>`",
        note = "only a `close` handler takes `CloseReason` and `Departed`, only a session handler, which has no `on` and is the method `session` of a view, takes `WebSocket`",
        note = "for the `Identity` of the client, take `&WebSocketConnector`, and call its `identity()`",
        note = "instead of axum's `State<S>`, take `Global<S>`, which `App::inject_global` injects",
        note = "for a type of your own, implement `FromEvent<'_, event::Call>`"
    )]
    CallArgument: Call
}

argument! {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be an argument of a `close` handler",
        label = "not available in a `close` handler",
        note = "take a state as `&State` or `&mut State`, and derive `ConnectionState` for it; derive `Deserialize` for the `T` of `Path` and `Query`",
        note = "a `close` handler can take `CloseReason`, `&CloseReason`, `Departed`, `WebSocketConnector`, `Hub`, `Global<T>`, `Scoped<T>`, `Path<T>`, `Query<T>`, `&HeaderMap`, `&Uri`, `Extension<T>`, `ConnectInfo<T>`, `&State` and `&mut State` where `State: ConnectionState`, and `Option<_>` or `Result<_, Rejection>` of these",
        note = "`T` is `Send + Sync` in `Global` and `Scoped`, `Clone + Send + Sync` in `Extension` and `ConnectInfo`; a state is `Sync` if taken as `&State`",
        note = "the last message has been handled: keep what `close` needs in a state",
        note = "only a `call` handler takes `Params`, only a session handler, which has no `on` and is the method `session` of a view, takes `WebSocket`",
        note = "for the `Identity` of the client, take `&WebSocketConnector`, and call its `identity()`",
        note = "instead of axum's `State<S>`, take `Global<S>`, which `App::inject_global` injects",
        note = "for a type of your own, implement `FromEvent<'_, event::Close>`"
    )]
    CloseArgument: Close
}

argument! {
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be an argument of a session handler",
        label = "not available in a session handler",
        note = "take a state as `&State` or `&mut State`, and derive `ConnectionState` for it; derive `Deserialize` for the `T` of `Path` and `Query`",
        note = "a session handler can take `WebSocket`, `WebSocketConnector`, `Hub`, `Global<T>`, `Scoped<T>`, `Path<T>`, `Query<T>`, `&HeaderMap`, `&Uri`, `Extension<T>`, `ConnectInfo<T>`, `&State` and `&mut State` where `State: ConnectionState`, and `Option<_>` or `Result<_, Rejection>` of these",
        note = "`T` is `Send + Sync` in `Global` and `Scoped`, `Clone + Send + Sync` in `Extension` and `ConnectInfo`; a state is `Sync` if taken as `&State`",
        note = "a session handler owns the socket and receives from it: take `mut socket: WebSocket`; for a handler that is called once per message, write `on = \"message\"`, or name the method of a view `message`",
        note = "only a `call` handler takes `Params`, only a `close` handler takes `CloseReason` and `Departed`",
        note = "for the `Identity` of the client, take `&WebSocketConnector`, and call its `identity()`",
        note = "instead of axum's `State<S>`, take `Global<S>`, which `App::inject_global` injects",
        note = "for a type of your own, implement `FromEvent<'_, event::Session>`"
    )]
    SessionArgument: Session
}
