//! Values that are injected: `Global` from the app, `Scoped` from the nearest sub-router.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use robyn_ws::prelude::*;
use robyn_ws_tests::{Probe, Server, probe};

static OUTER: SubRouter = SubRouter::new("/dependencies");
static INNER: SubRouter = SubRouter::new("/inner");
static INNERMOST: SubRouter = SubRouter::new("/innermost");

struct City(&'static str);
struct Butler(&'static str);
struct Car(&'static str);

// ---- global --------------------------------------------------------------------------------------------------------------

#[websocket("/global", on = "upgrade", router = OUTER)]
fn global_upgrade(city: Global<City>, probe: Global<Probe>) {
    probe.note(format!("upgrade in {}", city.0));
}

#[websocket("/global", on = "connect", router = OUTER)]
fn global_connect(city: Global<City>) -> String {
    format!("connect in {}", city.0)
}

#[websocket("/global", on = "message", router = OUTER)]
async fn global_message(city: Global<City>, msg: &str) -> String {
    format!("{msg} in {}", city.0)
}

#[websocket("/global", on = "close", router = OUTER)]
fn global_close(city: Global<City>) -> String {
    format!("close in {}", city.0)
}

#[websocket("/global_session", router = OUTER)]
async fn global_session(mut socket: WebSocket, city: Global<City>) -> Result<(), Disconnected> {
    socket.send_text(format!("session in {}", city.0)).await
}

#[tokio::test]
async fn global_reaches_every_handler_of_the_app() {
    let (probe, mut seen) = probe();
    let app = App::new().inject_global(City("Gotham")).inject_global(probe);
    let server = Server::start(app.include_router(OUTER.inject(Butler("Alfred")).inject(Car("none")))).await;

    let mut client = server.connect("/dependencies/global").await;
    seen.expect("upgrade in Gotham").await;
    client.expect_text("connect in Gotham").await;
    client.ask("message", "message in Gotham").await;
    client.close(1000, "").await;
    client.expect_text("close in Gotham").await;
    client.expect_close(1000, "").await;

    let mut client = server.connect("/dependencies/global_session").await;
    client.expect_text("session in Gotham").await;
}

// ---- scoped --------------------------------------------------------------------------------------------------------------

#[websocket("/scoped", on = "message", router = OUTER)]
fn outer(butler: Scoped<Butler>, car: Scoped<Car>) -> String {
    format!("{} {}", butler.0, car.0)
}

#[websocket("/scoped", on = "message", router = INNER)]
async fn inner(butler: Scoped<Butler>, car: Scoped<Car>) -> String {
    format!("{} {}", butler.0, car.0)
}

#[websocket("/scoped", on = "message", router = INNERMOST)]
fn innermost(butler: Scoped<Butler>, car: Scoped<Car>, city: Global<City>) -> String {
    format!("{} {} {}", butler.0, car.0, city.0)
}

#[tokio::test]
async fn scoped_is_of_the_nearest_sub_router_that_has_it() {
    let (probe, _seen) = probe();
    let innermost = INNERMOST.inject(Car("Batpod"));
    let inner = INNER.inject(Butler("Robin")).include_router(innermost);
    let outer = OUTER
        .inject(Butler("Alfred"))
        .inject(Car("Batmobile"))
        .include_router(inner);
    let app = App::new().inject_global(City("Gotham")).inject_global(probe);
    let server = Server::start(app.include_router(outer)).await;
    for (path, answer) in [
        ("/dependencies/scoped", "Alfred Batmobile"),
        ("/dependencies/inner/scoped", "Robin Batmobile"),
        ("/dependencies/inner/innermost/scoped", "Robin Batpod Gotham"),
    ] {
        server.connect(path).await.ask("who?", answer).await;
    }
}

// ---- shared, and separate --------------------------------------------------------------------------------------------------

static SHARED: SubRouter = SubRouter::new("/dependencies_shared");

/// Not `Clone`: it is shared as it is.
struct Count(AtomicU32);

#[websocket("/", on = "message", router = SHARED)]
fn count(global: Global<Count>, scoped: Scoped<Count>) -> String {
    let (global, scoped) = (global.clone(), scoped.clone());
    let [globally, locally] = [&global.0, &scoped.0].map(|count| count.fetch_add(1, Ordering::Relaxed));
    format!("{globally} {locally}")
}

#[tokio::test]
async fn injected_value_is_shared_by_all_connections_of_its_app_only() {
    let app = |start| {
        App::new()
            .inject_global(Count(AtomicU32::new(start)))
            .include_router(SHARED.inject(Count(AtomicU32::new(start + 50))))
    };
    let (one, two) = (Server::start(app(0)).await, Server::start(app(100)).await);
    for (server, answers) in [(&one, ["0 50", "1 51"]), (&two, ["100 150", "101 151"])] {
        for answer in answers {
            server.connect("/dependencies_shared").await.ask("count", answer).await;
        }
    }
}

#[test]
fn dependencies_of_a_unit_test_are_made_by_hand() {
    let (global, scoped) = (
        Global::new(Count(AtomicU32::new(1))),
        Scoped::new(Count(AtomicU32::new(2))),
    );
    assert_eq!(count(global.clone(), scoped.clone()), "1 2");
    assert_eq!(count(global.clone(), scoped), "2 3");
    let shared: Arc<Count> = global.into_inner();
    assert_eq!(shared.0.load(Ordering::Relaxed), 3);
}
