//! Calls user code, which may panic, and catches the panic.
//!
//! User code is more than handlers: it includes the `Deserialize` of an argument, the `Display` and `Drop` of an error,
//! and the `Drop` of a state, a future or the payload of a panic.

use std::{
    any::Any,
    fmt::{self, Write as _},
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
};

use futures_util::FutureExt;

/// User code panicked. The payload is dropped already, because its `Drop` is user code as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Panicked;

impl Panicked {
    fn with(payload: Box<dyn Any + Send>) -> Self {
        if let Err(next) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            // The payload of that panic may panic as well when it is dropped, and so on. Leaking it ends the recursion.
            mem::forget(next);
        }
        Self
    }
}

/// Calls user code.
pub(crate) fn call<T>(code: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(code)).map_err(Panicked::with)
}

/// Awaits user code.
pub(crate) fn future<F: Future>(code: F) -> impl Future<Output = Result<F::Output, Panicked>> {
    AssertUnwindSafe(code)
        .catch_unwind()
        .map(|caught| caught.map_err(Panicked::with))
}

/// Drops a user's value.
pub(crate) fn discard<T>(value: T) -> Result<(), Panicked> {
    call(|| drop(value))
}

/// Returns the text of a user's value for a log line. It is cut after [`MAX_TEXT`] bytes, and control characters are
/// escaped.
pub(crate) fn text(value: &dyn fmt::Display) -> String {
    let mut text = Excerpt::default();
    let why = match call(|| write!(text, "{value}")) {
        Ok(Ok(())) => "",
        Ok(Err(fmt::Error)) if text.is_full => " ..",
        Ok(Err(fmt::Error)) => " (its `Display` failed)",
        Err(Panicked) => " (its `Display` panicked)",
    };
    text.text + why
}

/// Maximum length of one value in a log line, in bytes.
const MAX_TEXT: usize = 1024;

/// The beginning of a text that may be endless.
#[derive(Default)]
struct Excerpt {
    text: String,
    is_full: bool,
}

impl fmt::Write for Excerpt {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        for char in more.chars() {
            if self.text.len() >= MAX_TEXT {
                self.is_full = true;
                return Err(fmt::Error);
            }
            if char.is_control() {
                self.text.extend(char.escape_default());
            } else {
                self.text.push(char);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Endless(&'static str);

    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            loop {
                f.write_str(self.0)?;
            }
        }
    }

    #[test]
    fn text_is_cut_and_its_control_characters_are_escaped() {
        assert_eq!(text(&"a\nb\u{1b}[2J é"), r"a\nb\u{1b}[2J é");
        for endless in ["x", "é", "\u{1b}"] {
            let text = text(&Endless(endless));
            assert!(text.ends_with(" .."), "{text}");
            assert!((MAX_TEXT..MAX_TEXT + 16).contains(&text.len()), "{}", text.len());
        }
    }

    #[test]
    fn text_that_ignores_the_bound_is_cut_all_the_same() {
        struct Deaf;
        impl fmt::Display for Deaf {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                for _ in 0..MAX_TEXT {
                    let _ = f.write_str("longer and longer"); // As users may do.
                }
                Ok(())
            }
        }
        assert!(text(&Deaf).len() < MAX_TEXT + 16);
    }
}
