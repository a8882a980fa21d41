//! The app as an ordinary axum router, and its own server.

use std::time::Duration;

use robyn_ws::{
    ServeError,
    axum::{
        self, Router,
        extract::{Request as HttpRequest, State},
        middleware::{Next, from_fn},
        response::Response,
        routing::get,
    },
    prelude::*,
};
use robyn_ws_tests::{Request, Server, within};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{Instant, timeout},
};

#[websocket("/app/echo", on = "message")]
fn echo(msg: &str) -> &str {
    msg
}

#[derive(Clone)]
struct Greeting(&'static str);

async fn greet(State(greeting): State<Greeting>) -> &'static str {
    greeting.0
}

#[tokio::test]
async fn router_of_an_app_merges_into_a_router_with_any_state() {
    let app: Router<Greeting> = App::new().router().expect("the app is built");
    let router = Router::new().route("/app/page", get(greet)).merge(app);
    let router = router.with_state(Greeting("hello"));
    let server = Server::start_with(App::new(), |_own| router).await;
    Request::get("/app/page").answer(&server).await.expect(200, "hello");
    server.connect("/app/echo").await.ask("hi", "hi").await;
}

#[tokio::test]
async fn router_of_an_app_nests() {
    let nest = |router| Router::new().nest("/v1", router);
    let server = Server::start_with(App::new(), nest).await;
    server.connect("/v1/app/echo").await.ask("hi", "hi").await;
    assert_eq!(server.refused("/app/echo").await.status, 404);
}

async fn only_with_a_ticket(request: HttpRequest, next: Next) -> Response {
    if !request.headers().contains_key("x-ticket") {
        return (StatusCode::PAYMENT_REQUIRED, "no ticket").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert("x-checked", axum::http::HeaderValue::from_static("yes"));
    response
}

#[tokio::test]
async fn router_of_an_app_takes_layers_which_see_the_upgrade_and_its_answer() {
    let layered = |router: Router| router.layer(from_fn(only_with_a_ticket));
    let server = Server::start_with(App::new(), layered).await;
    server.refused("/app/echo").await.expect(402, "no ticket");
    let request = Request::upgrade("/app/echo").header("x-ticket", "1");
    let mut client = request.connect(&server).await;
    assert_eq!(client.header("x-checked"), Some("yes"));
    client.ask("hi", "hi").await;
}

#[tokio::test]
async fn http_routes_of_an_app_are_served_beside_its_endpoints() {
    let page = Router::new().route("/", get(|| async { "a page" }));
    let server = Server::start(App::new().http(page)).await;
    Request::get("/").answer(&server).await.expect(200, "a page");
    server.connect("/app/echo").await.ask("hi", "hi").await;
}

#[tokio::test]
async fn app_works_over_any_transport() {
    let server = Server::start_in_memory(App::new());
    let mut client = server.connect("/app/echo").await;
    client.ask("hi", "hi").await;
    let long = "x".repeat(200_000);
    client.ask(long.as_str(), &long).await;
    client.close(4000, "").await;
    client.expect_close(4000, "").await;
}

// ---- serve ---------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn serve_reports_an_address_in_use() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("the listener has an address");
    let served = within("the error", App::new().serve(address)).await;
    let Err(error @ ServeError::Bind { .. }) = served else {
        panic!("the address is in use, but: {served:?}");
    };
    let words = error.to_string();
    assert!(words.starts_with(&format!("cannot listen on {address}: ")), "{words}");
    assert!(words.contains("another program listens there"), "{words}");
    assert_eq!(format!("{error:?}"), words);
}

static EMPTY: SubRouter = SubRouter::new("/app/empty");

#[tokio::test]
async fn serve_reports_what_build_reports_before_it_listens() {
    let expected = App::new()
        .include_router(&EMPTY)
        .build()
        .expect_err("it has no handlers");
    let served = within("the error", App::new().include_router(&EMPTY).serve("256.0.0.1:0")).await;
    let Err(ServeError::Build(errors)) = served else {
        panic!("the app cannot be built, but: {served:?}");
    };
    assert_eq!(errors, expected);
}

/// Serves the app of this module, and gives a connection to it.
async fn serve() -> (JoinHandle<Result<(), ServeError>>, TcpStream) {
    // Another program may take the port between the two binds; then there is another one.
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("the listener has an address");
        drop(listener);
        let task = tokio::spawn(App::new().serve(address.to_string()));
        loop {
            if let Ok(stream) = TcpStream::connect(address).await {
                return (task, stream);
            }
            if task.is_finished() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test]
async fn serve_serves() {
    let (task, stream) = within("the server to listen", serve()).await;
    let mut client = Request::upgrade("/app/echo").connect_over(Box::new(stream)).await;
    client.ask("hi", "hi").await;
    task.abort();
}

/// Under paused time the clock goes to the server's time-out when nothing else is left to do.
#[tokio::test(start_paused = true)]
async fn serve_does_not_wait_for_ever_for_a_request_that_is_never_finished() {
    for beginning in ["", "G", "GET /app/echo HTTP/1.1\r\nHost: localhost\r\n"] {
        let (task, mut stream) = serve().await;
        stream.write_all(beginning.as_bytes()).await.expect("it reads");
        let begun = Instant::now();
        let mut left = Vec::new();
        let end = timeout(Duration::from_mins(1), stream.read_to_end(&mut left)).await;
        assert!(end.is_ok(), "{beginning:?} is still waited for");
        assert!(
            begun.elapsed() > Duration::from_secs(25),
            "there is time for a slow client"
        );
        task.abort();
    }
}
