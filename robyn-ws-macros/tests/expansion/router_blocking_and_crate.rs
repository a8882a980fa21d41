pub fn closed() {}
#[allow(unexpected_cfgs)]
const _: () = {
    use my::robyn_ws::__private as __robyn_ws;
    #[cfg(rust_analyzer)]
    const _: () = {
        use __robyn_ws::editor::keys::{blocking as _, router as _, on as _};
        use __robyn_ws::editor::events::{};
        const _: &_ = &league::LEAGUE;
    };
    #[cfg(not(rust_analyzer))]
    const _: () = {
        static __ROBYN_WS_ROUTER: &__robyn_ws::SubRouter = &league::LEAGUE;
        const _: () = {
            let _ = &raw const league::LEAGUE;
        };
        const fn __robyn_ws_entry() -> __robyn_ws::Entry {
            __robyn_ws::Entry {
                path: "/chat",
                ..__robyn_ws::Entry::new(
                        "closed",
                        ::core::module_path!(),
                        __robyn_ws::Handler::Close(
                            __robyn_ws::Call::Sync(|__what_the_handler_borrows| {
                                <__robyn_ws::Inferred<
                                    _,
                                > as __robyn_ws::IntoReply>::into_reply(closed())
                            }),
                        ),
                        |__robyn_ws_needs| {},
                    )
                    .of(__ROBYN_WS_ROUTER)
                    .blocking()
            }
        }
        __robyn_ws::inventory::submit! {
            __robyn_ws_entry()
        }
    };
};
