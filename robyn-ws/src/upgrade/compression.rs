//! The negotiation of permessage-deflate (RFC 7692 section 7.1).

use std::fmt::Write as _;

use axum::http::{HeaderMap, HeaderValue, header};

use crate::{
    endpoint::Endpoint,
    types::compression::CompressionRules,
    wire::deflate::{Deflation, Form, Inflation, Negotiated, Parameters, Window},
};

/// Maximum number of offers that are looked at. Clients make one or two.
const MAX_OFFERS: usize = 16;

/// The result of the negotiation: the default is a connection without compression.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    pub(super) negotiated: Negotiated,
    /// The value of `Sec-WebSocket-Extensions` in the 101.
    pub(super) answer: Option<HeaderValue>,
}

/// A valid offer of permessage-deflate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Offer {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    /// Whether the client offers to limit its window. We never ask it to: the decompressor has the largest window.
    client_max_window_bits: bool,
}

/// Accepts the first acceptable offer. An offer that cannot be accepted is not an error, only declined.
pub(super) fn accept(endpoint: &Endpoint, headers: &HeaderMap) -> Accepted {
    let Some(rules) = endpoint.members.encoder.rules() else {
        return Accepted::default();
    };
    first_offer(headers).map_or_else(Accepted::default, |offer| offer.accept(rules))
}

fn first_offer(headers: &HeaderMap) -> Option<Offer> {
    let values = headers.get_all(header::SEC_WEBSOCKET_EXTENSIONS).iter();
    let offers = values.flat_map(|value| Split::new(value.as_bytes(), b','));
    offers.take(MAX_OFFERS).find_map(Offer::parse)
}

impl Offer {
    /// Parses an element of the header. Returns `None` for another extension, and for an offer that must be declined: it
    /// has an unknown parameter, one more than once, or one with an invalid value.
    fn parse(element: &[u8]) -> Option<Self> {
        let mut parts = Split::new(element, b';');
        if !parts.next()?.eq_ignore_ascii_case(b"permessage-deflate") {
            return None;
        }
        let mut offer = Self::default();
        for part in parts {
            offer.add(part)?;
        }
        Some(offer)
    }

    /// Adds a parameter.
    fn add(&mut self, parameter: &[u8]) -> Option<()> {
        let mut parts = parameter.splitn(2, |byte| *byte == b'=');
        let name = parts.next()?.trim_ascii().to_ascii_lowercase();
        let value = parts.next().map(<[u8]>::trim_ascii);
        match (&*name, value) {
            (b"server_no_context_takeover", None) => set(&mut self.server_no_context_takeover),
            (b"client_no_context_takeover", None) => set(&mut self.client_no_context_takeover),
            (b"server_max_window_bits", Some(value)) => {
                let bits = window_bits(value)?;
                self.server_max_window_bits.replace(bits).is_none().then_some(())
            }
            (b"client_max_window_bits", value) => {
                value.map_or(Some(0), window_bits)?;
                set(&mut self.client_max_window_bits)
            }
            _ => None,
        }
    }

    /// Accepts the offer, with the least that both sides need to know.
    fn accept(self, rules: &CompressionRules) -> Accepted {
        let window = Window::of_at_most(self.server_max_window_bits.unwrap_or(15));
        // A client that keeps no context either way gains nothing from one of ours.
        let wants_context = !(self.server_no_context_takeover && self.client_no_context_takeover);
        let place = wants_context.then(|| rules.take_place()).flatten();
        let server_keeps = place.is_some() && !self.server_no_context_takeover;
        let client_keeps = place.is_some() && !self.client_no_context_takeover;
        let negotiated = Negotiated {
            form: if server_keeps { Form::Own } else { Form::Shared(window) },
            inflation: Some(Box::new(match place {
                Some(place) => Inflation::in_place(place, client_keeps),
                None => Inflation::default(),
            })),
            deflation: if server_keeps {
                Deflation::with_own_context(Parameters {
                    level: rules.level,
                    window: window.bits(),
                })
            } else {
                Deflation::shared()
            },
        };
        let mut answer = "permessage-deflate".to_owned();
        if !server_keeps {
            answer.push_str("; server_no_context_takeover");
        }
        if !client_keeps {
            answer.push_str("; client_no_context_takeover");
        }
        if self.server_max_window_bits.is_some() {
            let _ = write!(answer, "; server_max_window_bits={}", window.bits()); // A `String` takes everything.
        }
        Accepted {
            negotiated,
            answer: HeaderValue::try_from(answer).ok(),
        }
    }
}

/// Sets a flag, or returns `None` if it is set already.
fn set(flag: &mut bool) -> Option<()> {
    (!std::mem::replace(flag, true)).then_some(())
}

/// Parses the value of a parameter: 8 to 15, as a token or in quotes. A window of 8 bits is declined, since zlib has none.
fn window_bits(value: &[u8]) -> Option<u8> {
    let bits = match value {
        [b'"', quoted @ .., b'"'] => unescaped(quoted),
        token => token.to_vec(),
    };
    match &*bits {
        b"9" => Some(9),
        [b'1', digit @ b'0'..=b'5'] => Some(10 + (digit - b'0')),
        _ => None,
    }
}

/// Returns a quoted text without the backslashes of quoted characters.
fn unescaped(quoted: &[u8]) -> Vec<u8> {
    let mut is_escaped = false;
    let kept = quoted.iter().filter(|byte| {
        is_escaped = **byte == b'\\' && !is_escaped;
        !is_escaped
    });
    kept.copied().collect()
}

/// Splits a value at a separator that is not in quotes, and trims the parts.
struct Split<'v> {
    rest: Option<&'v [u8]>,
    separator: u8,
}

impl<'v> Split<'v> {
    const fn new(value: &'v [u8], separator: u8) -> Self {
        Self {
            rest: Some(value),
            separator,
        }
    }
}

impl<'v> Iterator for Split<'v> {
    type Item = &'v [u8];

    fn next(&mut self) -> Option<&'v [u8]> {
        let rest = self.rest.take()?;
        let (mut is_quoted, mut is_escaped) = (false, false);
        let end = rest.iter().position(|byte| {
            let was_escaped = std::mem::replace(&mut is_escaped, false);
            match byte {
                b'\\' if is_quoted && !was_escaped => is_escaped = true,
                b'"' if !was_escaped => is_quoted = !is_quoted,
                byte => return *byte == self.separator && !is_quoted,
            }
            false
        });
        let part = end.map_or(rest, |end| {
            self.rest = Some(&rest[end + 1..]);
            &rest[..end]
        });
        Some(part.trim_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{
        compression::Compression,
        error::{Place, Problems},
    };

    fn rules(compression: Compression) -> CompressionRules {
        let place = Place {
            file: "main.rs",
            line: 1,
        };
        CompressionRules::of_app(Some(&(compression, place)), &mut Problems::default()).expect("it compresses")
    }

    fn answer_of(values: &[&str], rules: &CompressionRules) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            let value = HeaderValue::from_str(value).expect("a valid value");
            headers.append(header::SEC_WEBSOCKET_EXTENSIONS, value);
        }
        let answer = first_offer(&headers)?.accept(rules).answer?;
        Some(answer.to_str().expect("visible ASCII").to_owned())
    }

    fn shared(values: &[&str]) -> Option<String> {
        answer_of(values, &rules(Compression::shared()))
    }

    const SHARED: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

    #[test]
    fn offers_of_real_clients_are_accepted() {
        for offer in [
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate;client_max_window_bits = 10 ; client_no_context_takeover",
            "Permessage-Deflate; server_no_context_takeover; client_no_context_takeover",
            "permessage-bzip2, permessage-deflate",
            "x-webkit-deflate-frame, , permessage-deflate; client_max_window_bits=\"1\\5\"",
        ] {
            assert_eq!(shared(&[offer]).as_deref(), Some(SHARED), "{offer}");
        }
        assert_eq!(shared(&["foo", "permessage-deflate"]).as_deref(), Some(SHARED));
    }

    #[test]
    fn invalid_offer_is_declined_and_the_next_one_tried() {
        for offer in [
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
            "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
            "permessage-deflate; client_max_window_bits; client_max_window_bits=9",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; client_no_context_takeover=\"\"",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=",
            "permessage-deflate; server_max_window_bits=8",
            "permessage-deflate; client_max_window_bits=8",
            "permessage-deflate; server_max_window_bits=08",
            "permessage-deflate; server_max_window_bits=010",
            "permessage-deflate; server_max_window_bits=7",
            "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_max_window_bits=+9",
            "permessage-deflate; server_max_window_bits=\"9",
            "permessage-deflate; server_max_window_bits=9.0",
            "permessage-deflate; client_max_window_bits=99999999999999999999",
            "permessage-deflate; unknown",
            "permessage-deflate;",
            "permessage-deflate=1",
            "permessage-deflate2",
            "\"permessage-deflate\"",
            "deflate",
            "",
            ",",
        ] {
            assert_eq!(shared(&[offer]), None, "{offer}");
            let then = format!("{offer}, permessage-deflate");
            let expected = if offer.ends_with("\"9") { None } else { Some(SHARED) };
            assert_eq!(shared(&[&then]).as_deref(), expected, "{then}");
        }
    }

    #[test]
    fn window_of_the_server_is_the_one_asked_for_or_smaller() {
        for (asked, answered) in [("15", 15), ("14", 12), ("12", 12), ("11", 9), ("\"9\"", 9)] {
            let offer = format!("permessage-deflate; server_max_window_bits={asked}");
            let expected = format!("{SHARED}; server_max_window_bits={answered}");
            assert_eq!(shared(&[&offer]), Some(expected));
        }
    }

    #[test]
    fn context_is_kept_while_there_are_places_and_the_client_wants_it() {
        let rules = rules(Compression::dedicated(1));
        let answer = |offer: &str| answer_of(&[offer], &rules);
        assert_eq!(answer("permessage-deflate").as_deref(), Some("permessage-deflate"));
        for offer in ["server_no_context_takeover", "client_no_context_takeover"] {
            let offer = format!("permessage-deflate; {offer}");
            assert_eq!(answer(&offer).as_deref(), Some(&*offer));
        }
        let none = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
        assert_eq!(answer(none).as_deref(), Some(SHARED));
        let taken = rules.take_place();
        assert_eq!(answer("permessage-deflate").as_deref(), Some(SHARED));
        drop(taken);
        assert_eq!(answer("permessage-deflate").as_deref(), Some("permessage-deflate"));
    }

    #[test]
    fn thousand_offers_are_not_all_looked_at() {
        let offers = vec!["permessage-deflate; unknown"; 1000].join(", ") + ", permessage-deflate";
        assert_eq!(shared(&[&offers]), None);
        let few = vec!["permessage-deflate; unknown"; MAX_OFFERS - 1].join(", ") + ", permessage-deflate";
        assert_eq!(shared(&[&few]).as_deref(), Some(SHARED));
    }
}
