//! An `Extension` that no layer adds: 500, and the log says what to do instead.

use std::net::SocketAddr;

use robyn_ws::{prelude::*, test_util::TestApp};
use robyn_ws_tests::Log;

static EXTENSIONS: SubRouter = SubRouter::new("/missing_extensions");

#[derive(Clone)]
struct Stamp;

#[derive(Clone)]
struct Door;

#[websocket("/message", on = "message", router = EXTENSIONS)]
fn message(_stamp: Extension<Stamp>) {}

#[websocket("/upgrade", on = "upgrade", router = EXTENSIONS)]
fn upgrade(_stamp: Extension<Stamp>) {}

#[websocket("/info", on = "close", router = EXTENSIONS)]
fn info(_door: ConnectInfo<Door>, _peer: ConnectInfo<SocketAddr>) {}

/// Checks that the client gets a plain 500, without a word on the server's types.
async fn expect_refused(path: &str) {
    let app = TestApp::new(App::new().include_router(&EXTENSIONS));
    let refused = app.connect(path).await.expect_err("the extension is missing");
    assert_eq!((refused.status.as_u16(), &*refused.body), (500, ""));
}

#[tokio::test]
async fn extension_that_nobody_adds_is_logged_with_the_layer_and_the_alternative() {
    let log = Log::default();
    let _logged = tracing::subscriber::set_default(log.subscriber());
    let name = std::any::type_name::<Stamp>();
    expect_refused("/missing_extensions/message").await;
    log.line(&[
        "ERROR",
        &format!("no layer adds an `Extension<{name}>`"),
        ".layer(Extension(value))",
        "App::inject_global",
        &format!("take `Global<{name}>`"),
    ]);
    expect_refused("/missing_extensions/upgrade").await;
    log.line(&[
        "ERROR",
        "Extension",
        name,
        "an argument of the upgrade handler cannot be made",
        "layer",
        "Global",
    ]);
}

#[tokio::test]
async fn connect_info_that_the_server_does_not_add_is_logged_with_the_call_that_adds_it() {
    let log = Log::default();
    let _logged = tracing::subscriber::set_default(log.subscriber());
    let name = std::any::type_name::<Door>();
    expect_refused("/missing_extensions/info").await;
    log.line(&["ERROR", &format!("into_make_service_with_connect_info::<{name}>()")]);
}
