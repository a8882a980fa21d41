pub fn closed() {}
#[allow(deprecated)]
const _: () = {
    use my::robyn_ws::__private as __robyn_ws;
    static __ROBYN_WS_ROUTER: &__robyn_ws::SubRouter = &league::LEAGUE;
    const _: () = {
        let _ = &raw const league::LEAGUE;
    };
    fn __robyn_ws_shim(
        __robyn_ws_cx: __robyn_ws::EventContext<'_, __robyn_ws::event::Close>,
    ) -> __robyn_ws::HandlerResult {
        <() as __robyn_ws::IntoReply>::into_reply(closed())
    }
    fn __robyn_ws_needs(__robyn_ws_needs: &mut __robyn_ws::Needs) {}
    __robyn_ws::inventory::submit! {
        __robyn_ws::Entry { path : "/chat", name : "closed", module :
        ::core::module_path!(), file : ::core::file!(), line : ::core::line!(), column :
        ::core::column!(), router : ::core::option::Option::Some(__ROBYN_WS_ROUTER),
        blocking : true, handler :
        __robyn_ws::Handler::Close(__robyn_ws::Call::Sync(__robyn_ws_shim)), needs :
        __robyn_ws_needs, }
    }
};
