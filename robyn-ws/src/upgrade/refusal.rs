//! The HTTP answers that refuse an upgrade.

use std::borrow::Cow;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    hub::{admission::AdmissionRefusal, people::IdentityRefusal},
    util::random,
};

/// The version of the protocol (RFC 6455 section 4.1).
pub(super) const SUPPORTED_VERSION: HeaderValue = HeaderValue::from_static("13");

/// The most seconds after which a client may try again, for `Retry-After`. Each gets a random number of seconds, so that they
/// do not come back together.
const RETRY_AFTER: u16 = 10;

/// Why a request does not become a connection.
#[derive(Debug)]
pub(super) enum Refusal {
    /// 400: the request is wrong, as the text says.
    Malformed(Cow<'static, str>),
    /// 400, and the HTTP connection ends: the bytes of a body would be the first of the WebSocket, or not, depending on
    /// how many have arrived already.
    HasBody,
    /// 403: the request comes from a page of another origin.
    ForeignOrigin,
    /// 405: the method is only for HTTP/2.
    #[cfg(feature = "http2")]
    MethodNotAllowed,
    /// 414: the request target has too many bytes.
    TargetTooLong { bytes: usize, limit: usize },
    /// 426: the request has to ask for another protocol (RFC 9110 section 15.5.22).
    UpgradeRequired(String),
    /// 429 or 503: a limit of connections, handshakes or upgrades is reached.
    Admission(AdmissionRefusal),
    /// 400, 429 or 500: the connection does not get the identity that the upgrade handler returned.
    Identity(IdentityRefusal),
    /// 431: the head of the request has too many bytes.
    HeadTooLarge { bytes: usize, limit: usize },
    /// 500: the server failed, and has logged why.
    Failed,
    /// 501: another protocol than WebSocket is asked for (RFC 8441 section 4).
    #[cfg(feature = "http2")]
    NotImplemented(String),
    /// 503: the server drains.
    Draining,
    /// The answer to parameters that a handler cannot take.
    Parameters(Response),
    /// The answer of the upgrade handler, or of its extractors.
    Answer(Response),
}

/// What the metrics have for an upgrade that was not refused.
pub(super) const ACCEPTED: &str = "accepted";

impl Refusal {
    /// Returns the reason for the log and the metrics. The page about deployment lists all of them.
    pub(super) const fn reason(&self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::HasBody => "malformed",
            Self::ForeignOrigin => "origin",
            #[cfg(feature = "http2")]
            Self::MethodNotAllowed => "method",
            Self::TargetTooLong { .. } => "max_request_target",
            Self::UpgradeRequired(_) => "upgrade_required",
            Self::Admission(refusal) => refusal.limit(),
            Self::Identity(IdentityRefusal::TooLong { .. }) => "max_identity_size",
            Self::Identity(IdentityRefusal::TooMany) => "max_connections_per_identity",
            Self::HeadTooLarge { .. } => "max_request_head",
            Self::Failed | Self::Identity(IdentityRefusal::NotConnected) => "error",
            #[cfg(feature = "http2")]
            Self::NotImplemented(_) => "protocol",
            Self::Draining => "drain",
            Self::Parameters(_) => "parameters",
            Self::Answer(_) => "handler",
        }
    }
}

impl From<&'static str> for Refusal {
    fn from(why: &'static str) -> Self {
        Self::Malformed(why.into())
    }
}

impl From<String> for Refusal {
    fn from(why: String) -> Self {
        Self::Malformed(why.into())
    }
}

impl From<Response> for Refusal {
    fn from(answer: Response) -> Self {
        Self::Answer(answer)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Malformed(why) => (StatusCode::BAD_REQUEST, format!("{why}\n")).into_response(),
            Self::HasBody => {
                let why = "a WebSocket upgrade has no body: remove `Content-Length` and `Transfer-Encoding`\n";
                (StatusCode::BAD_REQUEST, [(header::CONNECTION, "close")], why).into_response()
            }
            Self::ForeignOrigin => (StatusCode::FORBIDDEN, "pages from this origin may not connect\n").into_response(),
            #[cfg(feature = "http2")]
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET,HEAD")]).into_response(),
            #[cfg(feature = "http2")]
            Self::NotImplemented(why) => (StatusCode::NOT_IMPLEMENTED, format!("{why}\n")).into_response(),
            Self::TargetTooLong { bytes, limit } => {
                let why = format!(
                    "the request target has {bytes} bytes, more than the {limit} of `Limits::max_request_target`\n"
                );
                (StatusCode::URI_TOO_LONG, why).into_response()
            }
            Self::UpgradeRequired(why) => upgrade_required(&why),
            Self::Admission(refusal) => over_a_limit(refusal),
            Self::Identity(refusal) => unidentified(refusal),
            Self::HeadTooLarge { bytes, limit } => {
                let why = format!(
                    "the head of the request has {bytes} bytes, more than the {limit} of `Limits::max_request_head`\n"
                );
                (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, why).into_response()
            }
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Self::Draining => unavailable("the server shuts down\n"),
            Self::Parameters(answer) | Self::Answer(answer) => answer,
        }
    }
}

fn upgrade_required(why: &str) -> Response {
    let headers = [
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::CONNECTION, HeaderValue::from_static("upgrade")),
        (header::SEC_WEBSOCKET_VERSION, SUPPORTED_VERSION),
    ];
    (StatusCode::UPGRADE_REQUIRED, headers, format!("{why}\n")).into_response()
}

fn over_a_limit(refusal: AdmissionRefusal) -> Response {
    match refusal {
        AdmissionRefusal::Upgrades(_) => {
            unavailable("too many upgrades in this second (`Limits::max_upgrades_per_second`)\n")
        }
        AdmissionRefusal::Connections(_) => unavailable("connection limit reached (`Limits::max_connections`)\n"),
        AdmissionRefusal::Handshakes(_) => unavailable("handshake limit reached (`Limits::max_handshakes`)\n"),
        AdmissionRefusal::ConnectionsOfAddress(_) => {
            let why = "connection limit of this address reached (`Limits::max_connections_per_ip`)\n";
            (StatusCode::TOO_MANY_REQUESTS, why).into_response()
        }
    }
}

fn unidentified(refusal: IdentityRefusal) -> Response {
    let status = match refusal {
        IdentityRefusal::TooLong { .. } => StatusCode::BAD_REQUEST,
        IdentityRefusal::TooMany => StatusCode::TOO_MANY_REQUESTS,
        IdentityRefusal::NotConnected => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (status, format!("{refusal}\n")).into_response()
}

fn unavailable(why: &'static str) -> Response {
    let seconds = random::up_to(RETRY_AFTER);
    let headers = [(header::RETRY_AFTER, HeaderValue::from(seconds))];
    (StatusCode::SERVICE_UNAVAILABLE, headers, why).into_response()
}
