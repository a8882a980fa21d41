impl Chat {
    fn message(&mut self, msg: String) -> String {
        msg
    }
    fn clsoe(&self) {}
}
#[allow(unexpected_cfgs)]
const _: () = {
    use ::robyn_ws::__private as __robyn_ws;
    #[cfg(rust_analyzer)]
    const _: () = {
        use __robyn_ws::editor::view_keys::{};
        use __robyn_ws::editor::method_keys::bloking as _;
    };
    #[cfg(not(rust_analyzer))]
    const _: () = {
        type __RobynWsSelf = Chat;
        struct __RobynWsView;
        impl __RobynWsView {
            fn _check(__robyn_ws_needs: &mut __robyn_ws::Needs) {
                {
                    <__robyn_ws::Inferred<
                        __RobynWsSelf,
                    > as __robyn_ws::ViewState>::declare(__robyn_ws_needs);
                    let __robyn_ws_ty = __robyn_ws::Inference::<_, ()>::NEW;
                    <String as __robyn_ws::MessageArgument<
                        '_,
                    >>::declare(__robyn_ws_needs, __robyn_ws_ty);
                    let _ = <String as __robyn_ws::IntoReply>::into_reply;
                }
            }
        }
    };
};
::core::compile_error! {
    "`clsoe` is not an event: the events are `upgrade`, `connect`, `message`, `close`, `session`\nhelp: did you mean `close`? If not, move the method to an `impl` block without `#[websocket_view]`"
}
::core::compile_error! {
    "unknown key `bloking`, expected one of `blocking`\nhelp: did you mean `blocking`?"
}
