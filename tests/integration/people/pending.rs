//! A client that has its identity, and whose 101 is still on its way.

use axum::{
    extract::Request as HttpRequest,
    middleware::{Next, from_fn},
};
use robyn_ws::prelude::*;
use robyn_ws_tests::{Gate, Probe, Request, Seen, Server, probe, until, within};

static PENDING: SubRouter = SubRouter::new("/people/pending");

#[websocket("/{user}", on = "upgrade", router = PENDING)]
fn upgrade(Path(user): Path<String>) -> Identity {
    Identity::new(user)
}

#[websocket("/{user}", on = "connect", router = PENDING)]
fn connect() -> &'static str {
    "hello"
}

#[websocket("/{user}", on = "close", router = PENDING)]
fn close(reason: CloseReason, probe: Global<Probe>) {
    probe.note(format!("close {}", reason.code()));
}

/// A server whose answers are noted, and wait at a gate.
async fn start() -> (Server, Gate, Seen) {
    let (probe, seen) = probe();
    let gate = Gate::default();
    let waiting = (gate.clone(), probe.clone());
    let wait = move |request: HttpRequest, next: Next| {
        let (gate, probe) = waiting.clone();
        async move {
            let response = next.run(request).await;
            probe.note("answered");
            gate.pass().await;
            response
        }
    };
    let app = App::new().inject_global(probe).include_router(&PENDING);
    let server = Server::start_with(app, |router| router.layer(from_fn(wait))).await;
    (server, gate, seen)
}

#[tokio::test]
async fn broadcast_to_an_identity_waits_for_the_client_whose_101_is_on_its_way() {
    let (server, gate, mut seen) = start().await;
    let connecting = async {
        let mut client = Request::upgrade("/people/pending/u17").connect(&server).await;
        client.expect_texts(&["hello", "early"]).await;
        client
    };
    let telling = async {
        seen.expect("answered").await;
        // It is not counted, since it may come to nothing.
        let u17 = server.hub().identity("u17");
        assert_eq!((u17.sync_broadcast("early").queued, u17.count()), (0, 0));
        assert_eq!(u17.to("red").sync_broadcast("it is in no room").queued, 0);
        gate.open();
    };
    let (client, ()) = Box::pin(within("the client", async { tokio::join!(connecting, telling) })).await;
    assert_eq!(server.hub().identity("u17").count(), 1);
    client.leave().await;
}

#[tokio::test]
async fn no_more_messages_are_replaced_than_are_queued_while_a_101_is_on_its_way() {
    let (server, gate, mut seen) = start().await;
    let connecting = async {
        let mut client = Request::upgrade("/people/pending/u17").connect(&server).await;
        client.expect_texts(&["hello", "three"]).await;
        client
    };
    let telling = async {
        seen.expect("answered").await;
        let endpoint = server.hub().endpoint("/people/pending/{user}");
        let u17 = server.hub().identity("u17").keyed("key");
        for (audience, text) in [(&u17, "one"), (&endpoint.keyed("key"), "two"), (&u17, "three")] {
            let delivery = audience.sync_broadcast(text);
            assert_eq!(
                (delivery.queued, delivery.replaced, delivery.dropped),
                (0, 0, 0),
                "{text}"
            );
        }
        gate.open();
    };
    let (client, ()) = Box::pin(within("the client", async { tokio::join!(connecting, telling) })).await;
    client.leave().await;
}

#[tokio::test]
async fn closing_an_identity_reaches_the_client_whose_101_is_on_its_way() {
    let (server, gate, mut seen) = start().await;
    let connecting = async {
        let mut client = Request::upgrade("/people/pending/u17").connect(&server).await;
        client.expect_text("hello").await;
        client.expect_close(4401, "revoked").await;
    };
    let revoking = async {
        seen.expect("answered").await;
        assert_eq!(server.hub().identity("u17").close_with(4401, "revoked"), 1);
        gate.open();
    };
    Box::pin(within("the client", async { tokio::join!(connecting, revoking) })).await;
    seen.expect("close 4401").await;
    until("its end", || server.hub().count() == 0).await;
    assert_eq!(server.hub().identity("u17").count(), 0);
}

#[tokio::test]
async fn closing_everyone_reaches_the_client_whose_101_is_on_its_way() {
    let (server, gate, mut seen) = start().await;
    let connecting = async {
        let mut client = Request::upgrade("/people/pending/u17").connect(&server).await;
        client.expect_text("hello").await;
        client.expect_close(4000, "maintenance").await;
    };
    let closing = async {
        seen.expect("answered").await;
        let everyone = server.hub().endpoint("/people/pending/{user}").everyone();
        assert_eq!((everyone.count(), everyone.clone().to("red").close()), (0, 0));
        assert_eq!(everyone.close_with(4000, "maintenance"), 1);
        gate.open();
    };
    Box::pin(within("the client", async { tokio::join!(connecting, closing) })).await;
    seen.expect("close 4000").await;
    until("its end", || server.hub().count() == 0).await;
}

#[tokio::test]
async fn client_that_never_gets_its_101_leaves_no_identity_behind() {
    let (server, gate, mut seen) = start().await;
    {
        let request = Request::upgrade("/people/pending/u17");
        let connecting = request.connect(&server);
        tokio::select! {
            _ = connecting => panic!("its answer waits at the gate"),
            () = seen.expect("answered") => {}
        }
    }
    gate.open();
    let u17 = server.hub().identity("u17");
    until("the connection to be given up", || u17.close() == 0).await;
    assert_eq!((u17.count(), server.hub().count()), (0, 0));
}
