#[inline]
fn chat(msg: String, other: impl Display) -> String {
    msg
}
#[allow(unexpected_cfgs)]
const _: () = {
    use ::robyn_ws::__private as __robyn_ws;
    #[cfg(rust_analyzer)]
    const _: () = {
        use __robyn_ws::editor::keys::onn as _;
        use __robyn_ws::editor::events::{};
    };
    #[cfg(not(rust_analyzer))]
    const _: () = {
        fn __robyn_ws_arguments_fit_the_event(__robyn_ws_needs: &mut __robyn_ws::Needs) {
            let __robyn_ws_ty = __robyn_ws::Inference::<_, ()>::NEW;
            <String as __robyn_ws::MessageArgument<
                '_,
            >>::declare(__robyn_ws_needs, __robyn_ws_ty);
        }
        fn __robyn_ws_output_is_a_reply() {
            let _ = <String as __robyn_ws::IntoReply>::into_reply;
        }
    };
};
::core::compile_error! {
    "unknown key `onn`, expected one of `on`, `method`, `router`, `state`, `blocking`, `sends`, `crate`\nhelp: did you mean `on`?"
}
::core::compile_error! {
    "`:room` is not how axum writes a parameter\nhelp: write `{room}`, so that the path is `/chat/{room}`"
}
::core::compile_error! {
    "what a handler takes is chosen by its type, which `impl Trait` leaves open\nhelp: write the concrete type instead of `impl Display`"
}
