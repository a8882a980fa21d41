//! HTTP requests to the routes of an app under test.

use std::{fmt, net::SocketAddr};

use axum::{
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode, header},
};
use bytes::Bytes;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde::de::DeserializeOwned;

use crate::test_util::{
    TestApp,
    expectation::Expectation,
    request::{LOCAL_CLIENT, built},
    watchdog::within,
};

impl TestApp {
    /// Sends a GET request to `target`, a path with an optional query.
    ///
    /// This test logs in, and connects with the cookie of the login:
    ///
    /// ```standalone_crate
    /// use robyn_ws::{axum::{Router, routing::post}, prelude::*, test_util::TestApp};
    ///
    /// async fn login() -> impl IntoResponse {
    ///     ([("set-cookie", "user=gordon; HttpOnly")], "hello gordon")
    /// }
    ///
    /// #[websocket("/chat", on = "connect")]
    /// fn enter(headers: &HeaderMap) -> String {
    ///     format!("{:?}", headers["cookie"])
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let app = TestApp::new(App::new().http(Router::new().route("/login", post(login))));
    /// let response = app.post("/login", "name=gordon").await;
    /// assert_eq!((response.status, response.text()), (StatusCode::OK, "hello gordon"));
    /// let mut client = app.request("/chat").header("cookie", response.cookies()).connect().await.unwrap();
    /// assert_eq!(client.receive_text().await, "\"user=gordon\"");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If `target` is not a valid request target, or no response comes within [`TIMEOUT`](crate::test_util::TIMEOUT).
    #[track_caller]
    pub fn get<'a>(&'a self, target: &str) -> impl Future<Output = TestResponse> + Send + use<'a> {
        self.http(request("GET", target, Body::empty()))
    }

    /// Sends a POST request to `target` with `body`.
    ///
    /// # Panics
    ///
    /// As [`Self::get`].
    #[track_caller]
    pub fn post<'a, B: Into<Body>>(
        &'a self,
        target: &str,
        body: B,
    ) -> impl Future<Output = TestResponse> + Send + use<'a, B> {
        self.http(request("POST", target, body.into()))
    }

    /// Sends any request. The client's address is a local one, unless the request has the extension [`ConnectInfo`].
    ///
    /// # Panics
    ///
    /// If no response comes within [`TIMEOUT`](crate::test_util::TIMEOUT).
    #[track_caller]
    pub fn http(&self, mut request: Request<Body>) -> impl Future<Output = TestResponse> + Send + use<'_> {
        if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
            request.extensions_mut().insert(ConnectInfo(LOCAL_CLIENT));
        }
        let router = TowerToHyperService::new(self.built.router.clone());
        let answering = async move {
            let answer = router.call(request).await;
            let (parts, body) = match answer {
                Ok(response) => response.into_parts(),
                Err(never) => match never {},
            };
            TestResponse {
                status: parts.status,
                headers: parts.headers,
                body: to_bytes(body, usize::MAX).await.unwrap_or_default(),
            }
        };
        Expectation::new(within("an HTTP response was expected", answering))
    }
}

#[track_caller]
fn request(method: &str, target: &str, body: Body) -> Request<Body> {
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header(header::HOST, "test")
        .body(body);
    built(request, target, "/login?as=gordon")
}

/// The response to an HTTP request, from [`TestApp::get`], [`TestApp::post`] or [`TestApp::http`].
#[derive(Clone)]
#[non_exhaustive]
pub struct TestResponse {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl TestResponse {
    /// Returns the body as text.
    ///
    /// # Panics
    ///
    /// If the body is not valid UTF-8.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body of valid UTF-8")
    }

    /// Parses the body as the JSON of a `T`.
    ///
    /// # Panics
    ///
    /// If the body is not the JSON of a `T`.
    #[track_caller]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("the body is not the expected JSON: {error}: {:?}", self.text()),
        }
    }

    /// Returns the cookies that the response sets, as the value of the header `cookie` for the next request.
    pub fn cookies(&self) -> String {
        let set = self.headers.get_all(header::SET_COOKIE).into_iter();
        let pairs = set.filter_map(|value| value.to_str().ok()?.split(';').next().map(str::trim));
        pairs.collect::<Vec<_>>().join("; ")
    }
}

impl fmt::Debug for TestResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestResponse")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
