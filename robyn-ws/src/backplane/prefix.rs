//! The beginning of the names that an app uses on a bus.

/// The prefix of an app that sets none.
pub(super) const DEFAULT_PREFIX: &str = "robyn_ws";

const LONGEST_PREFIX: usize = 64;

/// Returns `true` for 1 to 64 letters of ASCII, digits, `-` and `_`, with single dots between them.
pub(super) fn is_valid(prefix: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(is_allowed);
    prefix.len() <= LONGEST_PREFIX && prefix.split('.').all(is_part)
}
