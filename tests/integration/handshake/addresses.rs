//! What counts as one address for `Limits::max_connections_per_ip`.

use std::{io, net::SocketAddr};

use robyn_ws::{
    axum::serve::Listener,
    prelude::*,
    test_util::{TestApp, TestSocket},
};
use robyn_ws_tests::Request;
use tokio::net::{TcpListener, TcpStream};

static ADDRESSES: SubRouter = SubRouter::new("/addresses");

#[websocket("/", on = "connect", router = ADDRESSES)]
fn enter() {}

fn app(most: usize) -> TestApp {
    let limits = Limits::default().max_connections_per_ip(most);
    TestApp::new(App::new().limits(limits).include_router(&ADDRESSES))
}

async fn connect(app: &TestApp, address: &str) -> Result<TestSocket, StatusCode> {
    let address: SocketAddr = address.parse().expect("an address");
    let request = app.request("/addresses").peer_addr(address);
    request.connect().await.map_err(|refused| refused.status)
}

async fn expect_one_address(addresses: [&str; 2]) {
    for [first, second] in [addresses, [addresses[1], addresses[0]]] {
        let app = app(1);
        let _first = connect(&app, first).await.expect("the first one");
        let refused = connect(&app, second).await.map(drop);
        assert_eq!(refused, Err(StatusCode::TOO_MANY_REQUESTS), "{first} and {second}");
    }
}

#[tokio::test]
async fn ipv4_address_is_the_same_when_it_comes_as_ipv6() {
    expect_one_address(["127.0.0.1:1", "[::ffff:127.0.0.1]:2"]).await;
    expect_one_address(["192.0.2.7:1", "[::ffff:192.0.2.7]:2"]).await;
}

#[tokio::test]
async fn ipv6_addresses_of_one_64_are_one_address() {
    expect_one_address(["[2001:db8:1:2::1]:1", "[2001:db8:1:2:ffff:ffff:ffff:ffff]:2"]).await;
    expect_one_address(["[fe80::1]:1", "[fe80::2]:1"]).await;
}

#[tokio::test]
async fn other_addresses_are_others() {
    let app = app(1);
    let mut connected = Vec::new();
    for address in [
        "192.0.2.7:1",
        "192.0.2.8:1",
        "[::ffff:192.0.2.9]:1",
        "[::ffff:192.0.3.9]:1",
        "[2001:db8:1:2::1]:1",
        "[2001:db8:1:3::1]:1",
        "[::1]:1",
    ] {
        connected.push(connect(&app, address).await.expect(address));
    }
}

#[tokio::test]
async fn place_of_an_address_is_free_again_when_its_connection_has_ended() {
    let app = app(1);
    for address in [
        "[2001:db8::1]:1",
        "[2001:db8::2]:1",
        "127.0.0.1:1",
        "[::ffff:127.0.0.1]:1",
    ] {
        let mut client = connect(&app, address).await.expect(address);
        client.close().await;
        client.expect_close(1000).await;
        robyn_ws_tests::until("the end", || app.hub().count() == 0).await;
        // The place is free a moment after the connection has left the hub.
        tokio::task::yield_now().await;
    }
}

#[websocket("/who", on = "connect", router = ADDRESSES)]
fn who(ws: &WebSocketConnector) -> String {
    ws.peer_addr().map_or_else(String::new, |peer| peer.to_string())
}

/// A listener whose clients come from an address, as those of a listener of IPv6 do.
struct From(TcpListener, SocketAddr);

impl Listener for From {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, _address) = Listener::accept(&mut self.0).await;
        (stream, self.1)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Listener::local_addr(&self.0)
    }
}

#[tokio::test]
async fn handlers_see_the_ipv4_address_of_a_client_that_comes_over_ipv6() {
    for (client, seen) in [
        ("[::ffff:192.0.2.7]:4660", "192.0.2.7:4660"),
        ("192.0.2.7:4660", "192.0.2.7:4660"),
        ("[2001:db8::7]:4660", "[2001:db8::7]:4660"),
        ("[fe80::7%3]:4660", "[fe80::7%3]:4660"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let app = App::new().include_router(&ADDRESSES);
        let serving = app.serve_on(From(listener, client.parse().expect("an address")));
        let asking = async {
            let stream = TcpStream::connect(address).await.expect("it listens");
            let request = Request::upgrade("/addresses/who");
            request.connect_over(Box::new(stream)).await.expect_text(seen).await;
        };
        tokio::select! {
            served = serving => panic!("it serves until a signal: {served:?}"),
            () = asking => {}
        }
    }
}
