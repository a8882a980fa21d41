//! What was asked for.

use std::{
    fmt, fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::{Parser, value_parser};

use crate::visits::Visit;

/// Each connection has a descriptor at both ends, and the server may still be busy with the end of an earlier one.
const DESCRIPTORS_PER_CLIENT: u32 = 3;
/// For all other purposes.
const OTHER_DESCRIPTORS: u32 = 100;

/// The largest visits bring so many.
const FEWEST_CLIENTS: u32 = 16;

/// Runs thousands of clients that come, misbehave and go, and checks everything.
#[derive(Clone, Debug, Parser)]
#[command(bin_name = "cargo xtask soak")]
pub(crate) struct Options {
    /// How long to go on
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// The most that are connected at once
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = value_parser!(u32).range(i64::from(FEWEST_CLIENTS)..))]
    pub(crate) clients: u32,
    /// Where the clients' choices come from; another in every run if it is not set
    #[arg(long, value_name = "N", default_value_t = seed_of_now())]
    pub(crate) seed: u64,
    /// Make visits of this kind only
    #[arg(long, value_name = "VISIT")]
    pub(crate) only: Option<Visit>,
}

impl Options {
    pub(crate) fn read() -> Self {
        let mut options = Self::parse();
        options.fit_into_descriptors();
        options
    }

    pub(crate) const fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    /// Lowers the clients to what the process may open.
    fn fit_into_descriptors(&mut self) {
        let Some(most) = most_descriptors() else { return };
        let clients = most.saturating_sub(OTHER_DESCRIPTORS) / DESCRIPTORS_PER_CLIENT;
        let clients = clients.max(FEWEST_CLIENTS);
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
        let Self {
            seconds,
            clients,
            seed,
            only,
        } = self;
        write!(f, "--seconds {seconds} --clients {clients} --seed {seed}")?;
        match only {
            Some(visit) => write!(f, " --only {visit}"),
            None => Ok(()),
        }
    }
}

/// Returns a seed that is short enough to be typed.
fn seed_of_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::from(now.subsec_micros())
}

/// Returns the soft limit, where the operating system has a file that says it.
fn most_descriptors() -> Option<u32> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}
