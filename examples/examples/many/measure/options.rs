//! What was asked for.

use std::time::Duration;

use crate::Outcome;

/// One client in a room who chats, and one in none.
const FEWEST: usize = 2;
/// So that the example ends while somebody waits for it.
const LONGEST: u64 = 3600;

#[derive(Debug)]
pub(crate) struct Options {
    /// As many as the machine allows, if nothing is said.
    pub(crate) connections: Option<usize>,
    pub(crate) idle: Duration,
    pub(crate) ping: Duration,
}

impl Options {
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Outcome<Self> {
        let mut words = words.into_iter();
        let (mut connections, mut idle) = (None, None);
        // The default of `Limits::heartbeat_interval`.
        let mut ping = Duration::from_secs(25);
        while let Some(word) = words.next() {
            let (flag, value) = match word.split_once('=') {
                Some((flag, value)) => (flag, value.to_owned()),
                // A flag without a value has the value ``, which is no number.
                None => (&*word, words.next().unwrap_or_default()),
            };
            match flag {
                "--connections" => connections = Some(count(&value)?),
                "--idle-seconds" => idle = Some(seconds(flag, &value)?),
                "--ping-seconds" => ping = seconds(flag, &value)?,
                _ => {
                    return Err(format!(
                        "`{flag}` means nothing here, expected `--connections N`, `--idle-seconds N` or `--ping-seconds N`"
                    )
                    .into());
                }
            }
        }
        Ok(Self {
            connections,
            // Everybody is pinged twice.
            idle: idle.unwrap_or(ping * 2),
            ping,
        })
    }
}

fn count(value: &str) -> Outcome<usize> {
    let number = value.parse().ok().filter(|&number| number >= FEWEST);
    number.ok_or_else(|| format!("`--connections {value}`: expected a number of at least {FEWEST}").into())
}

fn seconds(flag: &str, value: &str) -> Outcome<Duration> {
    let number = value.parse().ok().filter(|number| (1..=LONGEST).contains(number));
    number
        .map(Duration::from_secs)
        .ok_or_else(|| format!("`{flag} {value}`: expected a number from 1 to {LONGEST}").into())
}
