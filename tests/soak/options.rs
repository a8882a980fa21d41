//! What was asked for.

use std::{
    fmt, fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::visits::Visit;

pub(crate) const USAGE: &str = "usage: soak [--seconds N] [--clients N] [--seed N] [--only VISIT]";

/// Each connection has a descriptor at both ends, and the server may still be busy with the end of an earlier one.
const DESCRIPTORS_PER_CLIENT: u32 = 3;
/// For everything that is no connection.
const OTHER_DESCRIPTORS: u32 = 100;

const DEFAULT_SECONDS: u64 = 60;
const DEFAULT_CLIENTS: u32 = 2000;
/// The largest visits bring so many.
const FEWEST_CLIENTS: u32 = 16;

#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) duration: Duration,
    /// The most that are connected at once.
    pub(crate) clients: u32,
    pub(crate) seed: u64,
    pub(crate) only: Option<Visit>,
}

impl Options {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            duration: Duration::from_secs(DEFAULT_SECONDS),
            clients: DEFAULT_CLIENTS,
            seed: seed_of_now(),
            only: None,
        };
        while let Some(flag) = words.next() {
            let value = words.next().ok_or_else(|| format!("`{flag}` needs a value"))?;
            let number = || {
                value
                    .parse::<u64>()
                    .map_err(|_| format!("`{value}` is no number for `{flag}`"))
            };
            match flag.as_str() {
                "--seconds" => options.duration = Duration::from_secs(number()?),
                "--clients" => options.clients = u32::try_from(number()?).map_err(|error| error.to_string())?,
                "--seed" => options.seed = number()?,
                "--only" => options.only = Some(value.parse()?),
                _ => return Err(format!("`{flag}` means nothing here")),
            }
        }
        options.fit_into_descriptors();
        options.clients = options.clients.max(FEWEST_CLIENTS);
        Ok(options)
    }

    /// Lowers the clients to what the process may open.
    fn fit_into_descriptors(&mut self) {
        let Some(most) = most_descriptors() else { return };
        let clients = most.saturating_sub(OTHER_DESCRIPTORS) / DESCRIPTORS_PER_CLIENT;
        if clients < self.clients {
            eprintln!(
                "warning: {clients} clients instead of {}: the process may have {most} descriptors; `ulimit -n` sets it",
                self.clients
            );
            self.clients = clients;
        }
    }
}

/// As it is typed.
impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.duration.as_secs();
        write!(f, "--seconds {seconds} --clients {} --seed {}", self.clients, self.seed)?;
        match self.only {
            Some(visit) => write!(f, " --only {visit}"),
            None => Ok(()),
        }
    }
}

/// Gives a seed that is short enough to be typed.
fn seed_of_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::from(now.subsec_micros())
}

/// Gives the soft limit, where the operating system has a file that says it.
fn most_descriptors() -> Option<u32> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}
