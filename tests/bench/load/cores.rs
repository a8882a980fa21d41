//! Which core is whose. A process starts on the cores of the thread that starts it.

use anyhow::{Context as _, Result};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// One core for the load generator, and another for the server where there are two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    pub(crate) generator: usize,
    pub(crate) server: usize,
}

impl Cores {
    /// Takes the first and the last core of those that this process may use, and goes to the first.
    pub(crate) fn choose() -> Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core));
        let generator = cores.next().context("there is no core to run on")?;
        let server = cores.next_back().unwrap_or(generator);
        pin(generator)?;
        Ok(Self { generator, server })
    }

    /// Calls `start`, whose process then begins on the server's core.
    pub(crate) fn on_servers<T>(self, start: impl FnOnce() -> T) -> Result<T> {
        pin(self.server)?;
        let started = start();
        pin(self.generator)?;
        Ok(started)
    }

    pub(crate) fn are_two(self) -> bool {
        self.generator != self.server
    }
}

fn pin(core: usize) -> Result<()> {
    let mut only = CpuSet::new();
    only.set(core);
    sched_setaffinity(None, &only).with_context(|| format!("cannot go to core {core}"))
}
