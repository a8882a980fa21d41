async fn session(mut socket: WebSocket) {}
#[allow(unexpected_cfgs)]
const _: () = {
    use ::robyn_ws::__private as __robyn_ws;
    #[cfg(rust_analyzer)]
    const _: () = {
        use __robyn_ws::editor::keys::{};
        use __robyn_ws::editor::events::{};
    };
    #[cfg(not(rust_analyzer))]
    const _: () = {
        const fn __robyn_ws_entry() -> __robyn_ws::Entry {
            __robyn_ws::Entry {
                path: "/ws",
                ..__robyn_ws::Entry::new(
                    "session",
                    ::core::module_path!(),
                    __robyn_ws::Handler::Session(
                        __robyn_ws::Call::Async(|mut __what_the_handler_borrows| {
                            let __robyn_ws_arg0 = <__robyn_ws::Inferred<
                                _,
                            > as __robyn_ws::SessionArgument<
                                '_,
                            >>::take(&mut __what_the_handler_borrows)?;
                            let __robyn_ws_called = session(__robyn_ws_arg0);
                            __robyn_ws::handler_future_must_be_send(
                                __robyn_ws_called,
                                <__robyn_ws::Inferred<
                                    _,
                                > as __robyn_ws::IntoReply>::into_reply,
                            )
                        }),
                    ),
                    |__robyn_ws_needs| {
                        let __robyn_ws_arg0 = __robyn_ws::Inference::<_, ()>::NEW;
                        if false {
                            let _ = session(__robyn_ws_arg0.argument());
                        }
                        <__robyn_ws::Inferred<
                            _,
                        > as __robyn_ws::SessionArgument<
                            '_,
                        >>::declare(__robyn_ws_needs, __robyn_ws_arg0);
                    },
                )
            }
        }
        __robyn_ws::inventory::submit! {
            __robyn_ws_entry()
        }
    };
};
