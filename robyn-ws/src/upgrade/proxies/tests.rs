//! Tests of the headers of proxies.

use axum::http::{HeaderValue, Request};

use super::*;

/// The nearest proxy.
const NEAREST: &str = "10.0.0.1:1";

/// A request of the nearest proxy, and what it says.
fn read(headers: &[(&'static str, &[u8])]) -> (Option<SocketAddr>, Told) {
    read_from(&Peer::Tcp(NEAREST.parse().unwrap()), headers)
}

fn read_from(peer: &Peer, headers: &[(&'static str, &[u8])]) -> (Option<SocketAddr>, Told) {
    let mut proxies = TrustedProxies::default();
    let mut problems = Problems::default();
    let entries = ["10.0.0.0/8", "2001:db8:ffff::/48", "unix"].map(String::from);
    proxies.add(entries.into_iter(), Location::caller(), &mut problems);
    problems.into_result().unwrap();
    let (mut parts, ()) = Request::new(()).into_parts();
    peer.describe(&mut parts.extensions);
    for (name, value) in headers {
        let value = HeaderValue::from_bytes(value).unwrap();
        parts.headers.append(*name, value);
    }
    let told = proxies.read(&mut parts);
    (Peer::of_request(&parts).address(), told)
}

fn expect_client(headers: &[(&'static str, &[u8])], expected: &str) {
    let shown: Vec<_> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.escape_ascii()))
        .collect();
    let (client, _) = read(headers);
    assert_eq!(client, Some(expected.parse().unwrap()), "{shown:?}");
}

/// Checks one line of `Forwarded`, and then the same with a spoofed element in front, in the same line and in one of its own.
fn expect_forwarded(line: &str, expected: &str) {
    expect_client(&[("forwarded", line.as_bytes())], expected);
    let spoofed = format!("for=203.0.113.9;host=evil.example, {line}");
    expect_client(&[("forwarded", spoofed.as_bytes())], expected);
    expect_client(
        &[("forwarded", b"for=203.0.113.9"), ("forwarded", line.as_bytes())],
        expected,
    );
}

#[test]
fn forwarded_is_read_up_to_the_right_most_untrusted_hop() {
    for (line, expected) in [
        ("for=192.0.2.7", "192.0.2.7:0"),
        ("For=192.0.2.7", "192.0.2.7:0"),
        ("for=\"192.0.2.7:4711\"", "192.0.2.7:4711"),
        ("for=\"[2001:db8::1]\"", "[2001:db8::1]:0"),
        ("for=\"[2001:db8::1]:4711\"", "[2001:db8::1]:4711"),
        ("for=\"[2001:db8::1]:_port\"", "[2001:db8::1]:0"),
        ("for=\"[::ffff:192.0.2.7]:5\"", "192.0.2.7:5"),
        ("for=\"\\1\\92.0.2.7\"", "192.0.2.7:0"),
        ("by=_x;for=192.0.2.7;proto=http;host=\"a.example:81\"", "192.0.2.7:0"),
        (" ; for=192.0.2.7 ; proto=http ;", "192.0.2.7:0"),
        ("secret=\"a,b;c=\\\"for=10.0.0.9\";for=192.0.2.7", "192.0.2.7:0"),
        // Trusted hops in a row.
        ("for=192.0.2.7, for=10.0.0.2", "192.0.2.7:0"),
        (
            "for=192.0.2.7,for=\"[2001:db8:ffff::2]:9\",, for=\"[::ffff:10.0.0.2]\",",
            "192.0.2.7:0",
        ),
        ("for=192.0.2.7;by=_a, for=10.0.0.2;by=_b", "192.0.2.7:0"),
    ] {
        expect_forwarded(line, expected);
    }
}

#[test]
fn unreadable_hop_ends_the_way_at_the_proxy_that_wrote_it() {
    for hop in [
        "for=unknown",
        "for=_hidden",
        "for=\"_hidden:80\"",
        "for=192.0.2.7:4711",
        "for=[2001:db8::1]",
        "for=2001:db8::1",
        "for=\"2001:db8::1\"",
        "for=\"[2001:db8::1\"",
        "for=\"[2001:db8::1]x\"",
        "for=\"[192.0.2.7]\"",
        "for=\"[fe80::1%eth0]\"",
        "for=\"192.0.2.7:\"",
        "for=\"192.0.2.7:65536\"",
        "for=\"192.0.2.7:+80\"",
        "for=\"192.0.2.7:000080\"",
        "for=\"192.0.2.7:_\"",
        "for=192.0.2.07",
        "for=192.0.2",
        "for=",
        "for",
        "=192.0.2.7",
        "for =192.0.2.7",
        "for= 192.0.2.7",
        "for=192.0.2.7 proto=http",
        "for=192.0.2.7;for=192.0.2.7",
        "for=192.0.2.7;host=a;host=b",
        "for=\"192.0.2.7\"x",
        "f\"o\"r=192.0.2.7",
        "for=\"192.0.2.7",
        "for=\"192.0.2.7\\\"",
        "localhost",
        "\"",
        ";",
        "proto=https",
    ] {
        expect_forwarded(hop, NEAREST);
        expect_forwarded(
            &format!("{hop}, for=10.0.0.2"),
            if hop.matches('"').count() % 2 == 0 && !hop.contains('\\') {
                "10.0.0.2:0"
            } else {
                NEAREST
            },
        );
    }
    expect_client(&[("forwarded", b"for=\xff")], NEAREST);
    expect_client(&[("forwarded", b"for=\"\xe2\x82\xac\"")], NEAREST);
}

#[test]
fn open_quote_of_a_client_hides_only_its_own_line() {
    expect_client(&[("forwarded", b"for=\"1.2.3.4, for=192.0.2.7")], NEAREST);
    expect_client(&[("forwarded", b"for=\"1.2.3.4, for=\"192.0.2.7\"")], NEAREST);
    expect_client(
        &[("forwarded", b"for=\"1.2.3.4"), ("forwarded", b"for=192.0.2.7")],
        "192.0.2.7:0",
    );
    expect_client(
        &[("forwarded", b"for=\"1.2.3.4"), ("forwarded", b"for=10.0.0.2")],
        "10.0.0.2:0",
    );
}

#[test]
fn x_forwarded_for_is_read_up_to_the_right_most_untrusted_hop() {
    for (line, expected) in [
        ("192.0.2.7", "192.0.2.7:0"),
        ("192.0.2.7:4711", "192.0.2.7:4711"),
        ("2001:db8::1", "[2001:db8::1]:0"),
        ("[2001:db8::1]", "[2001:db8::1]:0"),
        ("[2001:db8::1]:4711", "[2001:db8::1]:4711"),
        ("::ffff:192.0.2.7", "192.0.2.7:0"),
        ("\t192.0.2.7 ,10.0.0.3,  , 2001:db8:ffff::2,", "192.0.2.7:0"),
        ("unknown", NEAREST),
        ("unknown, 10.0.0.2", "10.0.0.2:0"),
        ("192.0.2.7, _hidden, 10.0.0.2", "10.0.0.2:0"),
        ("\"192.0.2.7\"", NEAREST),
        ("192.0.2.7:http", NEAREST),
        ("10.0.0.3:, 10.0.0.2:80", "10.0.0.2:80"),
        ("localhost", NEAREST),
    ] {
        expect_client(&[("x-forwarded-for", line.as_bytes())], expected);
        let spoofed = format!("203.0.113.9, {line}");
        expect_client(&[("x-forwarded-for", spoofed.as_bytes())], expected);
        let lines = [
            ("x-forwarded-for", &b"203.0.113.9"[..]),
            ("x-forwarded-for", line.as_bytes()),
        ];
        expect_client(&lines, expected);
    }
    expect_client(&[("x-forwarded-for", b"192.0.2.7, \xff")], NEAREST);
}

#[test]
fn furthest_proxy_counts_if_all_hops_are_trusted() {
    expect_client(&[("x-forwarded-for", b"10.0.0.4, 10.0.0.3")], "10.0.0.4:0");
    expect_client(&[("forwarded", b"for=10.0.0.4, for=\"10.0.0.3:7\"")], "10.0.0.4:0");
    expect_client(&[], NEAREST);
    expect_client(&[("x-forwarded-for", b" , ,"), ("forwarded", b"")], NEAREST);
}

#[test]
fn contradicting_headers_do_not_count() {
    let forwarded = |value: &'static [u8]| ("forwarded", value);
    let usual = |value: &'static [u8]| ("x-forwarded-for", value);
    expect_client(&[forwarded(b"for=192.0.2.7"), usual(b"192.0.2.8")], NEAREST);
    expect_client(&[forwarded(b"for=unknown"), usual(b"192.0.2.8")], NEAREST);
    expect_client(&[forwarded(b"for=192.0.2.7"), usual(b"192.0.2.7")], "192.0.2.7:0");
    expect_client(&[forwarded(b"for=\"192.0.2.7:5\""), usual(b"192.0.2.7")], "192.0.2.7:5");
    expect_client(&[forwarded(b"proto=https"), usual(b"192.0.2.8")], "192.0.2.8:0");
    let (client, told) = read(&[
        forwarded(b"for=192.0.2.7;host=a.example;proto=https"),
        ("x-forwarded-host", b"b.example"),
        ("x-forwarded-proto", b"http"),
    ]);
    let nothing = Told {
        is_by_proxy: true,
        ..Told::default()
    };
    assert_eq!((client, told), (Some(NEAREST.parse().unwrap()), nothing));
    let (_, told) = read(&[
        forwarded(b"host=A.example;proto=https"),
        ("x-forwarded-host", b"a.example"),
        ("x-forwarded-proto", b"wss"),
    ]);
    assert_eq!(
        (told.host.as_deref(), told.scheme),
        (Some("A.example"), Some(Scheme::Https))
    );
}

#[test]
fn host_and_scheme_are_those_of_the_outermost_trusted_proxy() {
    for (line, host, scheme) in [
        (
            "for=192.0.2.7;host=a.example;proto=https",
            Some("a.example"),
            Some(Scheme::Https),
        ),
        (
            "for=192.0.2.7;host=\"a.example:8443\";proto=WSS",
            Some("a.example:8443"),
            Some(Scheme::Https),
        ),
        (
            "for=1.2.3.4;host=evil;proto=http, for=192.0.2.7;host=a, for=10.0.0.2;host=b;proto=http",
            Some("a"),
            Some(Scheme::Http),
        ),
        ("for=1.2.3.4;host=evil, for=192.0.2.7", None, None),
        ("host=evil, for=unknown;host=a", Some("a"), None),
        ("host=evil, host=a;proto=gopher", Some("a"), None),
        ("host=evil;proto=https, for=192.0.2.7;for=192.0.2.7;host=a", None, None),
    ] {
        let (_, told) = read(&[("forwarded", line.as_bytes())]);
        assert_eq!((told.host.as_deref(), told.scheme), (host, scheme), "{line}");
    }
    let (_, told) = read(&[
        ("x-forwarded-host", b"evil.example, a.example"),
        ("x-forwarded-proto", b"http"),
        ("x-forwarded-proto", b"http,https"),
    ]);
    assert_eq!(
        (told.host.as_deref(), told.scheme),
        (Some("a.example"), Some(Scheme::Https))
    );
}

#[test]
fn untrusted_and_unnamed_peers_say_nothing() {
    let headers: &[(&str, &[u8])] = &[
        ("forwarded", b"for=192.0.2.7;host=evil;proto=https"),
        ("x-forwarded-for", b"192.0.2.7"),
    ];
    for stranger in ["203.0.113.5:1", "[::ffff:11.0.0.1]:1", "[2001:db8:fffe::1]:1"] {
        let peer = Peer::Tcp(stranger.parse().unwrap());
        assert_eq!(
            read_from(&peer, headers),
            (peer.address(), Told::default()),
            "{stranger}"
        );
    }
    assert_eq!(read_from(&Peer::Other, headers), (None, Told::default()));
}

#[cfg(unix)]
#[test]
fn peer_of_a_unix_socket_names_clients_and_has_no_address_itself() {
    let peer = || {
        Peer::Unix(Arc::new(
            std::os::unix::net::SocketAddr::from_pathname("/a").unwrap().into(),
        ))
    };
    let (client, told) = read_from(&peer(), &[("x-forwarded-for", b"192.0.2.7, 10.0.0.2")]);
    assert_eq!((client, told.proxy), (Some("192.0.2.7:0".parse().unwrap()), None));
    for line in [&b"unknown"[..], b""] {
        assert_eq!(read_from(&peer(), &[("x-forwarded-for", line)]).0, None);
    }
}

#[test]
fn thousand_hops_and_long_headers_are_read_in_one_pass() {
    let hops = vec!["for=10.0.0.2"; 1000].join(", ");
    expect_client(&[("forwarded", hops.as_bytes())], "10.0.0.2:0");
    expect_client(
        &[("forwarded", format!("for=192.0.2.7, {hops}").as_bytes())],
        "192.0.2.7:0",
    );
    let hops = vec!["10.0.0.2"; 1000].join(",");
    expect_client(
        &[("x-forwarded-for", format!("192.0.2.7,{hops}").as_bytes())],
        "192.0.2.7:0",
    );
    for fill in [b'"', b',', b';', b'=', b'\\', b'a', b'[', b'\xff', b' '] {
        let long = vec![fill; 64 * 1024];
        for name in ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"] {
            let (client, _) = read(&[(name, &long)]);
            assert_eq!(client, Some(NEAREST.parse().unwrap()), "{name}: {fill}");
        }
    }
}
