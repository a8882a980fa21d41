//! Which web pages may connect (RFC 6455 section 10.2).

use axum::http::{HeaderMap, Uri, header, uri::Scheme};

/// Which `Origin` an upgrade request may carry. A request without one does not come from a page and passes.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// let app = App::new().origins(Origins::list(["https://example.com", "https://*.example.org"]));
/// # drop(app);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Origins(Rule);

#[derive(Clone, Debug, Default)]
enum Rule {
    #[default]
    SameHost,
    List(Vec<String>),
    Any,
}

impl Origins {
    /// Only pages from the host and port that the request itself goes to. This is the default.
    pub const fn same_host() -> Self {
        Self(Rule::SameHost)
    }

    /// Only these origins: scheme, host, and port if it is not the scheme's own. `*.` in front of a host stands for
    /// its subdomains. `build()` reports an entry that is no origin.
    pub fn list(origins: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(Rule::List(origins.into_iter().map(Into::into).collect()))
    }

    /// Any page. Only right where a page can do no harm, since browsers send cookies along.
    pub const fn any() -> Self {
        Self(Rule::Any)
    }

    /// Gives the entries of a list that are no origin.
    pub(crate) fn problems(&self) -> Vec<String> {
        let Rule::List(allowed) = &self.0 else {
            return Vec::new();
        };
        let broken = allowed
            .iter()
            .filter(|entry| Origin::parse(&entry.replacen("://*.", "://", 1)).is_none());
        broken
            .map(|entry| {
                format!("`{entry}` in `Origins::list` is no origin: expected a scheme and a host, such as `https://example.com` or `https://*.example.com:8443`")
            })
            .collect()
    }

    /// Tells whether a request with these headers may connect; if not, what was seen.
    pub(crate) fn check(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Refused> {
        let mut all = headers.get_all(header::ORIGIN).iter();
        let Some(seen) = all.next() else {
            return Ok(());
        };
        // Of two, nobody knows which one is meant.
        let (Ok(seen), None) = (seen.to_str(), all.next()) else {
            return Err(Refused::Malformed);
        };
        let allowed = match &self.0 {
            Rule::Any => true,
            Rule::SameHost => Origin::parse(seen).is_some_and(|origin| origin.is_host(headers, uri)),
            Rule::List(allowed) => Origin::parse(seen).is_some_and(|origin| origin.is_in(allowed)),
        };
        if allowed {
            Ok(())
        } else {
            Err(Refused::Foreign {
                seen: seen.to_owned(),
                allowed: self.describe(),
            })
        }
    }

    fn describe(&self) -> String {
        match &self.0 {
            Rule::SameHost => "the request's own host".to_owned(),
            Rule::List(allowed) => allowed.join(", "),
            Rule::Any => "any".to_owned(),
        }
    }
}

/// Why an origin was refused.
#[derive(Debug)]
pub(crate) enum Refused {
    Malformed,
    Foreign { seen: String, allowed: String },
}

/// A parsed origin; the port is filled in where the scheme says it.
#[derive(Debug, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let scheme = uri.scheme()?;
        let at_root = uri.path() == "/" && uri.query().is_none() && !text.ends_with('/');
        at_root.then(|| Self {
            scheme: scheme.as_str().to_owned(),
            host: uri.host().unwrap_or_default().to_ascii_lowercase(),
            port: uri.port_u16().or_else(|| default_port(scheme)),
        })
    }

    fn is_host(&self, headers: &HeaderMap, uri: &Uri) -> bool {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let authority = host.map_or_else(|| uri.authority().cloned(), |host| host.parse().ok());
        authority.is_some_and(|authority| {
            // A proxy may speak TLS for us, so a missing port is the port of the page's scheme.
            let port = authority
                .port_u16()
                .or_else(|| self.scheme.parse().ok().as_ref().and_then(default_port));
            authority.host().eq_ignore_ascii_case(&self.host) && port == self.port
        })
    }

    fn is_in(&self, allowed: &[String]) -> bool {
        allowed.iter().any(|entry| {
            let subdomains = entry.contains("://*.");
            Self::parse(&entry.replacen("://*.", "://", 1)).is_some_and(|entry| {
                let host = if subdomains {
                    self.host
                        .strip_suffix(&entry.host)
                        .is_some_and(|label| label.len() > 1 && label.ends_with('.'))
                } else {
                    self.host == entry.host
                };
                host && self.scheme == entry.scheme && self.port == entry.port
            })
        })
    }
}

fn default_port(scheme: &Scheme) -> Option<u16> {
    match scheme.as_str() {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(origins: &Origins, host: &str, origin: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        headers.insert(header::ORIGIN, origin.parse().unwrap());
        origins.check(&headers, &Uri::from_static("/chat")).is_ok()
    }

    #[test]
    fn same_host_compares_host_and_port() {
        let same = Origins::same_host();
        for (host, origin, expected) in [
            ("localhost:8080", "http://localhost:8080", true),
            ("LOCALHOST:8080", "http://localhost:8080", true),
            ("example.com", "https://example.com", true),
            ("example.com:443", "https://example.com", true),
            ("[::1]:8080", "http://[::1]:8080", true),
            ("localhost:8080", "http://localhost:8081", false),
            ("localhost:8080", "http://localhost", false),
            ("example.com", "https://evil.com", false),
            ("example.com", "https://example.com.evil.com", false),
            ("example.com", "null", false),
            ("example.com", "example.com", false),
        ] {
            assert_eq!(allows(&same, host, origin), expected, "Host: {host}, Origin: {origin}");
        }
    }

    #[test]
    fn list_compares_scheme_host_and_port_and_knows_subdomains() {
        let list = Origins::list(["https://example.com", "https://*.example.org", "http://localhost:3000"]);
        for (origin, expected) in [
            ("https://example.com", true),
            ("https://example.com:443", true),
            ("http://example.com", false),
            ("https://a.example.com", false),
            ("https://a.example.org", true),
            ("https://a.b.example.org", true),
            ("https://example.org", false),
            ("https://evilexample.org", false),
            ("http://localhost:3000", true),
            ("http://localhost", false),
        ] {
            assert_eq!(allows(&list, "irrelevant", origin), expected, "Origin: {origin}");
        }
    }

    #[test]
    fn entry_that_is_no_origin_is_reported() {
        assert_eq!(
            Origins::list(["https://ok.com", "https://*.ok.com"]).problems(),
            Vec::<String>::new()
        );
        assert_eq!(
            Origins::list(["example.com", "https://a.com/path", ""])
                .problems()
                .len(),
            3
        );
    }
}
