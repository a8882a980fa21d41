//! Before the 101 a panic of user code is a 500.

use std::panic::panic_any;

use robyn_ws::{
    axum::{
        self,
        extract::Request,
        middleware::{Next, from_fn},
        response::Response,
    },
    prelude::*,
};

use super::{
    FAILING, LEFT, Scene,
    values::{DropPanics, NoArgument, NoResponse, NoSerde},
};

/// A check before the 101.
#[websocket("/check", on = "message", router = FAILING)]
fn check(_query: Query<NoSerde>) {}

#[websocket("/check/{id}", on = "message", router = FAILING)]
fn check_path(_path: Path<NoSerde>) {}

#[websocket("/upgrade/argument", on = "upgrade", router = FAILING)]
async fn upgrade_argument(_argument: NoArgument) {}

#[websocket("/upgrade/optional", on = "upgrade", router = FAILING)]
fn upgrade_optional(_query: Option<Query<NoSerde>>) {}

#[websocket("/upgrade/refusal", on = "upgrade", router = FAILING)]
fn upgrade_refusal() -> Result<(), NoResponse> {
    Err(NoResponse)
}

#[websocket("/upgrade/local", on = "upgrade", router = FAILING)]
#[websocket("/upgrade/blocking", on = "upgrade", router = FAILING, blocking)]
fn upgrade_local() {
    let _local = DropPanics(3);
}

#[websocket("/upgrade/async", on = "upgrade", router = FAILING)]
async fn upgrade_payload() {
    tokio::task::yield_now().await;
    panic_any(DropPanics(3));
}

// ---- the promises ------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn panic_before_the_101_is_500_and_nothing_is_registered() {
    let scene = Scene::new(App::new(), |router| router).await;
    for path in [
        "check?a=1",
        "check/7",
        "upgrade/argument",
        "upgrade/optional?a=1",
        "upgrade/refusal",
        "upgrade/local",
        "upgrade/blocking",
        "upgrade/async",
    ] {
        let response = scene.server.refused(&format!("/failing/{path}")).await;
        assert_eq!(response.status, 500, "{path}");
        assert_eq!(scene.server.hub().count(), 1, "{path}");
    }
    scene.nothing_more().await;
}

async fn with_extension(mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(DropPanics(0));
    next.run(request).await
}

#[tokio::test]
async fn extension_whose_drop_panics_changes_nothing_for_the_client() {
    let mut scene = Scene::new(App::new(), |router| router.layer(from_fn(with_extension))).await;
    for path in ["sync", "async", "blocking", "upgraded", "upgraded/blocking"] {
        let mut client = scene.server.connect(&format!("/failing/{path}")).await;
        if !path.starts_with("upgraded") {
            client.expect_text("well").await;
        }
        client.ask("well", "well").await;
        client.leave().await;
        scene.one_has_ended(LEFT).await;
    }
    let response = scene.server.refused("/failing/check").await;
    assert_eq!(response.status, 500, "the panic of `Deserialize`");
    scene.nothing_more().await;
}

#[derive(Debug)]
struct ClonePanics;

impl Clone for ClonePanics {
    fn clone(&self) -> Self {
        panic!("a panic of the test, in `Clone`")
    }
}

async fn with_extension_that_cannot_be_cloned(mut request: Request, next: Next) -> Response {
    if request.uri().path() == "/failing/async" {
        request.extensions_mut().insert(ClonePanics);
    }
    next.run(request).await
}

#[tokio::test]
async fn extension_whose_clone_panics_is_500() {
    let wrap = |router: axum::Router| router.layer(from_fn(with_extension_that_cannot_be_cloned));
    let scene = Scene::new(App::new(), wrap).await;
    assert_eq!(scene.server.refused("/failing/async").await.status, 500);
    scene.nothing_more().await;
}
