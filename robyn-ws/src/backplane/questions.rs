//! Questions to other nodes, and who waits for the answers.

use std::{collections::HashMap, time::Duration};

use tokio::{sync::oneshot, time::timeout};

use crate::{backplane::envelope::Outcome, util::sync::Mutex};

/// The longest time that a question waits for its answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most questions that wait.
const MAX_QUESTIONS: usize = 10_000;

/// The questions of this node that wait for their answers.
#[derive(Debug, Default)]
pub(super) struct Questions(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    last: u64,
    senders: HashMap<u64, oneshot::Sender<Outcome>>,
}

/// A question that waits. It is forgotten when it is dropped.
#[derive(Debug)]
pub(super) struct Question<'a> {
    questions: &'a Questions,
    pub(super) number: u64,
    answer: oneshot::Receiver<Outcome>,
}

impl Questions {
    /// Creates a question, unless too many wait.
    pub(super) fn ask(&self) -> Option<Question<'_>> {
        let (sender, answer) = oneshot::channel();
        let mut waiting = self.0.lock();
        if waiting.senders.len() >= MAX_QUESTIONS {
            return None;
        }
        waiting.last += 1;
        let number = waiting.last;
        waiting.senders.insert(number, sender);
        Some(Question {
            questions: self,
            number,
            answer,
        })
    }

    /// Passes an answer to who waits for it, if anybody does.
    pub(super) fn answer(&self, number: u64, outcome: Outcome) {
        let sender = self.0.lock().senders.remove(&number);
        if let Some(sender) = sender {
            let _ = sender.send(outcome); // It may just have been given up.
        }
    }
}

impl Question<'_> {
    /// Waits for the answer. `None` if it does not come in time.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, the answer is ignored.
    pub(super) async fn wait(mut self) -> Option<Outcome> {
        timeout(PATIENCE, &mut self.answer).await.ok()?.ok()
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        self.questions.0.lock().senders.remove(&self.number);
    }
}
