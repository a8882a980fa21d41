//! Arguments are bound by type: in any order, any number of them, patterns included, and none at all.

#![deny(warnings)]

use robyn_ws::prelude::*;

struct Justice(&'static str);

#[derive(Default, ConnectionState)]
struct Session(u32);

/// The order of Robyn.
#[websocket("/robyn", on = "message")]
fn robyn(_ws: WebSocketConnector, _msg: String, _global_dependencies: Global<Justice>) {}

#[websocket("/reversed", on = "message")]
fn reversed(_global_dependencies: Global<Justice>, _msg: String, _ws: WebSocketConnector) {}

#[websocket("/middle", on = "message")]
async fn middle(_msg: String, _ws: WebSocketConnector, _global_dependencies: Global<Justice>) {}

#[websocket("/none", on = "message")]
fn none() {}

#[websocket("/none", on = "connect")]
async fn none_later() {}

#[websocket("/one", on = "message")]
fn one(_: Global<Justice>) {}

#[websocket("/twice", on = "message")]
fn twice(text: &str, again: &str, bytes: &[u8]) -> bool_reply::Bool {
    bool_reply::Bool(text == again && text.as_bytes() == bytes)
}

#[websocket("/many/{a}/{b}", on = "message")]
fn many(
    Session(count): &mut Session,
    Path((_a, _b)): Path<(String, u8)>,
    _: &Uri,
    _: &HeaderMap,
    mut msg: String,
    ref shared @ Utf8Bytes { .. }: Utf8Bytes,
    ws: &WebSocketConnector,
    _: WebSocketConnector,
    bytes: Bytes,
    Json([first, ..]): Json<[u8; 2]>,
    Global { .. }: Global<Justice>,
    _: Option<Json<u8>>,
    _: Result<Json<u8>, Rejection>,
) -> String {
    *count += u32::from(first) + u32::from(ws.is_open());
    msg.push_str(shared);
    format!("{msg}{}", bytes.len())
}

mod bool_reply {
    use robyn_ws::{HandlerResult, prelude::*};

    pub(crate) struct Bool(pub(crate) bool);

    impl IntoReply for Bool {
        fn into_reply(self) -> HandlerResult {
            self.0.to_string().into_reply()
        }
    }
}

fn main() -> Result<(), BuildErrors> {
    assert!(twice("hi", "hi", b"hi").0);
    let app = App::new().inject_global(Justice("Gotham"));
    assert_eq!(Global::new(Justice("Gotham")).0, "Gotham");
    assert_eq!(app.build()?.hub.paths().count(), 7);
    Ok(())
}
