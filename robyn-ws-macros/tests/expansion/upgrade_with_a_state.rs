fn admit(State(key): State<Key>) {}
#[allow(unexpected_cfgs)]
const _: () = {
    use ::robyn_ws::__private as __robyn_ws;
    use __robyn_ws::via::*;
    type __RobynWsState = AppState;
    #[cfg(rust_analyzer)]
    const _: () = {
        use __robyn_ws::editor::keys::{on as _, state as _};
        use __robyn_ws::editor::events::{};
        const _: ::core::option::Option<AppState> = ::core::option::Option::None;
    };
    #[cfg(not(rust_analyzer))]
    const _: () = {
        const fn __robyn_ws_entry() -> __robyn_ws::Entry {
            __robyn_ws::Entry {
                path: "/chat",
                ..__robyn_ws::Entry::new(
                    "admit",
                    ::core::module_path!(),
                    __robyn_ws::Handler::Upgrade(|__what_the_handler_borrows| __robyn_ws::upgrade_future_must_be_send(async move {
                        let __robyn_ws_called = {
                            let mut __what_the_handler_borrows = __what_the_handler_borrows;
                            let __robyn_ws_arg0 = __robyn_ws::Inference::<
                                _,
                                __RobynWsState,
                            >::NEW;
                            if false {
                                let _ = admit(__robyn_ws_arg0.argument());
                            }
                            let __robyn_ws_arg0 = <__robyn_ws::Inferred<
                                _,
                            > as __robyn_ws::UpgradeArgument<
                                '_,
                                _,
                                __RobynWsState,
                            >>::take(
                                    &mut __what_the_handler_borrows,
                                    (&&&&__robyn_ws_arg0).via(),
                                )
                                .await?;
                            admit(__robyn_ws_arg0)
                        };
                        <__robyn_ws::Inferred<
                            _,
                        > as __robyn_ws::IntoUpgradeReply>::into_upgrade_reply(
                            __robyn_ws_called,
                        )
                    })),
                    |__robyn_ws_needs| {
                        let __robyn_ws_arg0 = __robyn_ws::Inference::<
                            _,
                            __RobynWsState,
                        >::NEW;
                        if false {
                            let _ = admit(__robyn_ws_arg0.argument());
                        }
                        <__robyn_ws::Inferred<
                            _,
                        > as __robyn_ws::UpgradeArgument<
                            '_,
                            _,
                            __RobynWsState,
                        >>::declare(
                            __robyn_ws_needs,
                            __robyn_ws_arg0,
                            (&&&&__robyn_ws_arg0).via(),
                        );
                        <__robyn_ws::Inferred<
                            _,
                        > as __robyn_ws::IntoUpgradeReply>::declare(
                            __robyn_ws_needs,
                            __robyn_ws::output_of(
                                &async || admit(__robyn_ws_arg0.argument()),
                            ),
                        );
                    },
                )
            }
        }
        __robyn_ws::inventory::submit! {
            __robyn_ws_entry()
        }
    };
};
