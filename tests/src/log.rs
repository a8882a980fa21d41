//! What robyn-ws logs, to be looked into by a test.

use std::{
    io,
    sync::{Arc, Mutex, OnceLock},
};

use tracing::{Level, Subscriber};
use tracing_subscriber::fmt::format::FmtSpan;

/// A log in memory.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Subscribes this program to its spans and events, the first time, and returns the log of all its tests.
    ///
    /// # Panics
    ///
    /// If somebody else has subscribed.
    pub fn subscribe() -> &'static Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Self::default();
            tracing::subscriber::set_global_default(log.subscriber()).expect("the only subscriber");
            log
        })
    }

    /// Returns a subscriber that writes spans and events into this log.
    pub fn subscriber(&self) -> impl Subscriber + Send + Sync + 'static {
        self.subscriber_of(Level::INFO)
    }

    /// Returns a subscriber as [`Self::subscriber`], which writes the debug events too.
    pub fn debug_subscriber(&self) -> impl Subscriber + Send + Sync + 'static {
        self.subscriber_of(Level::DEBUG)
    }

    fn subscriber_of(&self, level: Level) -> impl Subscriber + Send + Sync + 'static {
        let writer = self.clone();
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(level)
            .with_span_events(FmtSpan::NEW)
            .with_writer(move || writer.clone())
            .finish()
    }

    /// Returns everything that was logged.
    ///
    /// # Panics
    ///
    /// If it is not UTF-8.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("the log").clone()).expect("text")
    }

    /// Returns the first line that has all of `words` in it.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn line(&self, words: &[&str]) -> String {
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
