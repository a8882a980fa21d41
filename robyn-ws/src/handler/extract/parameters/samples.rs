//! Values that a client could send, for a trial of an argument's type.

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{Extensions, Uri},
    response::Response,
    routing::get,
};
use futures_util::FutureExt;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;

/// The rounds of values. The first round has the numbers from 1 on, one for each parameter: they are numbers and texts, and
/// an error that quotes one tells which parameter it is about.
pub(super) const ROUNDS: usize = 1 + TEXTS.len();

/// The forms that the parsers of usual types take: words, codes, UUIDs, dates, addresses.
const TEXTS: [&str; 16] = [
    "a",
    "true",
    "00000000-0000-4000-8000-000000000000",
    "2024-01-01T00:00:00Z",
    "2024-01-01T00:00:00",
    "2024-01-01",
    "00:00:00",
    "127.0.0.1",
    "127.0.0.1:80",
    "::1",
    "http://localhost/",
    "a@example.com",
    "1.0.0",
    "1s",
    "en",
    "AAAA",
];

/// Returns the value of the parameter at `position` in this round.
pub(super) fn sample(round: usize, position: usize) -> String {
    match round.checked_sub(1) {
        None => (position + 1).to_string(),
        Some(text) => TEXTS[text % TEXTS.len()].to_owned(),
    }
}

/// Returns the extensions that axum's router adds to a request with these parameters, which only the router can create.
pub(super) fn routed<'p>(params: impl Iterator<Item = (&'p str, &'p str)>) -> Option<Extensions> {
    let (mut route, mut target) = (String::new(), String::new());
    for (name, value) in params {
        route.extend(["/{", name, "}"]);
        target.extend(["/", &*encoded(value)]);
    }
    if route.is_empty() {
        (route, target) = ("/".to_owned(), "/".to_owned());
    }
    let give_back = async |request: Request| {
        let mut response = Response::new(Body::empty());
        *response.extensions_mut() = request.into_parts().0.extensions;
        response
    };
    let router = TowerToHyperService::new(Router::new().route(&route, get(give_back)));
    let request = Request::builder()
        .uri(target.parse::<Uri>().ok()?)
        .body(Body::empty())
        .ok()?;
    let response = router.call(request).now_or_never()?.ok()?;
    response
        .status()
        .is_success()
        .then(|| response.into_parts().0.extensions)
}

/// Encodes a segment of a path, where `+` is not a space.
fn encoded(value: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
    encoded.replace('+', "%20")
}
