impl chat::Room<u8> {
    async fn upgrade(uri: Uri) -> Result<Self, StatusCode> {
        todo!()
    }
    async fn session(self: &mut Self, socket: WebSocket) -> Result<(), Disconnected> {
        todo!()
    }
}
#[allow(unexpected_cfgs)]
const _: () = {
    use my::robyn_ws::__private as __robyn_ws;
    use __robyn_ws::via::*;
    #[cfg(rust_analyzer)]
    const _: () = {
        use __robyn_ws::editor::view_keys::router as _;
        const _: &_ = &LEAGUE;
    };
    #[cfg(not(rust_analyzer))]
    const _: () = {
        type __RobynWsSelf = chat::Room<u8>;
        static __ROBYN_WS_ROUTER: &__robyn_ws::SubRouter = &LEAGUE;
        const _: () = {
            let _ = &raw const LEAGUE;
        };
        struct __RobynWsView;
        impl __RobynWsView {
            const fn _entry(position: usize) -> __robyn_ws::Entry {
                match position {
                    0 => {
                        __robyn_ws::Entry {
                            path: "/chat",
                            ..__robyn_ws::Entry::new(
                                    "chat::Room<u8>::upgrade",
                                    ::core::module_path!(),
                                    __robyn_ws::Handler::Upgrade(|__what_the_handler_borrows| __robyn_ws::upgrade_future_must_be_send(async move {
                                        let __robyn_ws_called = {
                                            let mut __what_the_handler_borrows = __what_the_handler_borrows;
                                            let __robyn_ws_arg0 = __robyn_ws::Inference::<_, ()>::NEW;
                                            if false {
                                                let _ = __RobynWsSelf::upgrade(__robyn_ws_arg0.argument());
                                            }
                                            let __robyn_ws_arg0 = <__robyn_ws::Inferred<
                                                _,
                                            > as __robyn_ws::UpgradeArgument<
                                                '_,
                                                _,
                                                (),
                                            >>::take(
                                                    &mut __what_the_handler_borrows,
                                                    (&&&&__robyn_ws_arg0).via(),
                                                )
                                                .await?;
                                            __RobynWsSelf::upgrade(__robyn_ws_arg0)
                                        };
                                        let __robyn_ws_result = <__robyn_ws::Inferred<
                                            _,
                                        > as __robyn_ws::IntoViewReply<
                                            __RobynWsSelf,
                                        >>::into_view_reply(__robyn_ws_called.await);
                                        <__robyn_ws::Inferred<
                                            __RobynWsSelf,
                                        > as __robyn_ws::ViewState>::upgraded(__robyn_ws_result)
                                    })),
                                    |__robyn_ws_needs| {
                                        let __robyn_ws_arg0 = __robyn_ws::Inference::<_, ()>::NEW;
                                        if false {
                                            let _ = __RobynWsSelf::upgrade(__robyn_ws_arg0.argument());
                                        }
                                        <__robyn_ws::Inferred<
                                            _,
                                        > as __robyn_ws::UpgradeArgument<
                                            '_,
                                            _,
                                            (),
                                        >>::declare(
                                            __robyn_ws_needs,
                                            __robyn_ws_arg0,
                                            (&&&&__robyn_ws_arg0).via(),
                                        );
                                        <__robyn_ws::Inferred<
                                            __RobynWsSelf,
                                        > as __robyn_ws::ViewState>::provide(__robyn_ws_needs);
                                    },
                                )
                                .of(__ROBYN_WS_ROUTER)
                        }
                    }
                    1 => {
                        __robyn_ws::Entry {
                            path: "/chat",
                            ..__robyn_ws::Entry::new(
                                    "chat::Room<u8>::session",
                                    ::core::module_path!(),
                                    __robyn_ws::Handler::Session(
                                        __robyn_ws::Call::Async(|mut __what_the_handler_borrows| {
                                            let __robyn_ws_self = <__robyn_ws::Inferred<
                                                __RobynWsSelf,
                                            > as __robyn_ws::ViewState>::take(
                                                &mut __what_the_handler_borrows,
                                            )?;
                                            let __robyn_ws_arg0 = <__robyn_ws::Inferred<
                                                _,
                                            > as __robyn_ws::SessionArgument<
                                                '_,
                                            >>::take(&mut __what_the_handler_borrows)?;
                                            let __robyn_ws_called = __RobynWsSelf::session(
                                                __robyn_ws_self,
                                                __robyn_ws_arg0,
                                            );
                                            __robyn_ws::handler_future_must_be_send(
                                                __robyn_ws_called,
                                                <__robyn_ws::Inferred<
                                                    _,
                                                > as __robyn_ws::IntoReply>::into_reply,
                                            )
                                        }),
                                    ),
                                    |__robyn_ws_needs| {
                                        <__robyn_ws::Inferred<
                                            __RobynWsSelf,
                                        > as __robyn_ws::ViewState>::declare(__robyn_ws_needs);
                                        let __robyn_ws_self = __robyn_ws::Inference::<_, ()>::NEW;
                                        let __robyn_ws_arg0 = __robyn_ws::Inference::<_, ()>::NEW;
                                        if false {
                                            let _ = __RobynWsSelf::session(
                                                __robyn_ws_self.argument(),
                                                __robyn_ws_arg0.argument(),
                                            );
                                        }
                                        <__robyn_ws::Inferred<
                                            _,
                                        > as __robyn_ws::SessionArgument<
                                            '_,
                                        >>::declare(__robyn_ws_needs, __robyn_ws_arg0);
                                    },
                                )
                                .of(__ROBYN_WS_ROUTER)
                        }
                    }
                    _ => ::core::unreachable!(),
                }
            }
        }
        __robyn_ws::inventory::submit! {
            __RobynWsView::_entry(0)
        }
        __robyn_ws::inventory::submit! {
            __RobynWsView::_entry(1)
        }
    };
};
