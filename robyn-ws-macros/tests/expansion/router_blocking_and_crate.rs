pub fn closed() {}
#[allow(deprecated, unexpected_cfgs)]
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
                name: "closed",
                module: ::core::module_path!(),
                file: ::core::file!(),
                line: ::core::line!(),
                column: ::core::column!(),
                router: ::core::option::Option::Some(__ROBYN_WS_ROUTER),
                blocking: true,
                handler: __robyn_ws::Handler::Close(
                    __robyn_ws::Call::Sync(|__what_the_handler_borrows| {
                        <__robyn_ws::Inferred<
                            _,
                        > as __robyn_ws::IntoReply>::into_reply(closed())
                    }),
                ),
                needs: |__robyn_ws_needs| {},
            }
        }
        __robyn_ws::inventory::submit! {
            __robyn_ws_entry()
        }
    };
};
