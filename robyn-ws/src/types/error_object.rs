//! The error in an answer.

use std::{borrow::Cow, fmt::Display};

/// Codes of the errors of JSON-RPC 2.0, section 5.1. Codes from -32768 to -32000 are reserved, all others are the app's.
///
/// ```
/// use robyn_ws::{call_code, prelude::*};
///
/// #[websocket("/shop", on = "call", method = "order")]
/// fn order(Params((count,)): Params<(u32,)>) -> Result<Json<u32>, CallError> {
///     match count {
///         0 => Err(CallError::new(call_code::INVALID_PARAMS, "order at least one")),
///         _ => Ok(Json(count * 3)),
///     }
/// }
/// ```
pub mod call_code {
    /// The text is not JSON.
    pub const PARSE_ERROR: i64 = -32700;
    /// The JSON is not a call.
    pub const INVALID_REQUEST: i64 = -32600;
    /// There is no such method.
    pub const METHOD_NOT_FOUND: i64 = -32601;
    /// The parameters are not those of the method.
    pub const INVALID_PARAMS: i64 = -32602;
    /// The server failed.
    pub const INTERNAL_ERROR: i64 = -32603;
}

/// The longest text about what the peer has sent, in bytes: it may quote that.
const MAX_DETAIL: usize = 512;

/// An error object, JSON-RPC 2.0 section 5.1.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ErrorObject {
    pub(crate) code: i64,
    pub(crate) message: Cow<'static, str>,
    /// JSON.
    pub(crate) data: Option<String>,
}

/// The error of a server that failed.
pub(crate) static INTERNAL_ERROR: ErrorObject = ErrorObject {
    code: call_code::INTERNAL_ERROR,
    message: Cow::Borrowed("Internal error"),
    data: None,
};

impl ErrorObject {
    pub(crate) fn new(code: i64, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }

    pub(crate) fn parse_error() -> Self {
        Self::new(call_code::PARSE_ERROR, "Parse error")
    }

    pub(crate) fn invalid_request(why: impl Display) -> Self {
        Self::new(call_code::INVALID_REQUEST, format!("Invalid Request: {why}"))
    }

    pub(crate) fn method_not_found() -> Self {
        Self::new(call_code::METHOD_NOT_FOUND, "Method not found")
    }

    pub(crate) fn invalid_params(why: &str) -> Self {
        let end = why.floor_char_boundary(MAX_DETAIL);
        Self::new(call_code::INVALID_PARAMS, format!("Invalid params: {}", &why[..end]))
    }

    pub(crate) fn internal_error() -> Self {
        INTERNAL_ERROR.clone()
    }
}
