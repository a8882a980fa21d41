fn admit(State(key): State<Key>) {}
#[allow(deprecated)]
const _: () = {
    use ::robyn_ws::__private as __robyn_ws;
    #[allow(unused_imports)]
    use __robyn_ws::via::*;
    #[allow(dead_code)]
    type __RobynWsState = AppState;
    fn __robyn_ws_shim(
        __robyn_ws_cx: __robyn_ws::UpgradeContext<'_>,
    ) -> __robyn_ws::UpgradeFuture<'_> {
        __robyn_ws::upgrade_future_must_be_send(async move {
            let __robyn_ws_called = {
                let mut __robyn_ws_cx = __robyn_ws_cx;
                let __robyn_ws_arg0 = <State<
                    Key,
                > as __robyn_ws::UpgradeArgument<
                    '_,
                    _,
                    __RobynWsState,
                >>::take(
                        &mut __robyn_ws_cx,
                        (&&&&__robyn_ws::Probe::<State<Key>, __RobynWsState>::NEW).via(),
                    )
                    .await?;
                admit(__robyn_ws_arg0)
            };
            <() as __robyn_ws::IntoUpgradeReply>::into_upgrade_reply(__robyn_ws_called)
        })
    }
    fn __robyn_ws_needs(__robyn_ws_needs: &mut __robyn_ws::Needs) {
        <State<
            Key,
        > as __robyn_ws::UpgradeArgument<
            '_,
            _,
            __RobynWsState,
        >>::declare(
            __robyn_ws_needs,
            (&&&&__robyn_ws::Probe::<State<Key>, __RobynWsState>::NEW).via(),
        );
        <() as __robyn_ws::IntoUpgradeReply>::declare(__robyn_ws_needs);
    }
    __robyn_ws::inventory::submit! {
        __robyn_ws::Entry { path : "/chat", name : "admit", module :
        ::core::module_path!(), file : ::core::file!(), line : ::core::line!(), column :
        ::core::column!(), router : ::core::option::Option::None, blocking : false,
        handler : __robyn_ws::Handler::Upgrade(__robyn_ws_shim), needs :
        __robyn_ws_needs, }
    }
};
