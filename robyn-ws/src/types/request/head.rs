//! The head of an upgrade request, in as little memory as it takes.

use std::sync::OnceLock;

use axum::{
    extract::OriginalUri,
    http::{
        HeaderMap, HeaderName, HeaderValue, Uri, Version, header,
        request::Parts,
        uri::{Authority, PathAndQuery},
    },
};

/// Returns the original target of a request, without the changes of nested routers.
fn target(parts: &Parts) -> &Uri {
    parts
        .extensions
        .get::<OriginalUri>()
        .map_or(&parts.uri, |original| &original.0)
}

/// Returns the number of bytes that a connection would keep of a request: its target, and the names and values of its
/// headers.
pub(crate) fn head_size(parts: &Parts) -> usize {
    let target = target(parts);
    let target = [
        target.scheme_str(),
        target.authority().map(Authority::as_str),
        target.path_and_query().map(PathAndQuery::as_str),
    ];
    let target: usize = target.into_iter().flatten().map(str::len).sum();
    let headers = parts
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len());
    target + headers.sum::<usize>()
}

/// The target and the headers of a request, in one allocation and as HTTP/1 writes them. They are parsed when a handler
/// reads them: few do, and a map for each connection would be expensive.
#[derive(Clone, Default)]
pub(super) struct Head {
    lines: Box<[u8]>,
    uri: OnceLock<Box<Uri>>,
    headers: OnceLock<Box<HeaderMap>>,
}

const LINE_END: &[u8] = b"\r\n";

/// The beginning of the line with a host that stands in no header. No header begins with a colon.
const HOST: &[u8] = b":authority:";

impl Head {
    /// Takes the head of a request, and the host that a proxy has told. HTTP/2 has in its target what HTTP/1.1 has in `Host`
    /// (RFC 9113 section 8.3.1); handlers find it where HTTP/1.1 has it.
    pub(super) fn of(parts: &Parts, told: Option<&str>) -> Self {
        let target = target(parts);
        let authority = target.authority().filter(|_| parts.version == Version::HTTP_2);
        let (Some(authority), Some(path)) = (authority, target.path_and_query()) else {
            return Self::new(target, &parts.headers, told);
        };
        let mut headers = parts.headers.clone();
        // A second host does not count.
        let host = told.or(headers.contains_key(header::HOST).then_some(authority.as_str()));
        if host.is_none()
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            headers.insert(header::HOST, host);
        }
        Self::new(&Uri::from(path.clone()), &headers, host)
    }

    fn new(uri: &Uri, headers: &HeaderMap, host: Option<&str>) -> Self {
        let mut lines = uri.to_string().into_bytes();
        if let Some(host) = host {
            lines.extend_from_slice(LINE_END);
            lines.extend_from_slice(HOST);
            lines.extend_from_slice(host.as_bytes());
        }
        for (name, value) in headers {
            lines.extend_from_slice(LINE_END);
            lines.extend_from_slice(name.as_str().as_bytes());
            lines.push(b':');
            lines.extend_from_slice(value.as_bytes());
        }
        Self {
            lines: lines.into(),
            uri: OnceLock::new(),
            headers: OnceLock::new(),
        }
    }

    /// Returns the lines. A URI or a header value cannot contain a line end.
    fn lines(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = Some(&*self.lines);
        std::iter::from_fn(move || {
            let lines = rest?;
            let end = lines.windows(LINE_END.len()).position(|window| window == LINE_END);
            rest = end.map(|end| &lines[end + LINE_END.len()..]);
            Some(&lines[..end.unwrap_or(lines.len())])
        })
    }

    /// Returns the host. A host in the target wins over `Host` (RFC 9112 section 3.2.2).
    pub(super) fn host(&self) -> Option<&str> {
        let value = |name| self.lines().skip(1).find_map(|line| line.strip_prefix(name));
        if let Some(host) = value(HOST) {
            return str::from_utf8(host).ok();
        }
        let is_absolute = !self.lines.starts_with(b"/");
        if let Some(authority) = is_absolute.then(|| self.uri().authority()).flatten() {
            return Some(authority.as_str());
        }
        str::from_utf8(value(b"host:")?).ok()
    }

    /// Frees what was parsed.
    pub(super) fn forget_parsed(&mut self) {
        (self.uri, self.headers) = Default::default();
    }

    pub(super) fn uri(&self) -> &Uri {
        self.uri.get_or_init(|| {
            let uri = self.lines().next().and_then(|target| Uri::try_from(target).ok());
            Box::new(uri.unwrap_or_default())
        })
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        self.headers.get_or_init(|| {
            let headers = self.lines().skip(1).filter_map(|line| {
                // A header name cannot contain a colon.
                let colon = line.iter().position(|&byte| byte == b':')?;
                let (name, value) = (&line[..colon], &line[colon + 1..]);
                Some((HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?))
            });
            Box::new(headers.collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_is_read_back_as_it_came() {
        let uri = Uri::from_static("/a?b=c:d%0D%0A");
        let mut headers = HeaderMap::new();
        headers.append("cookie", HeaderValue::from_static("a: 1"));
        headers.append("x-empty", HeaderValue::from_static(""));
        headers.append("cookie", HeaderValue::from_bytes(b"\xff").expect("an opaque value"));
        let head = Head::new(&uri, &headers, None);
        assert_eq!((head.uri(), head.headers()), (&uri, &headers));
    }

    #[test]
    fn head_without_headers_has_none() {
        assert!(
            Head::new(&Uri::from_static("/"), &HeaderMap::new(), None)
                .headers()
                .is_empty()
        );
    }

    #[test]
    fn host_of_a_proxy_wins_over_the_target_and_that_over_the_header() {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("header:1"));
        for (target, told, expected) in [
            ("/chat", None, Some("header:1")),
            ("http://target:2/chat", None, Some("target:2")),
            ("http://target:2/chat", Some("told:3"), Some("told:3")),
            ("/chat", Some("told:3"), Some("told:3")),
        ] {
            let head = Head::new(&Uri::from_static(target), &headers, told);
            assert_eq!(head.host(), expected, "{target} {told:?}");
            assert_eq!(head.headers(), &headers, "a told host is not a header");
            assert_eq!(head.uri(), target);
        }
        assert_eq!(Head::default().host(), None);
    }
}
