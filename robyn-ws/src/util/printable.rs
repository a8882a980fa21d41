//! Text from a peer, in a form that is safe to print.

use std::fmt::{self, Write};

/// Maximum number of printed bytes, including escapes.
const MAX_BYTES: usize = 128;

/// Returns `text` for a log line or a `Debug` output. Control characters and invisible characters are escaped. Text
/// beyond 128 bytes is replaced by `…`. `{:?}` adds quotes.
pub(crate) const fn printable(text: &str) -> Printable<'_> {
    Printable(text)
}

/// A text that is safe to print.
#[derive(Clone, Copy)]
pub(crate) struct Printable<'a>(&'a str);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = MAX_BYTES;
        for character in self.0.chars() {
            let escaped = Escaped(character);
            let Some(rest) = left.checked_sub(escaped.bytes()) else {
                return f.write_char('…');
            };
            left = rest;
            escaped.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// One character, escaped unless it is visible.
#[derive(Clone, Copy)]
struct Escaped(char);

impl Escaped {
    /// Returns `true` for visible ASCII. Quotes are not escaped, because they are common in sentences.
    const fn is_plain(self) -> bool {
        matches!(self.0, ' '..='~' if self.0 != '\\')
    }

    fn bytes(self) -> usize {
        if self.is_plain() {
            1
        } else {
            self.0.escape_debug().map(char::len_utf8).sum()
        }
    }
}

impl fmt::Display for Escaped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_plain() {
            f.write_char(self.0)
        } else {
            fmt::Display::fmt(&self.0.escape_debug(), f)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_visible_ones_are_not() {
        for (text, expected) in [
            ("it's \"fine\": 100 %", "it's \"fine\": 100 %"),
            ("Grüße, 世界 🎉", "Grüße, 世界 🎉"),
            ("a\r\nb\tc", r"a\r\nb\tc"),
            ("\u{1b}[31m\0\u{7f}\u{9b}", r"\u{1b}[31m\0\u{7f}\u{9b}"),
            ("\u{202e}\u{2028}\u{feff}", r"\u{202e}\u{2028}\u{feff}"),
            (r"C:\n", r"C:\\n"),
        ] {
            assert_eq!(printable(text).to_string(), expected);
            assert_eq!(format!("{:?}", printable(text)), format!("\"{expected}\""));
        }
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        for (text, whole) in [
            ("a".repeat(1_000_000), 128),
            ("é".repeat(100), 128),
            ("世".repeat(100), 126),
            ("\0".repeat(100), 128),
            ("\u{1b}".repeat(100), 126),
        ] {
            let printed = printable(&text).to_string();
            assert_eq!(printed.strip_suffix('…').map(str::len), Some(whole), "{printed}");
        }
        assert_eq!(printable(&"a".repeat(128)).to_string(), "a".repeat(128));
    }
}
