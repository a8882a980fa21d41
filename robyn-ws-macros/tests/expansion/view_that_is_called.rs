impl Chat {
    async fn r#type(&mut self, Params(text): Params<String>) -> Result<(), CallError> {
        todo!()
    }
}
#[allow(unexpected_cfgs)]
const _: () = {
    use ::robyn_ws::__private as __robyn_ws;
    #[cfg(rust_analyzer)]
    const _: () = {
        use __robyn_ws::editor::view_keys::{};
        use __robyn_ws::editor::method_keys::{};
    };
    #[cfg(not(rust_analyzer))]
    const _: () = {
        type __RobynWsSelf = Chat;
        struct __RobynWsView;
        impl __RobynWsView {
            const fn _entry(position: usize) -> __robyn_ws::Entry {
                match position {
                    0 => {
                        __robyn_ws::Entry {
                            path: "/chat",
                            ..__robyn_ws::Entry::new(
                                    "Chat::type",
                                    ::core::module_path!(),
                                    __robyn_ws::Handler::Call(
                                        __robyn_ws::Call::Async(|mut __what_the_handler_borrows| {
                                            let __robyn_ws_self = <__robyn_ws::Inferred<
                                                __RobynWsSelf,
                                            > as __robyn_ws::ViewState>::take(
                                                &mut __what_the_handler_borrows,
                                            )?;
                                            let __robyn_ws_arg0 = <__robyn_ws::Inferred<
                                                _,
                                            > as __robyn_ws::CallArgument<
                                                '_,
                                            >>::take(&mut __what_the_handler_borrows)?;
                                            let __robyn_ws_called = __RobynWsSelf::r#type(
                                                __robyn_ws_self,
                                                __robyn_ws_arg0,
                                            );
                                            __robyn_ws::handler_future_must_be_send(
                                                __robyn_ws_called,
                                                <__robyn_ws::Inferred<
                                                    _,
                                                > as __robyn_ws::IntoCallReply>::into_call_reply,
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
                                            let _ = __RobynWsSelf::r#type(
                                                __robyn_ws_self.argument(),
                                                __robyn_ws_arg0.argument(),
                                            );
                                        }
                                        <__robyn_ws::Inferred<
                                            _,
                                        > as __robyn_ws::CallArgument<
                                            '_,
                                        >>::declare(__robyn_ws_needs, __robyn_ws_arg0);
                                    },
                                )
                                .called("type")
                        }
                    }
                    _ => ::core::unreachable!(),
                }
            }
        }
        __robyn_ws::inventory::submit! {
            __RobynWsView::_entry(0)
        }
    };
};
