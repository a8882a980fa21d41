//! What the process holds: memory, descriptors, and the server's tasks.

use std::{fmt, fs};

use robyn_ws_tests::memory_kib;

/// A count of what is held. What the operating system does not tell is not compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Census {
    memory_kib: Option<u64>,
    descriptors: Option<usize>,
    tasks: usize,
}

impl Census {
    pub(crate) fn take(tasks: usize) -> Self {
        Self {
            memory_kib: memory_kib(),
            descriptors: fs::read_dir("/proc/self/fd").ok().map(Iterator::count),
            tasks,
        }
    }

    /// Says what of the countable things is still held that was not before.
    pub(crate) fn left_since(self, before: Self) -> Option<String> {
        let left_descriptors = self.descriptors > before.descriptors;
        (left_descriptors || self.tasks > before.tasks).then(|| format!("{self}; before there was {before}"))
    }

    /// Gives by how many MiB the memory has grown.
    pub(crate) fn grown_since(self, before: Self) -> Option<u64> {
        Some(self.memory_kib?.saturating_sub(before.memory_kib?) / 1024)
    }
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(memory) = self.memory_kib {
            write!(f, "{} MiB, ", memory / 1024)?;
        }
        if let Some(descriptors) = self.descriptors {
            write!(f, "{descriptors} descriptors, ")?;
        }
        write!(f, "{} server tasks", self.tasks)
    }
}
