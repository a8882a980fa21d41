//! What the kernel allows this process, and what it knows about it.

use std::{
    fmt, fs,
    net::Ipv4Addr,
    num::TryFromIntError,
    time::{Duration, Instant},
};

use rustix::{
    process::{Resource, Rlimit, getrlimit, setrlimit},
    time::{ClockId, clock_gettime},
};

use super::report::grouped;
use crate::Outcome;

/// Open files that are no connections: the listener, the pipes to the clients, what the runtime waits with.
const OTHER_FILES: usize = 100;
/// Clients that come from one address. The kernel gives each some 28,000 ports, and finds a free one slowly when most
/// are taken.
const PER_ADDRESS: usize = 10_000;
/// The last byte of the first and the last address that clients come from. The server is at 127.0.0.1.
const ADDRESSES: (u8, u8) = (2, 254);
/// Memory for both ends of a connection, mostly the kernel's for two sockets, generously.
const MEMORY: usize = 32 * 1024;

/// The most connections that can be had here, and what else would be needed for more.
#[derive(Debug)]
pub(crate) struct Most {
    pub(crate) connections: usize,
    because: String,
}

impl fmt::Display for Most {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections, because } = self;
        write!(f, "{}, because of {because}", grouped(*connections))
    }
}

impl Most {
    pub(crate) fn of(open_files: usize) -> Outcome<Self> {
        let (first, last) = ADDRESSES;
        let addresses = usize::from(last - first) + 1;
        let memory = available_memory()?;
        let bounds = [
            (
                open_files.saturating_sub(OTHER_FILES),
                format!("the {} files that a process may have open", grouped(open_files)),
            ),
            (
                addresses * PER_ADDRESS,
                format!("the {addresses} addresses that clients come from"),
            ),
            (
                memory / MEMORY,
                format!("the {} MiB of memory that are free", grouped(memory / 1024 / 1024)),
            ),
        ];
        let most = bounds.into_iter().min_by_key(|(connections, _)| *connections);
        let (connections, because) = most.ok_or("nothing bounds the connections")?;
        Ok(Self { connections, because })
    }
}

/// Gives the address that a client comes from.
pub(crate) fn address_of(client: usize) -> Result<Ipv4Addr, TryFromIntError> {
    let (first, _) = ADDRESSES;
    let last_byte = u8::try_from(usize::from(first) + client / PER_ADDRESS)?;
    Ok(Ipv4Addr::new(127, 0, 0, last_byte))
}

/// Raises the number of files that this process, and those it starts, may have open, as far as it may. Gives the number
/// before and after.
pub(crate) fn raise_open_files() -> (usize, usize) {
    let before = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: before.maximum,
        ..before
    };
    // A kernel that refuses leaves the limit as it was, and that is what is told.
    let _refused = setrlimit(Resource::Nofile, raised);
    let after = getrlimit(Resource::Nofile);
    // No number stands for no limit.
    let number = |limit: Rlimit| {
        limit
            .current
            .map_or(usize::MAX, |current| usize::try_from(current).unwrap_or(usize::MAX))
    };
    (number(before), number(after))
}

/// Gives the memory that can be had without taking it from others, in bytes.
fn available_memory() -> Outcome<usize> {
    memory("/proc/meminfo", "MemAvailable:")
}

/// Gives the memory of this process that is really there, in bytes.
pub(crate) fn resident_memory() -> Outcome<usize> {
    memory("/proc/self/status", "VmRSS:")
}

fn memory(file: &str, name: &str) -> Outcome<usize> {
    let text = fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<usize>().ok());
    let kibibytes = kibibytes.ok_or_else(|| format!("{file} has no `{name}` in kB"))?;
    Ok(kibibytes * 1024)
}

/// Measures what passes from its start.
#[derive(Debug)]
pub(crate) struct Meter {
    started: Instant,
    processor: Duration,
}

/// What has passed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    pub(crate) time: Duration,
    /// The time that all threads of this process have run, the kernel's work for them included.
    pub(crate) processor: Duration,
}

impl Meter {
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
            processor: processor_time(),
        }
    }

    pub(crate) fn read(&self) -> Spent {
        Spent {
            time: self.started.elapsed(),
            processor: processor_time().saturating_sub(self.processor),
        }
    }
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    // No clock of a process goes backwards from its start.
    time.try_into().unwrap_or_default()
}
