//! What was counted, and what it may be.

use std::io::{Write as _, stderr};

/// Prints `counted` beside its bound.
///
/// # Panics
///
/// If it is above.
pub(crate) fn at_most(bound: f64, what: &str, counted: f64) {
    say(&format!("{what}: {counted:.2}, at most {bound}"));
    assert!(counted <= bound, "{what}: {counted:.2}, and may be at most {bound}");
}

/// Prints a line even where the test harness keeps back what is printed.
pub(crate) fn say(line: &str) {
    // Nothing depends on whether it can be read.
    let _unread = writeln!(stderr(), "guard: {line}");
}
