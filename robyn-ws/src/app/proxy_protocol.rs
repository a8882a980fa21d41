//! The header of the PROXY protocol, in front of HTTP.
//!
//! The text is <https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt>. The crates that parse it do not tell a client
//! without a name from a connection of the proxy itself.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::timeout,
};

use crate::{
    app::edge_metrics::proxy_header_refused,
    types::peer::{Introduced, Peer},
    util::{log, repeated::Repeated},
};

/// The time that a proxy has for the header. A lost packet is repeated within three seconds.
const TIME: Duration = Duration::from_secs(5);

/// Maximum number of bytes behind the fixed part of version 2: the addresses take at most 216, the rest is for certificates
/// of clients.
const MAX_REST: usize = 16 * 1024;

/// Maximum number of bytes of version 1, its line end included.
const MAX_LINE: usize = 107;

/// The first bytes of version 2.
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// Number of bytes that two addresses of IPv6 take, with their ports.
const IPV6_ADDRESSES: usize = 36;

/// Number of bytes that two paths of Unix sockets take.
const UNIX_PATHS: usize = 216;

/// The client of a connection, as the proxy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Introduction {
    Client(SocketAddr),
    /// A client that the proxy does not know, or that has no address of IP, or the proxy itself with a health check. HAProxy
    /// names itself (`LOCAL`) for the clients of a Unix socket, too.
    Unnamed,
}

/// Why a connection of a proxy is dropped.
#[derive(Debug, thiserror::Error)]
enum NotIntroduced {
    #[error("it ended before the PROXY header: {0}")]
    Ended(#[from] io::Error),
    #[error("its PROXY header did not come within {TIME:?}")]
    TooSlow,
    #[error("it does not begin with a PROXY header, but with other bytes")]
    Missing,
    #[error("its PROXY header is not valid: {0}")]
    Invalid(&'static str),
}

impl NotIntroduced {
    /// Returns the reason for the metrics.
    const fn reason(&self) -> &'static str {
        match self {
            Self::Ended(_) => "ended",
            Self::TooSlow => "timed_out",
            Self::Missing => "missing",
            Self::Invalid(_) => "invalid",
        }
    }

    /// Returns what to change.
    const fn help(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "have the proxy send version 1 or 2 of the protocol, for TCP",
            _ => {
                "have the proxy send the header (`send-proxy-v2` of HAProxy, `proxy_protocol on` of nginx's `stream`), also with its health checks; or remove `App::proxy_protocol`, or this peer from `App::trusted_proxies`"
            }
        }
    }
}

/// Reads the header of a proxy's connection. Returns the client, or `None` if the connection is dropped.
pub(super) async fn introduce(
    stream: &mut (impl AsyncRead + Unpin),
    proxy: &Peer,
    refusals: &Arc<Repeated>,
) -> Option<(Peer, Introduced)> {
    let by = proxy.address();
    match read(stream).await {
        Ok(Introduction::Client(client)) => Some((Peer::Tcp(client), Introduced { by, is_named: true })),
        Ok(Introduction::Unnamed) => Some((proxy.clone(), Introduced { by, is_named: false })),
        Err(why) => {
            refuse(proxy, &why, refusals);
            None
        }
    }
}

/// Counts and logs a connection that is dropped.
fn refuse(proxy: &Peer, why: &NotIntroduced, refusals: &Arc<Repeated>) {
    proxy_header_refused(why.reason());
    // Health checks of TCP end at once.
    let is_worth_a_warning = !matches!(why, NotIntroduced::Ended(_))
        && refusals.is_first(|more| {
            log::warn!(
                more,
                "more connections of trusted proxies were dropped for their PROXY headers"
            );
        });
    log::warn_first!(is_worth_a_warning, %proxy, %why, "a connection of a trusted proxy was dropped: {}", why.help());
}

/// Reads the header, and not a byte more.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Introduction, NotIntroduced> {
    let header = async {
        // Both versions have more bytes.
        let mut first = [0; SIGNATURE.len()];
        stream.read_exact(&mut first).await?;
        if first == *SIGNATURE {
            read_binary(stream).await
        } else if first.starts_with(b"PROXY ") {
            read_line(stream, &first).await
        } else {
            Err(NotIntroduced::Missing)
        }
    };
    timeout(TIME, header).await.unwrap_or(Err(NotIntroduced::TooSlow))
}

/// Reads the rest of version 1.
async fn read_line(stream: &mut (impl AsyncRead + Unpin), first: &[u8]) -> Result<Introduction, NotIntroduced> {
    let mut line = [0; MAX_LINE];
    let mut length = first.len();
    line[..length].copy_from_slice(first);
    loop {
        if let Some(line) = line[..length].strip_suffix(b"\r\n") {
            return parse_line(line).ok_or(NotIntroduced::Invalid("its line is malformed"));
        }
        // The bytes behind the line are those of HTTP. At least the line end is still to come, or its second half.
        let missing = if line[..length].ends_with(b"\r") { 1 } else { 2 };
        let Some(rest) = line.get_mut(length..length + missing) else {
            return Err(NotIntroduced::Invalid("its line is too long"));
        };
        stream.read_exact(rest).await?;
        length += missing;
    }
}

/// Parses a line of version 1, without its end.
fn parse_line(line: &[u8]) -> Option<Introduction> {
    let mut words = str::from_utf8(line).ok()?.strip_prefix("PROXY ")?.split(' ');
    let parse: fn(&str) -> Option<IpAddr> = match words.next()? {
        // Any text may follow.
        "UNKNOWN" => return Some(Introduction::Unnamed),
        "TCP4" => |word| Some(IpAddr::V4(word.parse().ok()?)),
        "TCP6" => |word| Some(IpAddr::V6(word.parse().ok()?)),
        _ => return None,
    };
    let (source, _destination) = (parse(words.next()?)?, parse(words.next()?)?);
    let (source_port, _destination_port) = (parse_port(words.next()?)?, parse_port(words.next()?)?);
    words.next().is_none().then(|| client(source, source_port))
}

/// A port is a decimal number without zeros in front.
fn parse_port(word: &str) -> Option<u16> {
    let port: u16 = word.parse().ok()?;
    (port.to_string() == word).then_some(port)
}

/// Reads the rest of version 2.
async fn read_binary(stream: &mut (impl AsyncRead + Unpin)) -> Result<Introduction, NotIntroduced> {
    let mut fixed = [0; 4];
    stream.read_exact(&mut fixed).await?;
    let [command, family, length @ ..] = fixed;
    let length = usize::from(u16::from_be_bytes(length));
    if length > MAX_REST {
        return Err(NotIntroduced::Invalid("it is too long"));
    }
    let mut addresses = [0; IPV6_ADDRESSES];
    let addresses = &mut addresses[..length.min(IPV6_ADDRESSES)];
    stream.read_exact(addresses).await?;
    discard(stream, length - addresses.len()).await?;
    let introduction = match command {
        // Addresses have no meaning here.
        0x20 => Some(Introduction::Unnamed),
        0x21 => parse_addresses(family, addresses, length),
        _ => return Err(NotIntroduced::Invalid("its version or its command is unknown")),
    };
    introduction.ok_or(NotIntroduced::Invalid(
        "its addresses are not those of TCP, or are cut off",
    ))
}

fn parse_addresses(family: u8, addresses: &[u8], length: usize) -> Option<Introduction> {
    match family {
        0x00 => Some(Introduction::Unnamed),
        0x11 => {
            let [a, b, c, d, _, _, _, _, port @ .., _, _] = *addresses.first_chunk::<12>()?;
            Some(client(Ipv4Addr::new(a, b, c, d).into(), u16::from_be_bytes(port)))
        }
        0x21 => {
            let all = addresses.first_chunk::<IPV6_ADDRESSES>()?;
            let port = u16::from_be_bytes([all[32], all[33]]);
            Some(client(Ipv6Addr::from(*all.first_chunk::<16>()?).into(), port))
        }
        0x31 => (length >= UNIX_PATHS).then_some(Introduction::Unnamed),
        _ => None,
    }
}

/// Reads and discards the values behind the addresses.
async fn discard(stream: &mut (impl AsyncRead + Unpin), mut left: usize) -> io::Result<()> {
    let mut buffer = [0; 256];
    while left > 0 {
        let part = left.min(buffer.len());
        stream.read_exact(&mut buffer[..part]).await?;
        left -= part;
    }
    Ok(())
}

/// IPv4 that is mapped to IPv6 is IPv4.
fn client(address: IpAddr, port: u16) -> Introduction {
    Introduction::Client(SocketAddr::new(address.to_canonical(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a header from the beginning of `bytes`, and returns the number of bytes that are left.
    async fn read_from(bytes: &[u8]) -> (Option<Introduction>, usize) {
        let mut stream = bytes;
        let introduction = read(&mut stream).await.ok();
        (introduction, stream.len())
    }

    fn client_at(address: &str) -> Introduction {
        Introduction::Client(address.parse().unwrap())
    }

    fn binary(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [SIGNATURE, &[command, family][..], &length, rest].concat()
    }

    const V4: [u8; 12] = [192, 0, 2, 7, 127, 0, 0, 1, 0x12, 0x34, 0, 80];

    fn v6() -> Vec<u8> {
        let source: Ipv6Addr = "2001:db8::7".parse().unwrap();
        [&source.octets()[..], &[0; 16], &[0, 9, 0, 80]].concat()
    }

    #[tokio::test]
    async fn valid_header_is_read_without_the_bytes_behind_it() {
        let mapped = b"PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n";
        let longest = b"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535 and some words more, to hundred and seven bytes\r\n";
        assert_eq!(longest.len(), MAX_LINE);
        let values = [&V4[..], &[4, 0, 3, 1, 2, 3], &vec![0; 2000]].concat();
        for (header, expected) in [
            (
                b"PROXY TCP4 192.0.2.7 192.0.2.8 4660 80\r\n".to_vec(),
                client_at("192.0.2.7:4660"),
            ),
            (
                b"PROXY TCP6 2001:db8::7 ::1 9 80\r\n".to_vec(),
                client_at("[2001:db8::7]:9"),
            ),
            (mapped.to_vec(), client_at("192.0.2.7:1")),
            (b"PROXY UNKNOWN\r\n".to_vec(), Introduction::Unnamed),
            (longest.to_vec(), Introduction::Unnamed),
            (binary(0x21, 0x11, &V4), client_at("192.0.2.7:4660")),
            (binary(0x21, 0x11, &values), client_at("192.0.2.7:4660")),
            (binary(0x21, 0x21, &v6()), client_at("[2001:db8::7]:9")),
            (binary(0x21, 0x31, &[0; UNIX_PATHS]), Introduction::Unnamed),
            (binary(0x21, 0x00, &[]), Introduction::Unnamed),
            (binary(0x21, 0x00, &[1; 50]), Introduction::Unnamed),
            (binary(0x20, 0x00, &[]), Introduction::Unnamed),
            (binary(0x20, 0x11, &V4), Introduction::Unnamed),
            (binary(0x20, 0xff, &[1; MAX_REST]), Introduction::Unnamed),
        ] {
            let whole = [&header[..], b"GET / HTTP/1.1\r\n"].concat();
            assert_eq!(
                read_from(&whole).await,
                (Some(expected), 16),
                "{}",
                header.escape_ascii()
            );
            for end in 0..header.len().min(60) {
                assert_eq!(
                    read_from(&header[..end]).await.0,
                    None,
                    "{end}: {}",
                    header.escape_ascii()
                );
            }
        }
    }

    /// A changed header is read to its end, or refused: more bytes than those of the longest header are never taken.
    #[tokio::test]
    async fn changed_header_never_takes_the_bytes_of_http() {
        let http = vec![b' '; 300];
        for header in [
            b"PROXY TCP4 192.0.2.7 192.0.2.8 4660 80\r\n".to_vec(),
            b"PROXY TCP6 2001:db8::7 ::1 9 80\r\n".to_vec(),
            b"PROXY UNKNOWN\r\n".to_vec(),
            binary(0x21, 0x11, &V4),
            binary(0x21, 0x21, &v6()),
            binary(0x20, 0x00, &[]),
        ] {
            for position in 0..header.len() {
                for byte in 0..=u8::MAX {
                    let mut changed = header.clone();
                    changed[position] = byte;
                    let (introduction, left) = read_from(&[&changed[..], &http].concat()).await;
                    // A changed length of version 2 moves the end.
                    let moves_end = changed.starts_with(SIGNATURE) && (14..16).contains(&position);
                    if introduction.is_some() && !moves_end {
                        assert_eq!(left, http.len(), "{}", changed.escape_ascii());
                    }
                }
            }
        }
    }

    #[tokio::test]
    async fn invalid_header_is_refused() {
        let too_long = [b"PROXY UNKNOWN ", &[b'x'; 200][..], b"\r\n"].concat();
        for header in [
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
            b"proxy TCP4 192.0.2.7 192.0.2.8 1 2\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 192.0.2.8 1\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 192.0.2.8 1 2 3\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7  192.0.2.8 1 2\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 192.0.2.8 +1 2\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 192.0.2.8 01 2\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 192.0.2.8 1 65536\r\n".to_vec(),
            b"PROXY TCP4 ::1 ::1 1 2\r\n".to_vec(),
            b"PROXY TCP6 192.0.2.7 192.0.2.8 1 2\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 192.0.2.8 1 2\n\n\r\n".to_vec(),
            b"PROXY UNKNOWNS\r\n".to_vec(),
            b"PROXY UDP4 192.0.2.7 192.0.2.8 1 2\r\n".to_vec(),
            b"PROXY \xff\xfe  192.0.2.7\r\n".to_vec(),
            too_long,
            binary(0x11, 0x11, &V4),
            binary(0x22, 0x11, &V4),
            binary(0x21, 0x12, &V4),
            binary(0x21, 0x22, &v6()),
            binary(0x21, 0x32, &[0; UNIX_PATHS]),
            binary(0x21, 0x41, &V4),
            binary(0x21, 0x11, &V4[..11]),
            binary(0x21, 0x21, &v6()[..35]),
            binary(0x21, 0x31, &[0; UNIX_PATHS - 1]),
            binary(0x21, 0x00, &vec![0; MAX_REST + 1]),
        ] {
            let whole = [&header[..], &[b' '; 300]].concat();
            assert_eq!(read_from(&whole).await.0, None, "{}", header.escape_ascii());
        }
    }
}
