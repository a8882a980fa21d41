async fn chat<'m>(
    msg: Json<Say<'m>>,
    session: &mut Session,
    uri: &Uri,
) -> Result<&'m str, Error> {
    todo!()
}
#[allow(unexpected_cfgs)]
const _: () = {
    use ::robyn_ws::__private as __robyn_ws;
    #[cfg(rust_analyzer)]
    const _: () = {
        use __robyn_ws::editor::keys::on as _;
        use __robyn_ws::editor::events::{};
    };
    #[cfg(not(rust_analyzer))]
    const _: () = {
        const _: () = {
            use __robyn_ws::TwoStates as _;
            let _ = <__robyn_ws::States<Session, Uri>>::are_two;
        };
        const fn __robyn_ws_entry() -> __robyn_ws::Entry {
            __robyn_ws::Entry {
                path: "/chat",
                ..__robyn_ws::Entry::new(
                    "chat",
                    ::core::module_path!(),
                    __robyn_ws::Handler::Message(
                        __robyn_ws::Call::Async(|mut __what_the_handler_borrows| {
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
                            let __robyn_ws_arg2 = <__robyn_ws::Inferred<
                                _,
                            > as __robyn_ws::MessageArgument<
                                '_,
                            >>::take(&mut __what_the_handler_borrows)?;
                            let __robyn_ws_called = chat(
                                __robyn_ws_arg0,
                                __robyn_ws_arg1,
                                __robyn_ws_arg2,
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
                        let __robyn_ws_arg0 = __robyn_ws::Inference::<_, ()>::NEW;
                        let __robyn_ws_arg1 = __robyn_ws::Inference::<_, ()>::NEW;
                        let __robyn_ws_arg2 = __robyn_ws::Inference::<_, ()>::NEW;
                        if false {
                            let _ = chat(
                                __robyn_ws_arg0.argument(),
                                __robyn_ws_arg1.argument(),
                                __robyn_ws_arg2.argument(),
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
                        <__robyn_ws::Inferred<
                            _,
                        > as __robyn_ws::MessageArgument<
                            '_,
                        >>::declare(__robyn_ws_needs, __robyn_ws_arg2);
                    },
                )
            }
        }
        __robyn_ws::inventory::submit! {
            __robyn_ws_entry()
        }
    };
};
