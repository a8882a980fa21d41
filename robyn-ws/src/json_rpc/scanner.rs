//! Finds where the values of a JSON text begin and end (RFC 8259), and reads none of them.
//!
//! A call is scanned before its parameters are read as the type of its handler. With the `RawValue` of `serde_json`, this
//! alone took as many instructions as a typed echo.

use std::borrow::Cow;

use smallvec::SmallVec;

/// A JSON text, and the place up to which it is scanned. Methods return `None` where it is not JSON.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Skips whitespace, and the next byte if it is `expected`. Returns `true` if it is.
    #[inline]
    pub(super) fn skip(&mut self, expected: u8) -> bool {
        let found = behind(self.text.as_bytes(), self.at, expected);
        self.at = found.unwrap_or(self.at);
        found.is_some()
    }

    /// Skips the next value. Returns it as it is written. Its nesting has no bound.
    #[inline]
    pub(super) fn value(&mut self) -> Option<&'a str> {
        let (start, first) = next(self.text.as_bytes(), self.at)?;
        self.at = end_of_value(self.text.as_bytes(), start, first)?;
        Some(&self.text[start..self.at])
    }

    /// Skips the name of a member and its colon. Returns the name, as it is written if it has half of a surrogate pair: JSON
    /// allows that (RFC 8259 section 8.2), and no text of ours equals it.
    #[inline]
    pub(super) fn name(&mut self) -> Option<Cow<'a, [u8]>> {
        let bytes = self.text.as_bytes();
        let start = behind(bytes, self.at, b'"')?;
        let (end, has_escapes) = end_of_string(bytes, start)?;
        self.at = behind(bytes, end, b':')?;
        if has_escapes && let Ok(name) = serde_json::from_str::<String>(&self.text[start - 1..end]) {
            return Some(name.into_bytes().into());
        }
        Some(bytes[start..end - 1].into())
    }

    /// Checks that nothing is left but whitespace.
    pub(super) fn end(self) -> Option<()> {
        next(self.text.as_bytes(), self.at).is_none().then_some(())
    }
}

/// Returns the next byte that is not whitespace, and its place.
#[inline]
fn next(text: &[u8], mut at: usize) -> Option<(usize, u8)> {
    loop {
        match *text.get(at)? {
            b' ' | b'\n' | b'\r' | b'\t' => at += 1,
            byte => return Some((at, byte)),
        }
    }
}

/// Returns the place behind whitespace and the byte `expected`.
#[inline]
fn behind(text: &[u8], at: usize, expected: u8) -> Option<usize> {
    let (at, byte) = next(text, at)?;
    (byte == expected).then_some(at + 1)
}

/// Returns the end of the value that begins with the byte `first`.
#[inline]
fn end_of_value(text: &[u8], at: usize, first: u8) -> Option<usize> {
    match first {
        b'"' => end_of_string(text, at + 1).map(|(end, _)| end),
        b'{' => end_of_container(text, at + 1, b'}'),
        b'[' => end_of_container(text, at + 1, b']'),
        _ => end_of_word(text, at, first),
    }
}

/// Returns the end of a number, or of `true`, `false` or `null`.
fn end_of_word(text: &[u8], at: usize, first: u8) -> Option<usize> {
    let literal = match first {
        b'-' | b'0'..=b'9' => return end_of_number(text, at),
        b't' => "true",
        b'f' => "false",
        b'n' => "null",
        _ => return None,
    };
    text[at..].starts_with(literal.as_bytes()).then_some(at + literal.len())
}

/// Returns the end of an object or an array, from behind its opening bracket.
fn end_of_container(text: &[u8], mut at: usize, mut closing: u8) -> Option<usize> {
    if let Some(end) = behind(text, at, closing) {
        return Some(end);
    }
    let mut outer = SmallVec::<[u8; 16]>::new();
    loop {
        if closing == b'}' {
            (at, _) = end_of_string(text, behind(text, at, b'"')?)?;
            at = behind(text, at, b':')?;
        }
        let (start, first) = next(text, at)?;
        at = match first {
            b'{' | b'[' => {
                let inner = if first == b'{' { b'}' } else { b']' };
                let Some(end) = behind(text, start + 1, inner) else {
                    outer.push(closing);
                    (at, closing) = (start + 1, inner);
                    continue;
                };
                end
            }
            b'"' => end_of_string(text, start + 1)?.0,
            _ => end_of_word(text, start, first)?,
        };
        loop {
            let (place, byte) = next(text, at)?;
            at = place + 1;
            if byte == b',' {
                break;
            }
            if byte != closing {
                return None;
            }
            match outer.pop() {
                Some(next) => closing = next,
                None => return Some(at),
            }
        }
    }
}

/// Returns the end of a string, from behind its first quote, and `true` if it has escapes.
#[inline]
fn end_of_string(text: &[u8], at: usize) -> Option<(usize, bool)> {
    let end = end_of_plain(text, at);
    match text.get(end)? {
        b'"' => Some((end + 1, false)),
        _ => end_of_escaped_string(text, end).map(|end| (end, true)),
    }
}

/// Returns the end of a string from its first escape. Apart from [`end_of_string`], which is small without it.
#[inline(never)]
fn end_of_escaped_string(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at = end_of_plain(text, end_of_escape(text, at + 1)?),
            _ => return None,
        }
    }
}

/// Returns the place of the next quote, backslash or control character in a string.
fn end_of_plain(text: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = text.get(at..).and_then(<[u8]>::first_chunk) {
        let special = special_bytes(u64::from_le_bytes(*chunk));
        at += special.trailing_zeros() as usize / 8;
        if special != 0 {
            return at;
        }
    }
    while text.get(at).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | ..b' ')) {
        at += 1;
    }
    at
}

/// Returns the end of an escape, from behind its backslash.
fn end_of_escape(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(at + 1),
        b'u' => {
            let code = text.get(at + 1..at + 5)?;
            code.iter().all(u8::is_ascii_hexdigit).then_some(at + 5)
        }
        _ => None,
    }
}

fn end_of_number(text: &[u8], at: usize) -> Option<usize> {
    let unsigned = at + usize::from(text.get(at) == Some(&b'-'));
    let mut end = match text.get(unsigned)? {
        b'0' => unsigned + 1,
        _ => end_of_digits(text, unsigned)?,
    };
    if text.get(end) == Some(&b'.') {
        end = end_of_digits(text, end + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(end) {
        let is_signed = matches!(text.get(end + 1), Some(b'+' | b'-'));
        end = end_of_digits(text, end + 1 + usize::from(is_signed))?;
    }
    Some(end)
}

/// Returns the end of at least one digit.
fn end_of_digits(text: &[u8], start: usize) -> Option<usize> {
    let mut end = start;
    while let Some(b'0'..=b'9') = text.get(end) {
        end += 1;
    }
    (end > start).then_some(end)
}

/// Looks for quotes, backslashes and control characters in eight bytes. Returns a number whose lowest bit that is set is in
/// the first of them, or 0.
#[inline]
const fn special_bytes(bytes: u64) -> u64 {
    const EACH: u64 = u64::MAX / 255;
    const HIGHEST: u64 = EACH << 7;

    // A subtraction borrows from the highest bit of a byte that is smaller, and from bytes behind it, which do not matter.
    let controls = bytes.wrapping_sub(EACH * b' ' as u64) & !bytes;
    let quotes = bytes ^ (EACH * b'"' as u64);
    let quotes = quotes.wrapping_sub(EACH) & !quotes;
    let backslashes = bytes ^ (EACH * b'\\' as u64);
    let backslashes = backslashes.wrapping_sub(EACH) & !backslashes;
    (controls | quotes | backslashes) & HIGHEST
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn value(text: &str) -> Option<&str> {
        let mut scanner = Scanner::new(text);
        let value = scanner.value()?;
        scanner.end().map(|()| value)
    }

    /// `serde_json` says what is JSON.
    fn compare(text: &str) {
        let expected = serde_json::from_str::<&RawValue>(text).ok().map(RawValue::get);
        assert_eq!(value(text), expected, "{text:?}");
    }

    const TEXTS: [&str; 8] = [
        r#" {"jsonrpc":"2.0","method":"say","params":{"text":"what do you make of this one"},"id":1} "#,
        r#"[{},[],{"a":[]},[{"":{}}],[[[1],2],3]]"#,
        "{\"a\" : [ 1 ,\t2\r\n, {\"b\" :null } ] }",
        r#"["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00","\ud800"]"#,
        "[0,-0,10,-1.50,1e2,1E+2,1.5e-20,18446744073709551616]",
        "[true,false,null]",
        "\"é😀 and more than sixteen bytes of it, \u{7f} too\"",
        r#""a string whose escape is \"behind\" sixteen bytes""#,
    ];

    #[test]
    fn values_of_every_kind_are_found() {
        for text in TEXTS {
            compare(text);
            assert!(value(text).is_some(), "{text}");
        }
    }

    #[test]
    fn whatever_one_byte_breaks_is_found_as_serde_json_finds_it() {
        for text in TEXTS {
            for (at, old) in text.char_indices() {
                let (before, after) = (&text[..at], &text[at + old.len_utf8()..]);
                compare(before);
                compare(&format!("{before}{after}"));
                for new in "{}[]\",:\\ 0129-+.eEutn/x\u{1}\u{1f}é".chars() {
                    compare(&format!("{before}{new}{after}"));
                    compare(&format!("{before}{new}{old}{after}"));
                }
            }
        }
    }

    #[test]
    fn nesting_has_no_bound() {
        let deep = [r#"{"a":["#.repeat(10_000), "]}".repeat(10_000)].concat();
        assert_eq!(value(&deep), Some(&*deep));
        assert_eq!(value(&deep[1..]), None);
        assert_eq!(value(&deep[..deep.len() - 1]), None);
    }
}
