//! Which core is whose. A process starts on the cores of the thread that starts it.

use std::fmt;

use anyhow::{Context as _, Result, ensure};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// One core for the load generator, and for the server one for each of its workers: others, as far as there are any.
#[derive(Clone, Debug)]
pub(crate) struct Cores {
    pub(crate) generator: usize,
    pub(crate) servers: Vec<usize>,
}

impl Cores {
    /// Chooses among the cores that this process may use, and goes to the generator's.
    pub(crate) fn choose(workers: usize) -> Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let allowed: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core)).collect();
        let cores = Self::among(&allowed, workers)?;
        pin(&[cores.generator])?;
        Ok(cores)
    }

    /// The generator takes the first core, the server the last ones.
    fn among(allowed: &[usize], workers: usize) -> Result<Self> {
        let generator = *allowed.first().context("there is no core to run on")?;
        let others = allowed.len().checked_sub(workers);
        let others = others.with_context(|| {
            format!(
                "{workers} workers need as many cores, and this process may use {}",
                allowed.len()
            )
        })?;
        ensure!(workers > 0, "a server needs a worker: `--workers` begins at 1");
        Ok(Self {
            generator,
            servers: allowed[others..].to_vec(),
        })
    }

    /// Calls `start`, whose process then begins on the server's cores.
    pub(crate) fn on_servers<T>(&self, start: impl FnOnce() -> T) -> Result<T> {
        pin(&self.servers)?;
        let started = start();
        pin(&[self.generator])?;
        Ok(started)
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<String> = self.servers.iter().map(usize::to_string).collect();
        write!(
            f,
            "load on core {}, server on core {}",
            self.generator,
            servers.join(" and ")
        )?;
        if self.servers.contains(&self.generator) {
            write!(
                f,
                ": they SHARE core {}, so compare CPU per message only",
                self.generator
            )?;
        }
        Ok(())
    }
}

fn pin(cores: &[usize]) -> Result<()> {
    let mut only = CpuSet::new();
    for &core in cores {
        only.set(core);
    }
    sched_setaffinity(None, &only).with_context(|| format!("cannot go to core {cores:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_is_shared_only_where_there_are_too_few() {
        let said = |allowed: &[usize], workers| Cores::among(allowed, workers).unwrap().to_string();
        assert_eq!(said(&[0, 1], 1), "load on core 0, server on core 1");
        assert_eq!(said(&[2, 3, 5], 2), "load on core 2, server on core 3 and 5");
        assert_eq!(
            said(&[0, 1], 2),
            "load on core 0, server on core 0 and 1: they SHARE core 0, so compare CPU per message only"
        );
        assert!(said(&[4], 1).contains("SHARE core 4"));
    }

    #[test]
    fn more_workers_than_cores_are_refused() {
        let mistake = Cores::among(&[0, 1], 3).unwrap_err().to_string();
        assert_eq!(mistake, "3 workers need as many cores, and this process may use 2");
        assert!(Cores::among(&[0], 0).is_err() && Cores::among(&[], 1).is_err());
    }
}
