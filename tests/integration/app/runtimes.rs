//! An app used from several runtimes, and from none: whichever ends or stands still, what was queued is written.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use robyn_ws::{
    axum::{
        self, Router,
        middleware::{Next, from_fn},
    },
    prelude::*,
};
use robyn_ws_tests::{RawClient, Request, Server, until};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
    sync::mpsc,
};

static RUNTIMES: SubRouter = SubRouter::new("/runtimes");

#[websocket("/", on = "message", router = RUNTIMES)]
fn relay(ws: &WebSocketConnector, msg: String) {
    ws.others().sync_broadcast(msg);
}

/// Waits as a thread without a runtime does.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    futures_executor::block_on(future)
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// A listener of the app on a runtime of its own, as where there is one for each core.
struct Core {
    address: SocketAddr,
    /// Holds the runtime's only thread until it is released.
    hold: mpsc::Sender<Receiver<()>>,
    thread: JoinHandle<()>,
}

impl Core {
    fn start(router: Router) -> Self {
        let (tell, told) = sync_channel(1);
        let (hold, mut holds) = mpsc::channel::<Receiver<()>>(1);
        let thread = thread::spawn(move || {
            runtime().block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
                tell.send(listener.local_addr().expect("an address"))
                    .expect("the test waits");
                tokio::spawn(async move { axum::serve(listener, router).await });
                while let Some(release) = holds.recv().await {
                    let _ = release.recv(); // Released or dropped.
                }
            });
        });
        let address = told.recv().expect("it listens");
        Self { address, hold, thread }
    }

    async fn raw(&self) -> RawClient {
        let stream = TcpStream::connect(self.address).await.expect("it listens");
        Request::upgrade("/runtimes").raw_over(stream, &[]).await
    }

    /// Lets the runtime stand still until what is returned is dropped.
    fn hold(&self) -> SyncSender<()> {
        let (release, released) = sync_channel(0);
        self.hold.try_send(released).expect("the runtime runs");
        release
    }

    fn end(self) {
        drop(self.hold);
        self.thread.join().expect("the runtime ends");
    }
}

#[tokio::test]
async fn runtime_that_ends_takes_only_its_own_connections_with_it() {
    let running = App::new().include_router(&RUNTIMES).build().expect("the app is built");
    let hub = running.hub.endpoint("/runtimes");
    let (first, second) = (Core::start(running.router.clone()), Core::start(running.router));
    let mut early = first.raw().await;
    let (mut one, mut other) = (second.raw().await, second.raw().await);
    hub.sync_broadcast("to all");
    for client in [&mut early, &mut one, &mut other] {
        client.expect_text("to all").await;
    }
    first.end();
    early.expect_end_or_reset().await;
    for number in 0..3 {
        let text = format!("after the end {number}");
        let delivery = hub.sync_broadcast(text.as_str());
        assert_eq!((delivery.queued, delivery.dropped), (2, 0));
        one.expect_text(&text).await;
        other.expect_text(&text).await;
    }
    one.send_text("from one").await;
    other.expect_text("from one").await;
    second.end();
}

#[tokio::test]
async fn silent_client_of_one_runtime_is_lost_also_when_another_has_ended() {
    let limits = Limits::default().heartbeat_interval(Duration::from_millis(100));
    let app = App::new().include_router(RUNTIMES.limits(limits)).build();
    let running = app.expect("the app is built");
    let (first, second) = (Core::start(running.router.clone()), Core::start(running.router));
    // They read nothing, so they answer no ping.
    let early = first.raw().await;
    let silent = second.raw().await;
    first.end();
    drop(early);
    until("the silent client to be lost", || running.hub.count() == 0).await;
    drop(silent);
    second.end();
}

#[tokio::test]
async fn runtime_that_stands_still_holds_up_only_its_own_connections() {
    let running = App::new().include_router(&RUNTIMES).build().expect("the app is built");
    let hub = running.hub.endpoint("/runtimes");
    let (first, second) = (Core::start(running.router.clone()), Core::start(running.router));
    let mut there = first.raw().await;
    let (mut one, mut other) = (second.raw().await, second.raw().await);
    let release = first.hold();
    for number in 0..3 {
        let text = number.to_string();
        one.send_text(&text).await;
        other.expect_text(&text).await;
    }
    assert_eq!(hub.sync_broadcast("to all").queued, 3);
    one.expect_text("to all").await;
    other.expect_text("to all").await;
    drop(release);
    for text in ["0", "1", "2", "to all"] {
        there.expect_text(text).await;
    }
    first.end();
    second.end();
}

#[test]
fn app_is_served_by_one_runtime_after_the_other() {
    let running = App::new().include_router(&RUNTIMES).build().expect("the app is built");
    let hub = running.hub.endpoint("/runtimes");
    for _ in 0..3 {
        let router = running.router.clone();
        runtime().block_on(async {
            let core = Core::start(router);
            let (mut one, mut other) = (core.raw().await, core.raw().await);
            one.send_text("hello").await;
            other.expect_text("hello").await;
            assert_eq!(hub.sync_broadcast("to all").queued, 2);
            one.expect_text("to all").await;
            other.expect_text("to all").await;
            core.end();
        });
    }
}

#[test]
fn sends_work_outside_of_any_runtime_also_when_a_queue_is_full() {
    let limits = Limits::default()
        .overflow(Overflow::DropNewest)
        .max_outbound_messages(2)
        .send_timeout(Duration::from_millis(50));
    let app = App::new().include_router(&RUNTIMES).limits(limits);
    let running = app.build().expect("the app is built");
    let core = Core::start(running.router);
    let hub = running.hub.endpoint("/runtimes");
    let client = runtime().block_on(async {
        let client = core.raw().await;
        until("the client to be in the hub", || hub.count() == 1).await;
        client
    });
    let id = hub.ids()[0];
    let block = vec![0_u8; 256 * 1024];
    let error = block_on(async {
        loop {
            if let Err(error) = hub.async_send_to(id, block.clone()).await {
                return error;
            }
        }
    });
    assert_eq!(error, SendError::TimedOut);
    let delivery = block_on(hub.async_broadcast(block));
    assert_eq!((delivery.queued, delivery.dropped), (0, 1));
    core.end();
    drop(client);
}

// ---- what panics where a connection is dropped -------------------------------------------------------------------------

/// What a layer has left with the request.
struct Fragile;

impl Drop for Fragile {
    fn drop(&mut self) {
        panic!("an extension that panics when it is dropped");
    }
}

#[websocket("/all", on = "message", router = RUNTIMES)]
fn tell_all(ws: &WebSocketConnector, msg: String) {
    ws.sync_broadcast(msg);
}

#[tokio::test]
async fn extension_that_panics_when_it_is_dropped_mutes_nobody() {
    let leave_it = from_fn(async |mut request: axum::extract::Request, next: Next| {
        request.extensions_mut().insert(Arc::new(Fragile));
        next.run(request).await
    });
    // The message is handled before the end behind it is read.
    let limits = Limits::default().max_read_ahead(1);
    let app = App::new().include_router(RUNTIMES.limits(limits));
    let server = Server::start_with(app, |router| router.layer(leave_it)).await;
    let mut bystander = server.raw("/runtimes/all").await;
    for number in 0..10 {
        // It is gone before its broadcast is written.
        let text = number.to_string();
        let mut visitor = server.raw("/runtimes/all").await;
        visitor.send_text(&text).await;
        visitor.half_close().await;
        bystander.expect_text(&text).await;
        visitor.expect_text(&text).await;
        visitor.expect_end().await;
    }
    bystander.send_text("still here").await;
    bystander.expect_text("still here").await;
}
