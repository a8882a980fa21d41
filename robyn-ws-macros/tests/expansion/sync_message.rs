/// Documented.
#[cfg(feature = "chat")]
#[inline]
fn chat(Path(room): Path<String>, msg: String) -> String {
    format!("{room}: {msg}")
}
#[cfg(feature = "chat")]
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
        const fn __robyn_ws_entry() -> __robyn_ws::Entry {
            __robyn_ws::Entry {
                path: "/chat/{room}",
                ..__robyn_ws::Entry::new(
                    "chat",
                    ::core::module_path!(),
                    __robyn_ws::Handler::Message(
                        __robyn_ws::Call::Sync(|mut __what_the_handler_borrows| {
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
                                chat(__robyn_ws_arg0, __robyn_ws_arg1),
                            )
                        }),
                    ),
                    |__robyn_ws_needs| {
                        let __robyn_ws_arg0 = __robyn_ws::Inference::<_, ()>::NEW;
                        let __robyn_ws_arg1 = __robyn_ws::Inference::<_, ()>::NEW;
                        if false {
                            let _ = chat(
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
            }
        }
        __robyn_ws::inventory::submit! {
            __robyn_ws_entry()
        }
    };
};
