//! Counters of the edge, which belong to no endpoint. They are reported with the feature `metrics`.
#![cfg_attr(
    not(feature = "metrics"),
    expect(unused_variables, reason = "nothing is reported without the feature")
)]

/// Counts a handshake of TLS: `ok`, `failed`, `timed_out`, or `refused` because there are too many.
#[cfg(feature = "tls")]
pub(super) fn tls_handshake(outcome: &'static str) {
    #[cfg(feature = "metrics")]
    count(|| metrics::counter!("robyn_ws_tls_handshakes_total", "outcome" => outcome));
}

/// Counts a connection of a trusted proxy that is dropped for its header: `ended`, `timed_out`, `missing` or `invalid`.
pub(super) fn proxy_header_refused(reason: &'static str) {
    #[cfg(feature = "metrics")]
    count(|| metrics::counter!("robyn_ws_proxy_headers_refused_total", "reason" => reason));
}

/// Counts a connection that has brought a request over HTTP/2.
pub(super) fn http2_connection() {
    #[cfg(feature = "metrics")]
    count(|| metrics::counter!("robyn_ws_http2_connections_total"));
}

/// Counts by one. The collector is code of others, and may panic.
#[cfg(feature = "metrics")]
fn count(counter: impl FnOnce() -> metrics::Counter) {
    let _ = crate::util::isolate::call(|| counter().increment(1)); // The panic hook has reported a panic.
}
