//! The table.

use std::time::Duration;

use super::machine::Spent;

/// Prints a row: the phase, how long it took, what the server's processors were busy with, and what was seen.
pub(crate) fn row(phase: &str, spent: Option<Spent>, cost: &str, seen: &str) {
    let seconds = spent.map(|spent| format!("{:.2}", spent.time.as_secs_f64()));
    println!("{phase:<10} {:>8}  {cost:<37}  {seen}", seconds.unwrap_or_default());
}

pub(crate) fn head() {
    println!("{:<10} {:>8}  {:<37}  seen", "phase", "seconds", "cost of the server");
}

/// Shares processor time out among so many.
pub(crate) fn micros(processor: Duration, among: usize) -> String {
    format!("{:.2} µs", processor.as_secs_f64() * 1e6 / number(among))
}

#[expect(clippy::cast_precision_loss, reason = "nothing that is counted here comes near 2^53")]
pub(crate) fn number(count: usize) -> f64 {
    count as f64
}

/// Writes a number with a comma at the thousands.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
