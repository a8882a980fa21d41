//! Values of limits: what no app could work with, and what a sub-router may not widen, is a build error.

use std::time::Duration;

use robyn_ws::{BuildErrors, prelude::*};

static INNER: SubRouter = SubRouter::new("/limit_values");

#[websocket("/", on = "message", router = INNER)]
fn echo(msg: String) -> String {
    msg
}

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn limits() -> Limits {
    Limits::default()
}

fn build(app: Limits) -> Result<(), BuildErrors> {
    App::new().limits(app).include_router(&INNER).build().map(drop)
}

fn build_within(app: Limits, inner: Limits) -> Result<(), BuildErrors> {
    let app = App::new().limits(app).include_router(INNER.limits(inner));
    app.build().map(drop)
}

/// Checks that the one problem names the limit, what was seen, and what is expected.
fn expect_refused(built: Result<(), BuildErrors>, name: &str) {
    let errors = built.expect_err(name);
    assert_eq!(errors.len(), 1, "{errors}");
    let message = errors.iter().next().expect("a problem").message();
    assert!(
        message.starts_with(&format!("`Limits::{name}` is ")) && message.contains("expected "),
        "{message}"
    );
}

#[test]
fn limit_that_cannot_be_kept_is_a_build_error_that_says_what_is_expected() {
    for (name, values) in [
        (
            "max_message_size",
            vec![
                limits().max_message_size(usize::MAX),
                limits().max_message_size(1 << 40),
                limits().max_message_size(0),
            ],
        ),
        ("max_frame_size", vec![limits().max_frame_size(0)]),
        (
            "max_fragments",
            vec![limits().max_fragments(usize::MAX), limits().max_fragments(0)],
        ),
        (
            "read_buffer",
            vec![
                limits().read_buffer(1 << 40),
                limits().read_buffer(usize::MAX),
                limits().read_buffer(0),
            ],
        ),
        (
            "max_outbound_messages",
            vec![
                limits().max_outbound_messages(usize::MAX),
                limits().max_outbound_messages(0),
            ],
        ),
        (
            "max_outbound_bytes",
            vec![
                limits().max_outbound_bytes(usize::MAX),
                limits().max_outbound_bytes(1 << 40),
                limits().max_outbound_bytes(0),
            ],
        ),
        (
            "max_read_ahead",
            vec![
                limits().max_read_ahead(usize::MAX),
                limits().max_read_ahead(1 << 30),
                limits().max_read_ahead(0),
            ],
        ),
        (
            "max_missed_heartbeats",
            vec![
                limits().max_missed_heartbeats(u32::MAX),
                limits().max_missed_heartbeats(1),
            ],
        ),
        (
            "max_messages_per_second",
            vec![
                limits().max_messages_per_second(u32::MAX),
                limits().max_messages_per_second(0),
            ],
        ),
        (
            "max_rooms_per_connection",
            vec![
                limits().max_rooms_per_connection(usize::MAX),
                limits().max_rooms_per_connection(1 << 40),
            ],
        ),
        (
            "max_identity_size",
            vec![limits().max_identity_size(0), limits().max_identity_size(1 << 20)],
        ),
        (
            "max_connections",
            vec![limits().max_connections(usize::MAX), limits().max_connections(0)],
        ),
        (
            "max_connections_per_ip",
            vec![
                limits().max_connections_per_ip(usize::MAX),
                limits().max_connections_per_ip(0),
            ],
        ),
        (
            "max_handshakes",
            vec![limits().max_handshakes(usize::MAX), limits().max_handshakes(0)],
        ),
        (
            "max_request_head",
            vec![limits().max_request_head(usize::MAX), limits().max_request_head(0)],
        ),
        (
            "max_request_target",
            vec![limits().max_request_target(usize::MAX), limits().max_request_target(0)],
        ),
    ] {
        for value in values {
            expect_refused(build(value), name);
        }
    }
}

/// Every limit of time, by its name.
fn times(value: Duration) -> [(&'static str, Limits); 7] {
    [
        ("send_timeout", limits().send_timeout(value)),
        ("broadcast_timeout", limits().broadcast_timeout(value)),
        ("heartbeat_interval", limits().heartbeat_interval(value)),
        ("idle_timeout", limits().idle_timeout(value)),
        ("close_timeout", limits().close_timeout(value)),
        ("handler_grace", limits().handler_grace(value)),
        ("shutdown_grace", limits().shutdown_grace(value)),
    ]
}

#[test]
fn time_that_is_zero_or_longer_than_a_year_is_a_build_error() {
    for value in [Duration::ZERO, Duration::from_hours(24 * 367), Duration::MAX] {
        for (name, limits) in times(value) {
            expect_refused(build(limits), name);
        }
    }
}

#[test]
fn drain_in_no_time_and_upgrades_that_no_second_has_are_build_errors() {
    expect_refused(build(limits().drain_interval(Duration::ZERO)), "drain_interval");
    for upgrades in [0, 1_000_001, u32::MAX] {
        expect_refused(
            build(limits().max_upgrades_per_second(upgrades)),
            "max_upgrades_per_second",
        );
    }
}

#[test]
fn heartbeat_too_short_for_an_answer_is_a_build_error() {
    for every in [MS, 5 * MS, 9 * MS] {
        expect_refused(build(limits().heartbeat_interval(every)), "heartbeat_interval");
    }
}

#[test]
fn values_at_the_edges_of_what_works_are_taken() {
    let largest = limits()
        .max_message_size(1 << 30)
        .max_frame_size(1 << 30)
        .max_fragments(1 << 30)
        .read_buffer(1 << 20)
        .max_outbound_messages(1 << 20)
        .max_outbound_bytes(1 << 30)
        .max_read_ahead(1 << 16)
        .max_missed_heartbeats(1000)
        .max_messages_per_second(1_000_000)
        .max_upgrades_per_second(1_000_000)
        .max_rooms_per_connection(1 << 20)
        .max_connections(1 << 24)
        .max_connections_per_ip(1 << 24)
        .max_handshakes(1 << 24)
        .max_request_head(1 << 20)
        .max_request_target(1 << 16);
    build(largest).expect("the largest values work");
    let smallest = limits()
        .max_message_size(1)
        .max_fragments(1)
        .read_buffer(1)
        .max_outbound_messages(1)
        .max_outbound_bytes(1)
        .max_read_ahead(1)
        .max_missed_heartbeats(2)
        .max_messages_per_second(1)
        .max_upgrades_per_second(1)
        .max_rooms_per_connection(0)
        .max_connections(1)
        .max_connections_per_ip(1)
        .max_handshakes(1)
        .max_request_head(1)
        .max_request_target(1)
        .heartbeat_interval(10 * MS);
    build(smallest).expect("the smallest values work");
    for (name, limits) in times(50 * MS).into_iter().chain(times(Duration::from_hours(24 * 365))) {
        build(limits).expect(name);
    }
    let year = Duration::from_hours(24 * 365);
    build(limits().shutdown_grace(year).drain_interval(year)).expect("a drain of a year");
    build(limits().drain_interval(MS)).expect("a drain at once");
    build(limits().heartbeat_interval(None).idle_timeout(None)).expect("off is a value");
}

#[test]
fn sub_router_that_widens_any_limit_or_switches_it_off_is_a_build_error() {
    let app = limits()
        .max_message_size(1000)
        .max_frame_size(100)
        .max_fragments(10)
        .max_outbound_messages(10)
        .max_outbound_bytes(1000)
        .send_timeout(SECOND)
        .broadcast_timeout(SECOND)
        .max_read_ahead(4)
        .heartbeat_interval(SECOND)
        .max_missed_heartbeats(3)
        .idle_timeout(SECOND)
        .close_timeout(SECOND)
        .handler_grace(SECOND)
        .max_connections(10)
        .max_connections_per_ip(5)
        .max_messages_per_second(10)
        .max_upgrades_per_second(10)
        .max_rooms_per_connection(3)
        .max_handshakes(10)
        .max_request_head(1000)
        .max_request_target(100);
    let wider = vec![
        ("max_message_size", limits().max_message_size(1001)),
        ("max_frame_size", limits().max_frame_size(101)),
        ("max_fragments", limits().max_fragments(11)),
        ("max_outbound_messages", limits().max_outbound_messages(11)),
        ("max_outbound_bytes", limits().max_outbound_bytes(1001)),
        ("send_timeout", limits().send_timeout(SECOND + MS)),
        ("broadcast_timeout", limits().broadcast_timeout(SECOND + MS)),
        ("max_read_ahead", limits().max_read_ahead(5)),
        ("heartbeat_interval", limits().heartbeat_interval(SECOND + MS)),
        ("heartbeat_interval", limits().heartbeat_interval(None)),
        ("max_missed_heartbeats", limits().max_missed_heartbeats(4)),
        ("idle_timeout", limits().idle_timeout(SECOND + MS)),
        ("idle_timeout", limits().idle_timeout(None)),
        ("close_timeout", limits().close_timeout(SECOND + MS)),
        ("handler_grace", limits().handler_grace(SECOND + MS)),
        ("max_connections", limits().max_connections(11)),
        ("max_connections", limits().max_connections(None)),
        ("max_connections_per_ip", limits().max_connections_per_ip(6)),
        ("max_connections_per_ip", limits().max_connections_per_ip(None)),
        ("max_messages_per_second", limits().max_messages_per_second(11)),
        ("max_messages_per_second", limits().max_messages_per_second(None)),
        ("max_upgrades_per_second", limits().max_upgrades_per_second(11)),
        ("max_upgrades_per_second", limits().max_upgrades_per_second(None)),
        ("max_rooms_per_connection", limits().max_rooms_per_connection(4)),
        ("max_handshakes", limits().max_handshakes(11)),
        ("max_request_head", limits().max_request_head(1001)),
        ("max_request_target", limits().max_request_target(101)),
    ];
    for (name, inner) in wider {
        let errors = build_within(app.clone(), inner).expect_err(name);
        let words = format!("`Limits::{name}` is ");
        assert_eq!(errors.len(), 1, "{errors}");
        assert!(errors.to_string().contains(&words), "{errors}");
        assert!(errors.to_string().contains("can only narrow"), "{errors}");
    }
    build_within(app.clone(), app.clone()).expect("the same is not wider");
    let narrower = limits()
        .heartbeat_interval(SECOND / 2)
        .idle_timeout(SECOND / 2)
        .send_timeout(SECOND / 2)
        .close_timeout(SECOND / 2)
        .handler_grace(SECOND / 2)
        .max_missed_heartbeats(2)
        .max_rooms_per_connection(0)
        .read_buffer(64 * 1024)
        .overflow(Overflow::DropNewest);
    build_within(app, narrower).expect("narrower is what a sub-router is for");
}

#[test]
fn sub_router_that_lengthens_the_default_heartbeat_or_switches_it_off_is_a_build_error() {
    for inner in [
        limits().heartbeat_interval(None),
        limits().heartbeat_interval(26 * SECOND),
    ] {
        let errors = build_within(limits(), inner).expect_err("wider than the default");
        assert!(
            errors.to_string().contains("`Limits::heartbeat_interval`") && errors.to_string().contains("25s around it"),
            "{errors}"
        );
    }
    build_within(limits().heartbeat_interval(None), limits().heartbeat_interval(SECOND))
        .expect("any heartbeat is narrower than none");
}

/// Returns the only message of a failed build.
fn message(built: Result<(), BuildErrors>) -> String {
    let errors = built.expect_err("it is an error");
    assert_eq!(errors.len(), 1, "{errors}");
    errors.iter().next().expect("a problem").message().to_owned()
}

#[test]
fn message_has_the_unit_of_the_limit() {
    let mut built = vec![
        (
            build(limits().max_message_size(0)),
            "is 0 bytes, which cannot work: expected 1 to 1073741824 bytes",
        ),
        (
            build(limits().max_fragments(0)),
            "is 0 fragments, which cannot work: expected 1 to",
        ),
        (
            build(limits().max_outbound_messages(0)),
            "expected 1 to 1048576 messages",
        ),
        (
            build(limits().max_missed_heartbeats(1)),
            "is 1 interval, which cannot work: expected 2 to 1000 intervals",
        ),
        (
            build(limits().max_handshakes(0)),
            "expected 1 to 16777216 upgrade handlers",
        ),
        (build(limits().max_rooms_per_connection(1 << 30)), "is 1073741824 rooms"),
        (build(limits().max_room_name(0)), "is 0 bytes"),
        (build(limits().max_tls_handshakes(0)), "is 0 handshakes"),
        (build(limits().max_http2_streams(0)), "is 0 streams"),
        (
            build(limits().send_timeout(Duration::ZERO)),
            "is 0ns, which cannot work: expected 1ms to 365 days",
        ),
        (
            build(limits().close_timeout(Duration::from_hours(24 * 366))),
            "is 366 days, which",
        ),
        (
            build(limits().max_message_size(10).max_frame_size(11)),
            "is 11 bytes, more than the 10 bytes of `max_message_size`",
        ),
        (
            build(limits().max_connections(2).max_connections_per_ip(3)),
            "is 3 connections, more than the 2 connections of",
        ),
    ];
    let outer = || limits().max_message_size(10).max_connections(1).idle_timeout(SECOND);
    built.extend([
        (
            build_within(outer(), limits().max_message_size(11)),
            "is 11 bytes on the sub-router, but 10 bytes around it",
        ),
        (
            build_within(outer(), limits().max_connections(2)),
            "is 2 connections on the sub-router, but 1 connection around",
        ),
        (
            build_within(outer(), limits().max_connections(None)),
            "is off on the sub-router, but 1 connection around it",
        ),
        (
            build_within(outer(), limits().idle_timeout(2 * SECOND)),
            "is 2s on the sub-router, but 1s around it",
        ),
    ]);
    for (built, words) in built {
        let message = message(built);
        assert!(message.contains(words), "no `{words}` in: {message}");
    }
}

#[test]
fn message_names_what_turns_the_limit_off_where_something_does() {
    let zero = Duration::ZERO;
    for (limits, words) in [
        (limits().max_connections(0), "or `None` for no limit"),
        (limits().max_connections_per_ip(0), "or `None` for no limit"),
        (limits().max_messages_per_second(0), "or `None` for no limit"),
        (limits().max_upgrades_per_second(0), "or `None` for no limit"),
        (limits().heartbeat_interval(zero), "or `None` for no pings"),
        (limits().idle_timeout(zero), "or `None` for no timeout"),
        (limits().handler_timeout(zero), "or `None` for no timeout"),
        (limits().drain_interval(zero), "or `None` for the default"),
    ] {
        let message = message(build(limits));
        assert!(message.ends_with(words), "no `{words}` in: {message}");
    }
    for limits in [limits().max_handshakes(0), limits().send_timeout(zero)] {
        let message = message(build(limits));
        assert!(!message.contains("None"), "{message}");
    }
}
