//! The log of a program of tests, to be looked into by each of them.

use std::{
    io,
    sync::{Arc, Mutex, OnceLock},
};

use tracing::Subscriber;
use tracing_subscriber::fmt::format::FmtSpan;

/// Where the log of all tests goes.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Subscribes this program to its spans and events, the first time.
    pub(crate) fn subscribe() -> &'static Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            tracing::subscriber::set_global_default(log.subscriber()).expect("the only subscriber");
            log
        })
    }

    /// Returns what writes spans and events into this log.
    pub(crate) fn subscriber(&self) -> impl Subscriber + Send + Sync + 'static {
        let writer = self.clone();
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_span_events(FmtSpan::NEW)
            .with_writer(move || writer.clone())
            .finish()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("the log").clone()).expect("text")
    }

    /// Gives the first line that has all of `words` in it.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub(crate) fn line(&self, words: &[&str]) -> String {
        let text = self.text();
        let found = text.lines().find(|line| words.iter().all(|word| line.contains(word)));
        found
            .unwrap_or_else(|| panic!("no line with {words:?} in:\n{text}"))
            .to_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the log").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
