/// Documented.
#[cfg(feature = "chat")]
impl Chat {
    const LIMIT: usize = { 10 };
    #[cfg(feature = "greeting")]
    fn connect(&mut self, Path(room): Path<String>) -> String {
        format!("welcome to {room}")
    }
    fn message(&self, msg: Wrapped<{ Self::LIMIT }>, other: &Uri) {}
    fn helper(&self) -> usize {
        Self::LIMIT
    }
}
#[cfg(feature = "chat")]
#[allow(unexpected_cfgs)]
const _: () = {
    use ::robyn_ws::__private as __robyn_ws;
    #[cfg(rust_analyzer)]
    const _: () = {
        use __robyn_ws::editor::view_keys::{};
        use __robyn_ws::editor::method_keys::blocking as _;
    };
    #[cfg(not(rust_analyzer))]
    const _: () = {
        type __RobynWsSelf = Chat;
        #[cfg(feature = "greeting")]
        const _: () = {};
        struct __RobynWsView;
        impl __RobynWsView {
            const fn _entry(position: usize) -> __robyn_ws::Entry {
                match position {
                    #[cfg(feature = "greeting")]
                    0 => {
                        __robyn_ws::Entry {
                            path: "/chat/{room}",
                            ..__robyn_ws::Entry::new(
                                "Chat::connect",
                                ::core::module_path!(),
                                __robyn_ws::Handler::Connect(
                                    __robyn_ws::Call::Sync(|mut __what_the_handler_borrows| {
                                        let __robyn_ws_self = <__robyn_ws::Inferred<
                                            __RobynWsSelf,
                                        > as __robyn_ws::ViewState>::take(
                                            &mut __what_the_handler_borrows,
                                        )?;
                                        let __robyn_ws_arg0 = <__robyn_ws::Inferred<
                                            _,
                                        > as __robyn_ws::ConnectArgument<
                                            '_,
                                        >>::take(&mut __what_the_handler_borrows)?;
                                        <__robyn_ws::Inferred<
                                            _,
                                        > as __robyn_ws::IntoReply>::into_reply(
                                            __RobynWsSelf::connect(__robyn_ws_self, __robyn_ws_arg0),
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
                                        let _ = __RobynWsSelf::connect(
                                            __robyn_ws_self.argument(),
                                            __robyn_ws_arg0.argument(),
                                        );
                                    }
                                    <__robyn_ws::Inferred<
                                        _,
                                    > as __robyn_ws::ConnectArgument<
                                        '_,
                                    >>::declare(__robyn_ws_needs, __robyn_ws_arg0);
                                },
                            )
                        }
                    }
                    1 => {
                        __robyn_ws::Entry {
                            path: "/chat/{room}",
                            ..__robyn_ws::Entry::new(
                                    "Chat::message",
                                    ::core::module_path!(),
                                    __robyn_ws::Handler::Message(
                                        __robyn_ws::Call::Sync(|mut __what_the_handler_borrows| {
                                            let __robyn_ws_self = <__robyn_ws::Inferred<
                                                __RobynWsSelf,
                                            > as __robyn_ws::ViewState>::take(
                                                &mut __what_the_handler_borrows,
                                            )?;
                                            let __robyn_ws_self = <_ as __robyn_ws::SharedView>::share(
                                                __robyn_ws_self,
                                                &mut __what_the_handler_borrows,
                                            );
                                            let __robyn_ws_arg0 = <__robyn_ws::Inferred<
                                                _,
                                            > as __robyn_ws::MessageArgument<
                                                '_,
                                            >>::take(&mut __what_the_handler_borrows)?;
                                            let __robyn_ws_arg1 = <__robyn_ws::Inferred<
                                                _,
                                            > as __robyn_ws::MessageArgument<
                                                '_,
                                            >>::take(&mut __what_the_handler_borrows)?;
                                            <__robyn_ws::Inferred<
                                                _,
                                            > as __robyn_ws::IntoReply>::into_reply(
                                                __RobynWsSelf::message(
                                                    __robyn_ws_self,
                                                    __robyn_ws_arg0,
                                                    __robyn_ws_arg1,
                                                ),
                                            )
                                        }),
                                    ),
                                    |__robyn_ws_needs| {
                                        <__robyn_ws::Inferred<
                                            __RobynWsSelf,
                                        > as __robyn_ws::ViewState>::declare_shared(
                                            __robyn_ws_needs,
                                        );
                                        let __robyn_ws_self = __robyn_ws::Inference::<_, ()>::NEW;
                                        let __robyn_ws_arg0 = __robyn_ws::Inference::<_, ()>::NEW;
                                        let __robyn_ws_arg1 = __robyn_ws::Inference::<_, ()>::NEW;
                                        if false {
                                            let _ = __RobynWsSelf::message(
                                                __robyn_ws_self.argument(),
                                                __robyn_ws_arg0.argument(),
                                                __robyn_ws_arg1.argument(),
                                            );
                                        }
                                        <__robyn_ws::Inferred<
                                            _,
                                        > as __robyn_ws::MessageArgument<
                                            '_,
                                        >>::declare(__robyn_ws_needs, __robyn_ws_arg0);
                                        <__robyn_ws::Inferred<
                                            _,
                                        > as __robyn_ws::MessageArgument<
                                            '_,
                                        >>::declare(__robyn_ws_needs, __robyn_ws_arg1);
                                    },
                                )
                                .blocking()
                        }
                    }
                    _ => ::core::unreachable!(),
                }
            }
        }
        #[cfg(feature = "greeting")]
        const _: () = {
            __robyn_ws::inventory::submit! {
                __RobynWsView::_entry(0)
            }
        };
        __robyn_ws::inventory::submit! {
            __RobynWsView::_entry(1)
        }
    };
};
