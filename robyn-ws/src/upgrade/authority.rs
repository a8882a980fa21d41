//! A host and a port, as requests and origins name them (RFC 3986 section 3.2).

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

/// A host, with a port where one was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authority {
    pub(crate) host: Host,
    pub(crate) port: Option<u16>,
}

/// A host in the one form that every spelling of it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// In lower case.
    Name(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl Authority {
    /// Parses `host` or `host:port`, or returns what is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (host, port) = match text.find(']').map(|end| end + 1).or_else(|| text.find(':')) {
            Some(end) => text.split_at(end),
            None => (text, ""),
        };
        Ok(Self {
            host: Host::parse(host)?,
            port: parse_port(port)?,
        })
    }
}

/// Parses what stands behind a host: nothing, or a colon and digits. Both may be left out.
fn parse_port(text: &str) -> Result<Option<u16>, String> {
    let digits = text.strip_prefix(':').unwrap_or(text);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.len() == text.len().saturating_sub(1);
    match digits.parse() {
        _ if text.is_empty() || text == ":" => Ok(None),
        Ok(port) if is_number => Ok(Some(port)),
        _ => Err("its port is not a number from 0 to 65535".to_owned()),
    }
}

impl Host {
    fn parse(text: &str) -> Result<Self, String> {
        if let Some(address) = text.strip_prefix('[') {
            let address = address.strip_suffix(']').and_then(|address| address.parse().ok());
            return address
                .map(Self::V6)
                .ok_or_else(|| "what stands in `[…]` is not an IPv6 address".to_owned());
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::V4(address));
        }
        check_name(text)?;
        Ok(Self::Name(text.to_ascii_lowercase()))
    }

    /// Returns `true` if this is a name below `parent`.
    pub(crate) fn is_below(&self, parent: &Self) -> bool {
        let (Self::Name(name), Self::Name(parent)) = (self, parent) else {
            return false;
        };
        name.strip_suffix(parent.as_str())
            .is_some_and(|label| label.len() > 1 && label.ends_with('.'))
    }
}

fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("its host is missing".to_owned());
    }
    let is_allowed = |char: &char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
    match name.chars().find(|char| !is_allowed(char)) {
        Some('@') => return Err("there is a user name in front of its host".to_owned()),
        Some(char) if !char.is_ascii() => {
            return Err("its host is not ASCII: write it in Punycode (`xn--…`), as browsers send it".to_owned());
        }
        Some(char) => return Err(format!("`{}` cannot be in a host", char.escape_debug())),
        None => {}
    }
    // A dot at the end stands for the root.
    let labels = name.strip_suffix('.').unwrap_or(name);
    if labels.len() > 253 || labels.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return Err("the labels of a host have 1 to 63 bytes, and all of it at most 253".to_owned());
    }
    if labels
        .split('.')
        .any(|label| label.starts_with('-') || label.ends_with('-'))
    {
        return Err("no label of a host begins or ends with `-`".to_owned());
    }
    Ok(())
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.host.fmt(f)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_authority_is_read_in_one_form() {
        for (text, expected) in [
            ("example.com", "example.com"),
            ("EXAMPLE.com:8080", "example.com:8080"),
            ("localhost:", "localhost"),
            ("my_host.", "my_host."),
            ("xn--kse-qla.a-b", "xn--kse-qla.a-b"),
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("[::1]", "[::1]"),
            ("[0:0::0:1]:65535", "[::1]:65535"),
        ] {
            let parsed = Authority::parse(text).map(|authority| authority.to_string());
            assert_eq!(parsed.as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn invalid_authority_is_refused() {
        let long = format!("{}.com", "x".repeat(64));
        for text in [
            "", ":80", " ", "a b", "a:99999", "a:65536", "a:-1", "a:+80", "a:b", "a:80:80", "user@a", "a/path", "a?b",
            "a..b", ".a", ".", "*", "a,b", "käse", "a%20b", "[::1", "::1", "[1]", "[::1]x", "[::1]80", "a]", "[",
            "a\t", "-a.com", "a-.com", "xn--", "a.-", &long,
        ] {
            assert!(Authority::parse(text).is_err(), "{text}");
        }
    }
}
