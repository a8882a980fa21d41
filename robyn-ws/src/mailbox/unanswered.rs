//! The calls to the client of one connection that wait for their answers.

use std::{collections::HashMap, sync::OnceLock};

use tokio::sync::oneshot;

use crate::util::sync::Mutex;

/// An answer: a result, or an error object. Both are JSON.
pub(crate) type Answered = Result<String, String>;

/// The calls of a connection that wait for their answers. Without any, it needs no memory of its own.
#[derive(Debug, Default)]
pub(crate) struct UnansweredCalls(OnceLock<Box<Mutex<Waiting>>>);

#[derive(Debug, Default)]
struct Waiting {
    last_id: u64,
    callers: HashMap<u64, oneshot::Sender<Answered>>,
}

/// A call that waits. Dropped, it waits no more, and an answer is ignored.
#[derive(Debug)]
pub(crate) struct UnansweredCall<'c> {
    calls: &'c UnansweredCalls,
    pub(crate) id: u64,
    answer: oneshot::Receiver<Answered>,
}

impl UnansweredCalls {
    /// Returns `true` if no call waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.get().is_none_or(|waiting| waiting.lock().callers.is_empty())
    }

    /// Begins a call, unless `most` calls wait already.
    pub(crate) fn begin(&self, most: usize) -> Option<UnansweredCall<'_>> {
        let mut waiting = self.0.get_or_init(Box::default).lock();
        if waiting.callers.len() >= most {
            return None;
        }
        waiting.last_id += 1;
        let (id, (sender, answer)) = (waiting.last_id, oneshot::channel());
        waiting.callers.insert(id, sender);
        drop(waiting);
        Some(UnansweredCall {
            calls: self,
            id,
            answer,
        })
    }

    /// Hands an answer to its caller. Returns `false` if no call with this id, which is JSON, waits.
    pub(crate) fn answer(&self, id: Option<&str>, answer: Result<&str, &str>) -> bool {
        let caller = id.and_then(|id| id.parse().ok()).and_then(|id| self.take(id));
        let owned = || answer.map(str::to_owned).map_err(str::to_owned);
        // The caller may have been dropped meanwhile.
        caller.is_some_and(|caller| caller.send(owned()).is_ok())
    }

    fn take(&self, id: u64) -> Option<oneshot::Sender<Answered>> {
        self.0.get()?.lock().callers.remove(&id)
    }
}

impl UnansweredCall<'_> {
    /// Waits for the answer.
    pub(crate) async fn answered(&mut self) -> Option<Answered> {
        (&mut self.answer).await.ok()
    }
}

impl Drop for UnansweredCall<'_> {
    fn drop(&mut self) {
        let _ = self.calls.take(self.id); // It is gone if the answer has come.
    }
}
