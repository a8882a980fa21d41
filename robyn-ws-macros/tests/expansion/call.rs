fn say(Params(say): Params<Say<'_>>) -> Result<Json<Receipt>, CallError> {
    todo!()
}
#[allow(unexpected_cfgs)]
const _: () = {
    use ::robyn_ws::__private as __robyn_ws;
    #[cfg(rust_analyzer)]
    const _: () = {
        use __robyn_ws::editor::keys::{on as _, method as _, blocking as _};
        use __robyn_ws::editor::events::{};
    };
    #[cfg(not(rust_analyzer))]
    const _: () = {
        const fn __robyn_ws_entry() -> __robyn_ws::Entry {
            __robyn_ws::Entry {
                path: "/chat",
                ..__robyn_ws::Entry::new(
                        "say",
                        ::core::module_path!(),
                        __robyn_ws::Handler::Call(
                            __robyn_ws::Call::Sync(|mut __what_the_handler_borrows| {
                                let __robyn_ws_arg0 = <__robyn_ws::Inferred<
                                    _,
                                > as __robyn_ws::CallArgument<
                                    '_,
                                >>::take(&mut __what_the_handler_borrows)?;
                                <__robyn_ws::Inferred<
                                    _,
                                > as __robyn_ws::IntoCallReply>::into_call_reply(
                                    say(__robyn_ws_arg0),
                                )
                            }),
                        ),
                        |__robyn_ws_needs| {
                            let __robyn_ws_arg0 = __robyn_ws::Inference::<_, ()>::NEW;
                            if false {
                                let _ = say(__robyn_ws_arg0.argument());
                            }
                            <__robyn_ws::Inferred<
                                _,
                            > as __robyn_ws::CallArgument<
                                '_,
                            >>::declare(__robyn_ws_needs, __robyn_ws_arg0);
                        },
                    )
                    .called("say")
                    .blocking()
            }
        }
        __robyn_ws::inventory::submit! {
            __robyn_ws_entry()
        }
    };
};
