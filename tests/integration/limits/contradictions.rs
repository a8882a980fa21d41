//! Limits that contradict each other: each contradiction is one problem, and nothing that works is one.

use std::time::Duration;

use robyn_ws::{BuildErrors, prelude::*};

static OUTER: SubRouter = SubRouter::new("/contradictions");
static INNER: SubRouter = SubRouter::new("/inner");

#[websocket("/", on = "call", method = "ask", router = OUTER)]
#[websocket("/", on = "call", method = "ask", router = INNER)]
async fn ask(ws: WebSocketConnector) -> Result<bool, CallError> {
    ws.call("sure", &()).await
}

fn limits() -> Limits {
    Limits::default()
}

/// Builds an app with these limits, of a sub-router in it, and of one in that.
fn build(app: Limits, outer: Limits, inner: Limits) -> Result<(), BuildErrors> {
    let outer = OUTER.limits(outer).include_router(INNER.limits(inner));
    let app = App::new()
        .only(["/contradictions", "/contradictions/inner"])
        .limits(app);
    app.include_router(outer).build().map(drop)
}

/// Checks that there is one problem, whose message begins with these words.
#[track_caller]
fn expect_one(built: Result<(), BuildErrors>, words: &str) {
    let errors = built.expect_err(words);
    assert_eq!(errors.len(), 1, "{errors}");
    let error = errors.iter().next().expect("a problem");
    assert!(error.message().starts_with(words), "no `{words}` in: {error}");
}

#[test]
fn each_value_of_the_app_is_reported_once() {
    let year = Duration::from_hours(24 * 365);
    for (app, words) in [
        (
            limits().max_http2_connection_window(1),
            "`Limits::max_http2_connection_window` is 1 byte, which cannot work",
        ),
        (
            limits().max_http2_connection_window(1 << 20),
            "200 streams (`Limits::max_http2_streams`) of 65536 bytes",
        ),
        (
            limits().max_http2_streams(u32::MAX),
            "`Limits::max_http2_streams` is 4294967295 streams",
        ),
        (limits().max_frame_size(usize::MAX), "`Limits::max_frame_size` is"),
        (
            limits().max_message_size(0).max_frame_size(10),
            "`Limits::max_message_size` is 0 bytes",
        ),
        (
            limits().max_connections(1).max_connections_per_ip(usize::MAX),
            "`Limits::max_connections_per_ip` is",
        ),
        (
            limits().max_connections(0).max_connections_per_identity(2),
            "`Limits::max_connections` is 0 connections",
        ),
        (
            limits().max_tls_handshakes_per_ip(0),
            "`Limits::max_tls_handshakes_per_ip` is 0",
        ),
        (
            limits().unready_grace(2 * year),
            "`Limits::unready_grace` is 730 days, which",
        ),
        (
            limits().drain_interval(2 * year),
            "`Limits::drain_interval` is 730 days, which",
        ),
    ] {
        expect_one(build(app, limits(), limits()), words);
    }
}

#[test]
fn each_value_of_a_sub_router_is_reported_once() {
    for (outer, words) in [
        (
            limits().max_message_size(usize::MAX),
            "`Limits::max_message_size` is 18446744073709551615 bytes on the sub-router",
        ),
        (
            limits().max_frame_size(usize::MAX),
            "`Limits::max_frame_size` is 18446744073709551615 bytes on the sub-router",
        ),
        (
            limits().max_http2_connection_window(1),
            "`Limits::max_http2_connection_window` is set on a sub-router",
        ),
        (
            limits().unready_grace(Duration::from_hours(1)),
            "`Limits::unready_grace` is set on a sub-router",
        ),
    ] {
        expect_one(build(limits(), outer.clone(), limits()), words);
        expect_one(build(limits(), limits(), outer), words);
    }
}

#[test]
fn identity_overflow_where_nothing_limits_identities_is_a_build_error() {
    let words = "`Limits::identity_overflow` has no effect without `Limits::max_connections_per_identity`";
    let overflow = || limits().identity_overflow(IdentityOverflow::CloseOldest);
    expect_one(build(overflow(), limits(), limits()), words);
    expect_one(build(limits(), overflow(), limits()), words);
    expect_one(build(limits(), limits(), overflow()), words);
    expect_one(
        build(overflow().max_connections_per_identity(None), limits(), limits()),
        words,
    );
}

#[test]
fn identity_overflow_of_the_limit_around_or_inside_is_no_problem() {
    let overflow = || limits().identity_overflow(IdentityOverflow::CloseOldest);
    let limit = || limits().max_connections_per_identity(1);
    for (app, outer, inner) in [
        (overflow().max_connections_per_identity(1), limits(), limits()),
        (overflow(), limit(), limits()),
        (overflow(), limits(), limit()),
        (limits(), overflow(), limit()),
        (limit(), overflow(), limits()),
        (limit(), limits(), overflow()),
    ] {
        build(app, outer, inner).expect("it has an effect");
    }
}

/// A call of a task or of an HTTP route may wait longer than a handler may run.
#[test]
fn call_timeout_above_the_time_of_a_handler_is_no_problem() {
    let second = Duration::from_secs(1);
    build(limits().handler_timeout(second), limits(), limits()).expect("with the default of a call");
    let longer = limits().handler_timeout(second).call_timeout(2 * second);
    build(longer, limits(), limits()).expect("with a longer one");
}
