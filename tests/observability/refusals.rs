//! Refused upgrades: what the log and the metrics say of them, however many there are.

use std::time::Duration;

use robyn_ws::{
    prelude::*,
    test_util::{TestApp, TestRequest},
};
use robyn_ws_tests::{Gate, Log, Request, Response, Server, Transport, until};
use tokio::time::sleep;

use crate::{expect_metrics, measured, paused_runtime, runtime};

static REFUSING: SubRouter = SubRouter::new("/refusing");

#[websocket("/connections", on = "connect", router = REFUSING)]
#[websocket("/per_ip", on = "connect", router = REFUSING)]
#[websocket("/upgrades", on = "connect", router = REFUSING)]
#[websocket("/origins", on = "connect", router = REFUSING)]
#[websocket("/other_origins", on = "connect", router = REFUSING)]
#[websocket("/behind", on = "connect", router = REFUSING)]
#[websocket("/unix", on = "connect", router = REFUSING)]
#[websocket("/memory", on = "connect", router = REFUSING)]
#[websocket("/number/{number}", on = "connect", router = REFUSING)]
fn connect() {}

#[websocket("/number/{number}", on = "message", router = REFUSING)]
fn take_a_number(Path(number): Path<u32>) -> String {
    number.to_string()
}

#[websocket("/handshakes", on = "upgrade", router = REFUSING)]
async fn wait_to_be_let_in(gate: Global<Gate>) {
    gate.pass().await;
}

#[websocket("/forbidden", on = "upgrade", router = REFUSING)]
fn forbid() -> Result<(), StatusCode> {
    Err(StatusCode::FORBIDDEN)
}

#[websocket("/broken", on = "upgrade", router = REFUSING)]
fn panic() {
    panic!("a panic of the test");
}

fn app(limits: Limits) -> App {
    App::new()
        .limits(limits)
        .inject_global(Gate::default())
        .include_router(&REFUSING)
}

/// Returns the warnings about an endpoint.
fn warnings(log: &Log, path: &str) -> Vec<String> {
    let endpoint = format!("endpoint={path} ");
    let text = log.text();
    let lines = text.lines().filter(|line| line.contains(" WARN "));
    let lines = lines.filter(|line| format!("{line} ").contains(&endpoint));
    lines.map(str::to_owned).collect()
}

/// Has `count` requests refused with `status`.
async fn storm<'a>(count: usize, status: u16, request: impl Fn() -> TestRequest<'a>) {
    for _ in 0..count {
        let refused = request().connect().await.expect_err("it is over the limit");
        assert_eq!(refused.status, status);
    }
}

#[track_caller]
fn expect_line(line: &str, words: &[&str]) {
    for word in words {
        assert!(line.contains(word), "no `{word}` in: {line}");
    }
}

#[test]
fn limit_that_refuses_is_named_with_its_value_once_in_an_interval_with_the_number_of_the_others() {
    let log = Log::subscribe();
    let limits = Limits::default;
    for (kind, status, limits, limit, value) in [
        ("connections", 503, limits().max_connections(1), "max_connections", 1),
        (
            "per_ip",
            429,
            limits().max_connections_per_ip(1),
            "max_connections_per_ip",
            1,
        ),
        (
            "upgrades",
            503,
            limits().max_upgrades_per_second(2),
            "max_upgrades_per_second",
            2,
        ),
        ("handshakes", 503, limits().max_handshakes(1), "max_handshakes", 1),
    ] {
        let path = format!("/refusing/{kind}");
        let fields = [format!("limit=\"{limit}\""), format!("value={value}")];
        let fields = [&*fields[0], &*fields[1]];
        paused_runtime().block_on(async {
            let app = TestApp::new(app(limits));
            let connect = || app.connect(&path);
            // The handler of the last endpoint waits.
            let mut waiting = Box::pin(connect());
            let entered = sleep(Duration::from_millis(1));
            let _first = tokio::select! {
                client = &mut waiting => Some(client.expect("the upgrade")),
                () = entered => None,
            };
            if limit == "max_upgrades_per_second" {
                connect().await.expect("the second one of this second");
            }
            storm(50, status, || app.request(&path)).await;
            let seen = warnings(log, &path);
            assert_eq!(seen.len(), 1, "{seen:#?}");
            expect_line(&seen[0], &["upgrade refused", "peer=127.0.0.1:49152"]);
            expect_line(&seen[0], &fields);
            sleep(Duration::from_secs(11)).await;
            let seen = warnings(log, &path);
            assert_eq!(seen.len(), 2, "{seen:#?}");
            expect_line(&seen[1], &["more=49", "more upgrades were refused"]);
            expect_line(&seen[1], &fields);
        });
    }
}

#[test]
fn forged_origins_are_warned_of_once_in_an_interval_at_each_endpoint() {
    let log = Log::subscribe();
    let paths = ["/refusing/origins", "/refusing/other_origins"];
    paused_runtime().block_on(async {
        let app = TestApp::new(app(Limits::default()));
        for round in 1..=3 {
            for path in paths {
                storm(100, 403, || app.request(path).header("origin", "https://evil.example")).await;
            }
            sleep(Duration::from_secs(11)).await;
            for path in paths {
                let seen = warnings(log, path);
                assert_eq!(seen.len(), round + 1, "{seen:#?}");
                expect_line(&seen[0], &["seen=https://evil.example", "host=test"]);
                // The first event of the next storms is in the interval of the last report.
                expect_line(&seen[round], &[if round == 1 { "more=99" } else { "more=100" }]);
            }
        }
    });
}

#[test]
fn refusal_by_address_names_trusted_proxies_if_an_untrusted_peer_names_a_client() {
    const HINT: &str = "App::trusted_proxies";

    let log = Log::subscribe();
    let headers: [(&str, &str); 3] = [
        ("x-forwarded-for", "192.0.2.7"),
        ("forwarded", "for=192.0.2.7"),
        ("x-real-ip", "192.0.2.7"),
    ];
    for (trusted, header, is_hinted) in [
        (&[][..], headers[0], true),
        (&[], headers[1], true),
        (&[], headers[2], false),
        (&["10.0.0.0/8"], headers[0], true),
        // The peer is the proxy, so the client counts.
        (&["127.0.0.1"], headers[0], false),
    ] {
        let before = warnings(log, "/refusing/behind").len();
        runtime().block_on(async {
            let limits = Limits::default().max_connections_per_ip(1);
            let app = TestApp::new(app(limits).trusted_proxies(trusted.iter().copied()));
            let request = || app.request("/refusing/behind").header(header.0, header.1);
            let _first = request().connect().await.expect("the upgrade");
            storm(1, 429, request).await;
        });
        let seen = warnings(log, "/refusing/behind");
        assert_eq!(seen.len(), before + 1, "{seen:#?}");
        assert_eq!(
            seen[before].contains(HINT),
            is_hinted,
            "{trusted:?} {header:?}: {}",
            seen[before]
        );
    }
}

#[test]
fn client_without_an_address_is_warned_of_with_the_change_for_its_socket() {
    let log = Log::subscribe();
    let limits = || Limits::default().max_connections_per_ip(1);
    runtime().block_on(async {
        let server = Server::start_in_memory(app(limits()));
        for _ in 0..5 {
            drop(server.connect("/refusing/memory").await);
        }
    });
    let seen = warnings(log, "/refusing/memory");
    assert_eq!(
        seen.iter().filter(|line| line.contains("refuses nobody")).count(),
        1,
        "{seen:#?}"
    );
    expect_line(&seen[0], &["into_make_service_with_connect_info"]);
}

#[cfg(unix)]
#[test]
fn client_of_a_unix_socket_is_warned_of_with_the_change_for_its_proxy() {
    let log = Log::subscribe();
    for (index, (trusted, words)) in [
        (&[][..], "`App::trusted_proxies([\"unix\"])`"),
        (
            &["unix"],
            "the proxy on the Unix socket does not name it: have it write `X-Forwarded-For`",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let path = std::env::temp_dir().join(format!("robyn-ws-{}-{index}.refusals", std::process::id()));
        runtime().block_on(async {
            let listener = tokio::net::UnixListener::bind(&path).expect("a new socket");
            let app = app(Limits::default().max_connections_per_ip(1)).trusted_proxies(trusted.iter().copied());
            let serving = tokio::spawn(app.serve_on(listener));
            let stream = tokio::net::UnixStream::connect(&path).await.expect("the app listens");
            drop(Request::upgrade("/refusing/unix").connect_over(Box::new(stream)).await);
            serving.abort();
        });
        std::fs::remove_file(&path).expect("the socket is still there");
        let seen = warnings(log, "/refusing/unix");
        expect_line(seen.last().expect("a warning"), &["refuses nobody", words]);
        assert!(!seen[index].contains("into_make_service"), "{seen:#?}");
    }
}

/// Asks the server of one app for each reason, and returns the statuses.
async fn refusals_of_one_app() -> Vec<u16> {
    let limits = Limits::default().max_request_head(2000).max_request_target(100);
    let server = Server::start(app(limits)).await;
    let upgrade = |path: &str| Request::upgrade(&format!("/refusing/{path}"));
    let long = "x".repeat(101);
    let requests = [
        Request::get("/refusing/connections"),
        upgrade("connections").header("origin", "https://evil.example"),
        upgrade("connections").header("sec-websocket-version", "12"),
        upgrade(&format!("connections?{long}")),
        upgrade("connections").header("x-long", "x".repeat(2000)),
        upgrade("number/twelve"),
        upgrade("forbidden"),
        upgrade("broken"),
    ];
    let mut statuses = Vec::new();
    for request in requests {
        let Response { status, .. } = request.refused(&server).await;
        statuses.push(status);
    }
    drop(server.connect("/refusing/number/12").await);
    server.settle().await;
    statuses.push(upgrade("connections").refused(&server).await.status);
    statuses
}

#[test]
fn metrics_count_upgrades_by_status_and_reason() {
    Log::subscribe();
    let seen = measured(async {
        let statuses = refusals_of_one_app().await;
        assert_eq!(statuses, [400, 403, 426, 414, 431, 400, 403, 500, 503]);
    });
    let upgrades = |path, status, reason| {
        format!("robyn_ws_upgrades_total endpoint=/refusing/{path} status={status} reason={reason}")
    };
    let expected = [
        upgrades("connections", 400, "malformed"),
        upgrades("connections", 403, "origin"),
        upgrades("connections", 426, "upgrade_required"),
        upgrades("connections", 414, "max_request_target"),
        upgrades("connections", 431, "max_request_head"),
        upgrades("number/{number}", 400, "parameters"),
        upgrades("forbidden", 403, "handler"),
        upgrades("broken", 500, "error"),
        upgrades("number/{number}", 101, "accepted"),
        upgrades("connections", 503, "drain"),
    ];
    let expected: Vec<_> = expected.iter().map(|metric| (&**metric, "1")).collect();
    expect_metrics(&seen, &expected);
}

#[test]
fn metrics_count_upgrades_that_a_limit_refuses_by_its_name() {
    Log::subscribe();
    let seen = measured(async {
        let app = TestApp::new(app(Limits::default().max_connections(1)));
        let _first = app.connect("/refusing/connections").await.expect("the upgrade");
        storm(3, 503, || app.request("/refusing/connections")).await;
    });
    expect_metrics(
        &seen,
        &[(
            "robyn_ws_upgrades_total endpoint=/refusing/connections status=503 reason=max_connections",
            "3",
        )],
    );
}

#[test]
fn metrics_count_upgrades_over_http2_as_200() {
    Log::subscribe();
    let seen = measured(async {
        let server = Server::start_encrypted(app(Limits::default()), |router| router, Transport::Http2).await;
        drop(server.connect("/refusing/connections").await);
        until("nobody to be left", || server.hub().count() == 0).await;
    });
    expect_metrics(
        &seen,
        &[(
            "robyn_ws_upgrades_total endpoint=/refusing/connections status=200 reason=accepted",
            "1",
        )],
    );
}
