const ENTRY: Entry = entry()
    .described(
        "Says something.\n\nTo everybody.",
        |__robyn_ws_description| {
            use __robyn_ws::describe::*;
            let __robyn_ws_arg0 = __robyn_ws::Inference::<_, ()>::NEW;
            if false {
                let _ = say(__robyn_ws_arg0.argument());
            }
            let __robyn_ws_shape = (&&&&(&&(&&__robyn_ws_arg0).peel()).peel()).shape();
            __robyn_ws_description.takes(__robyn_ws_shape);
            let __robyn_ws_output = __robyn_ws::output_of(
                &async || say(__robyn_ws_arg0.argument()).await,
            );
            __robyn_ws_description
                .returns((&&&&(&&__robyn_ws_output).peel_result()).shape());
            __robyn_ws_description
                .sends((&&&&__robyn_ws::Inference::<Said>::NEW).shape());
            __robyn_ws_description
                .notifies("joined", (&&&&__robyn_ws::Inference::<User>::NEW).shape());
            __robyn_ws_description
                .calls(
                    "ask",
                    (&&&&__robyn_ws::Inference::<Question>::NEW).shape(),
                    (&&&&__robyn_ws::Inference::<Answer>::NEW).shape(),
                );
        },
    );
