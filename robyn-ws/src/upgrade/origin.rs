//! The web pages that may connect (RFC 6455 section 10.2).

use std::{fmt, panic::Location};

use axum::http::{HeaderMap, header};

use crate::{
    types::{
        error::{Place, Problems},
        scheme::Scheme,
    },
    upgrade::authority::{Authority, Host},
};

/// The values of `Origin` that an upgrade request may have. A request without one does not come from a page, and passes.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// let app = App::new().origins(Origins::list(["https://example.com", "https://*.example.org"]));
/// # drop(app);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Origins {
    rule: Rule,
    null: bool,
    file: bool,
}

#[derive(Clone, Debug, Default)]
enum Rule {
    #[default]
    SameHost,
    List {
        allowed: Vec<Pattern>,
        problems: Problems,
    },
    Any,
}

impl Origins {
    const fn new(rule: Rule) -> Self {
        Self {
            rule,
            null: false,
            file: false,
        }
    }

    /// Allows only pages from the host and port that the request itself goes to. This is the default. Under `App::tls`, only
    /// pages of `https` are allowed, unless a trusted proxy has sent the request: then pages of the scheme that it names, or
    /// of both if it names none.
    ///
    /// A proxy in front of the server has to pass on the `Host` of the request: see
    /// [Behind a proxy](crate::docs::behind_a_proxy).
    pub const fn same_host() -> Self {
        Self::new(Rule::SameHost)
    }

    /// Allows only these origins: `http` or `https`, the host, and the port if it is not the scheme's own. `*.` in front
    /// of a host stands for its subdomains. `build()` reports an entry that is not an origin, with the place of this call.
    #[track_caller]
    pub fn list(origins: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let place = Place::of(Location::caller());
        let (mut allowed, mut problems) = (Vec::new(), Problems::default());
        for entry in origins.into_iter().map(Into::into) {
            match Pattern::parse(&entry) {
                Ok(pattern) => allowed.push(pattern),
                Err(why) => {
                    let message = format!("`{}` in `Origins::list` is not an origin: {why}", entry.escape_debug());
                    problems.report(place, None, message);
                }
            }
        }
        Self::new(Rule::List { allowed, problems })
    }

    /// Allows any page. Use it only where a page cannot do harm, since browsers send cookies along.
    pub const fn any() -> Self {
        Self::new(Rule::Any)
    }

    /// Allows pages without an origin of their own as well, whose `Origin` is `null`. Every website can make one, by a
    /// sandboxed frame: as with [`Self::any`], use it only where a page cannot do harm.
    #[must_use]
    pub const fn allow_null(mut self) -> Self {
        self.null = true;
        self
    }

    /// Allows pages from local files as well. Some web views send `file://` as their `Origin`. Browsers send `null`.
    #[must_use]
    pub const fn allow_file(mut self) -> Self {
        self.file = true;
        self
    }

    /// Reports what is wrong with the entries of a list.
    pub(crate) fn report(&self, problems: &mut Problems) {
        if let Rule::List { problems: found, .. } = &self.rule {
            problems.append(found.clone());
        }
    }

    /// Checks the `Origin` of a request that goes to `host`, by `scheme` if a proxy has named it.
    pub(crate) fn check(
        &self,
        headers: &HeaderMap,
        host: &Authority,
        scheme: Option<Scheme>,
    ) -> Result<(), OriginRefusal> {
        let mut all = headers.get_all(header::ORIGIN).iter();
        let Some(seen) = all.next() else {
            return Ok(());
        };
        // With two, it is unclear which one is meant.
        let (Ok(seen), None) = (seen.to_str(), all.next()) else {
            return Err(OriginRefusal::Malformed);
        };
        if self.allows(seen, host, scheme) {
            Ok(())
        } else {
            Err(OriginRefusal::Foreign(seen.to_owned()))
        }
    }

    fn allows(&self, seen: &str, host: &Authority, scheme: Option<Scheme>) -> bool {
        match (seen, &self.rule) {
            (_, Rule::Any) => true,
            ("null", _) => self.null,
            ("file://", _) => self.file,
            (_, Rule::SameHost) => Origin::parse(seen).is_ok_and(|origin| origin.is_at(host, scheme)),
            (_, Rule::List { allowed, .. }) => {
                Origin::parse(seen).is_ok_and(|origin| allowed.iter().any(|pattern| pattern.matches(&origin)))
            }
        }
    }

    /// Returns the allowed origins, for the log.
    pub(crate) fn describe(&self) -> String {
        let mut allowed = match &self.rule {
            Rule::SameHost => vec!["the request's own host".to_owned()],
            Rule::List { allowed, .. } => allowed.iter().map(Pattern::to_string).collect(),
            Rule::Any => vec!["any".to_owned()],
        };
        allowed.extend(self.null.then(|| "null".to_owned()));
        allowed.extend(self.file.then(|| "file://".to_owned()));
        allowed.join(", ")
    }

    /// Returns the change that would allow a refused page.
    pub(crate) const fn help(&self) -> &'static str {
        match self.rule {
            Rule::SameHost => {
                "the page is from another scheme, host or port than the request's own: have a proxy in between pass on `Host` with its port (see the page `behind_a_proxy` of the documentation), or name the page's origin by `App::origins(Origins::list(…))`"
            }
            Rule::List { .. } => "if the page may connect, add its origin to `Origins::list`",
            Rule::Any => "",
        }
    }
}

/// Why an origin was refused.
#[derive(Debug)]
pub(crate) enum OriginRefusal {
    Malformed,
    Foreign(String),
}

/// An entry of a list.
#[derive(Clone, Debug)]
struct Pattern {
    origin: Origin,
    /// `true` if the subdomains of the host are meant instead of the host.
    subdomains: bool,
}

impl Pattern {
    fn parse(entry: &str) -> Result<Self, String> {
        let instead = match entry {
            "*" | "http://*" | "https://*" => Some("for every page, write `Origins::any()`"),
            "null" => Some("to allow it, call `allow_null()` on the `Origins`"),
            "file://" => Some("to allow it, call `allow_file()` on the `Origins`"),
            _ if entry.trim() != entry => Some("remove the whitespace around it"),
            _ => None,
        };
        if let Some(instead) = instead {
            return Err(instead.to_owned());
        }
        let exact = entry.replacen("://*.", "://", 1);
        let subdomains = exact != entry;
        if exact.contains('*') {
            return Err("`*` stands only for whole labels in front of a host, as in `https://*.example.com`; ports and parts of labels are written out".to_owned());
        }
        let origin = Origin::parse(&exact)?;
        if subdomains && !matches!(origin.host, Host::Name(_)) {
            return Err("an IP address has no subdomains".to_owned());
        }
        Ok(Self { origin, subdomains })
    }

    fn matches(&self, seen: &Origin) -> bool {
        let Origin { scheme, host, port } = &self.origin;
        let is_host = if self.subdomains {
            seen.host.is_below(host)
        } else {
            seen.host == *host
        };
        is_host && seen.scheme == *scheme && seen.port == *port
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Origin { scheme, host, port } = &self.origin;
        let wildcard = if self.subdomains { "*." } else { "" };
        write!(f, "{}://{wildcard}{host}", scheme.name())?;
        if *port != scheme.default_port() {
            write!(f, ":{port}")?;
        }
        Ok(())
    }
}

/// The origin of a page (RFC 6454). A missing port is that of the scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    scheme: Scheme,
    host: Host,
    port: u16,
}

impl Origin {
    /// Parses the origin that a browser sends, or returns what is wrong with it.
    fn parse(text: &str) -> Result<Self, String> {
        let Some((scheme, authority)) = text.split_once("://") else {
            return Err("its scheme is missing: write `https://example.com`".to_owned());
        };
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            "ws" => return Err("an origin is that of the page, not of the socket: write `http://`".to_owned()),
            "wss" => return Err("an origin is that of the page, not of the socket: write `https://`".to_owned()),
            _ => return Err("only `http` and `https` pages have an origin that can be listed".to_owned()),
        };
        if authority.contains(['/', '?', '#']) {
            return Err("an origin ends behind its host and port: remove the `/` and what follows".to_owned());
        }
        let Authority { host, port } = Authority::parse(authority)?;
        if authority.ends_with(':') || port == Some(0) {
            return Err("its port is missing, or 0".to_owned());
        }
        if let Host::Name(name) = &host
            && ends_in_number(name)
        {
            return Err("browsers take its host for an IPv4 address, which has four numbers: `127.0.0.1`".to_owned());
        }
        Ok(Self {
            scheme,
            host,
            port: port.unwrap_or_else(|| scheme.default_port()),
        })
    }

    /// Returns `true` if a page of this origin comes from `host`. A proxy may speak TLS for us, so a missing port is that of
    /// the page's scheme.
    fn is_at(&self, host: &Authority, scheme: Option<Scheme>) -> bool {
        scheme.is_none_or(|scheme| scheme == self.scheme)
            && host.host == self.host
            && host.port.unwrap_or_else(|| self.scheme.default_port()) == self.port
    }
}

/// Returns `true` for a host that browsers read as an IPv4 address, or refuse: `127.1` cannot be reached by this name.
fn ends_in_number(name: &str) -> bool {
    let labels = name.strip_suffix('.').unwrap_or(name);
    let last = labels.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last
        .strip_prefix("0x")
        .map(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    hexadecimal.unwrap_or_else(|| last.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(origins: &Origins, host: &str, origin: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, origin.parse().unwrap());
        origins.check(&headers, &Authority::parse(host).unwrap(), None).is_ok()
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
    fn entries_are_shown_as_they_are_understood() {
        let list =
            Origins::list(["HTTPS://Example.com:443", "http://*.localhost:80", "http://[0::1]:8080"]).allow_null();
        assert_eq!(
            list.describe(),
            "https://example.com, http://*.localhost, http://[::1]:8080, null"
        );
    }
}
