//! A line each second that says how it goes; on a terminal it is written over the one before.

use std::{
    io::{IsTerminal, Write, stdout},
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError, SyncSender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use robyn_ws_tests::memory_kib;

use crate::world::World;

/// Writes the lines, from a thread of its own: the runtimes are busy.
#[derive(Debug)]
pub(crate) struct Progress {
    messages: SyncSender<String>,
    thread: JoinHandle<()>,
}

impl Progress {
    pub(crate) fn start(world: &Arc<World>) -> Self {
        let (messages, receiver) = mpsc::sync_channel::<String>(16);
        let world = world.clone();
        let started = Instant::now();
        let thread = thread::spawn(move || {
            loop {
                match receiver.recv_timeout(Duration::from_secs(1)) {
                    Ok(message) => write_line(&message, true),
                    Err(RecvTimeoutError::Timeout) => write_line(&line(&world, started), false),
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
        });
        Self { messages, thread }
    }

    /// Writes a line that stays.
    pub(crate) fn say(&self, message: &str) {
        let _ = self.messages.send(message.to_owned()); // The thread may have ended.
    }

    pub(crate) fn stop(self) {
        drop(self.messages);
        let _ = self.thread.join(); // Its panic has been printed.
    }
}

fn line(world: &World, started: Instant) -> String {
    let counts = &world.ledger.counts;
    format!(
        "{:>4} s  {:>5} connected  {:>8} connections so far  {:>10} echoes  {:>10} broadcasts  {:>4} MiB  {} violations",
        started.elapsed().as_secs(),
        world.hub.count(),
        grouped(counts.connections.get()),
        grouped(counts.echoes.get()),
        grouped(counts.broadcasts.get()),
        memory_kib().unwrap_or_default() / 1024,
        world.ledger.violations()
    )
}

fn write_line(line: &str, stays: bool) {
    let mut stdout = stdout().lock();
    let written = match (stdout.is_terminal(), stays) {
        // Returns to the beginning, and clears to the end.
        (true, false) => write!(stdout, "\r{line}\x1b[K"),
        (true, true) => writeln!(stdout, "\r{line}\x1b[K"),
        (false, _) => writeln!(stdout, "{line}"),
    };
    let _ = written.and_then(|()| stdout.flush()); // The soak goes on without a reader.
}

/// Writes a number with commas.
pub(crate) fn grouped(number: u64) -> String {
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
