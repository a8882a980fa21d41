//! What a handler did, told to the test.

use std::fmt::Display;

use tokio::sync::mpsc;

use crate::within;

/// More than any test notes.
const MOST: usize = 16 * 1024;

/// Notes what handlers do. Tests inject it.
#[derive(Clone, Debug)]
pub struct Probe(mpsc::Sender<String>);

/// The notes, for the test.
#[derive(Debug)]
pub struct Seen(mpsc::Receiver<String>);

/// Makes a probe and the place where its notes arrive.
pub fn probe() -> (Probe, Seen) {
    let (sender, receiver) = mpsc::channel(MOST);
    (Probe(sender), Seen(receiver))
}

impl Probe {
    /// Takes a note.
    ///
    /// # Panics
    ///
    /// If there are more notes than any test needs.
    pub fn note(&self, what: impl Display) {
        match self.0.try_send(what.to_string()) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
            Err(mpsc::error::TrySendError::Full(what)) => panic!("too many notes: {what}"),
        }
    }
}

impl Seen {
    /// Waits for the next note.
    ///
    /// # Panics
    ///
    /// If none comes in time.
    pub async fn next(&mut self) -> String {
        within("a note of a handler", self.0.recv())
            .await
            .expect("all probes are gone, and nothing more was noted")
    }

    /// Waits for the next note, which has to be this.
    ///
    /// # Panics
    ///
    /// If it is another, or none comes in time.
    pub async fn expect(&mut self, what: &str) {
        assert_eq!(self.next().await, what);
    }

    /// Gives the notes that have arrived and were not asked for yet.
    pub fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }
}
