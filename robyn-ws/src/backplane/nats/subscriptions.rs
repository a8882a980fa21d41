//! The subscriptions of one connection.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use async_nats::{Client, Subscriber};
use bytes::Bytes;
use futures_util::{
    FutureExt as _, StreamExt as _,
    stream::{AbortHandle, Abortable, SelectAll},
};
use tokio::{
    sync::oneshot,
    task::unconstrained,
    time::{Instant, timeout},
};
use uuid::Uuid;

use crate::backplane::{
    BackplaneError, Inbox, Interest,
    nats::{
        PATIENCE,
        link::{Link, is_up},
        losses::Losses,
        refusals::QUESTION,
    },
};

/// Number of payloads that are passed on before other work of the task has a turn.
const TURN: usize = 1024;

/// Number of turns for the payloads of a lost connection.
const LAST_TURNS: usize = 64;

/// Time between two looks at what the client counts.
pub(super) const TICK: Duration = Duration::from_millis(250);

/// Number of ticks without a byte from the server after which it is considered lost. It answers a ping each second.
const SILENT_TICKS: u8 = 10;

/// Time after which a change is confirmed by any sign of life, if the server has not answered the question behind it.
const ANSWER_TIME: Duration = Duration::from_millis(250);

pub(super) type Answer = oneshot::Sender<Result<(), BackplaneError>>;

/// The connection is lost.
#[derive(Debug)]
pub(super) struct Lost;

pub(super) struct Subscriptions {
    client: Arc<Client>,
    prefix: Arc<str>,
    streams: SelectAll<Abortable<Subscriber>>,
    handles: HashMap<Interest, AbortHandle>,
    questions: Questions,
    batch: Vec<Bytes>,
    /// Number of messages that were read.
    read: u64,
    losses: Losses,
    /// Number of events of dropped messages.
    dropped: Arc<AtomicU64>,
    silence: Silence,
}

/// Questions to which the server answers that nobody listens. It takes what a client sends in order, so the answer confirms
/// all that was sent before. `flush` of the client only waits until that is written.
struct Questions {
    subject: String,
    /// The beginning of the subjects of answers. The number of the question follows.
    reply: String,
    answers: Subscriber,
    asked: u64,
    answered: u64,
    waiting: VecDeque<Question>,
}

struct Question {
    number: u64,
    asked: Instant,
    /// Number of bytes that had come.
    bytes: u64,
    callers: Vec<Answer>,
}

#[derive(Default)]
struct Silence {
    bytes: u64,
    ticks: u8,
}

impl Subscriptions {
    /// Subscribes to all `interests`.
    pub(super) async fn new(
        link: &Link,
        prefix: Arc<str>,
        interests: impl IntoIterator<Item = Interest>,
    ) -> Result<Self, Lost> {
        let subject = format!("{prefix}.{QUESTION}");
        let reply = format!("{prefix}.answer.{}.", Uuid::new_v4().simple());
        let answers = soon(link.client.subscribe(format!("{reply}*"))).await?;
        let questions = Questions {
            subject,
            reply,
            answers,
            asked: 0,
            answered: 0,
            waiting: VecDeque::new(),
        };
        let mut subscriptions = Self {
            client: link.client.clone(),
            prefix,
            streams: SelectAll::new(),
            handles: HashMap::new(),
            questions,
            batch: Vec::new(),
            read: 0,
            losses: Losses::default(),
            dropped: link.dropped.clone(),
            silence: Silence::default(),
        };
        for interest in interests {
            subscriptions.add(interest).await?;
        }
        subscriptions.confirm(Vec::new()).await?;
        Ok(subscriptions)
    }

    pub(super) fn client(&self) -> &Arc<Client> {
        &self.client
    }

    pub(super) fn is_up(&self) -> bool {
        is_up(&self.client) && self.silence.ticks < SILENT_TICKS
    }

    /// Returns `true` if the first subscriptions are confirmed.
    pub(super) const fn are_confirmed(&self) -> bool {
        self.questions.answered > 0
    }

    pub(super) fn into_interests(self) -> impl Iterator<Item = Interest> {
        self.handles.into_keys()
    }

    pub(super) async fn add(&mut self, interest: Interest) -> Result<(), Lost> {
        let Entry::Vacant(place) = self.handles.entry(interest) else {
            return Ok(());
        };
        let (handle, registration) = AbortHandle::new_pair();
        // It is remembered even if this connection is lost.
        place.insert(handle);
        let subject = format!("{}.{interest}", self.prefix);
        let subscriber = soon(self.client.subscribe(subject)).await?;
        self.streams.push(Abortable::new(subscriber, registration));
        Ok(())
    }

    pub(super) fn remove(&mut self, interest: Interest) {
        if let Some(handle) = self.handles.remove(&interest) {
            // The stream ends, and with it the subscriber, which unsubscribes.
            handle.abort();
        }
    }

    /// Answers the callers when the server has taken all changes until now.
    pub(super) async fn confirm(&mut self, callers: Vec<Answer>) -> Result<(), Lost> {
        let questions = &mut self.questions;
        questions.asked += 1;
        let number = questions.asked;
        questions.waiting.push_back(Question {
            number,
            asked: Instant::now(),
            bytes: self.client.statistics().in_bytes.load(Relaxed),
            callers,
        });
        let reply = format!("{}{number}", questions.reply);
        let asking = self
            .client
            .publish_with_reply(questions.subject.clone(), reply, Bytes::new());
        soon(asking).await
    }

    /// Waits until payloads have come, and passes them on.
    ///
    /// # Cancel safety
    ///
    /// It may be dropped at any time.
    pub(super) async fn deliver(&mut self, inbox: &Inbox) {
        // A stream must not seem empty because the task has used up its turn: the payloads of one publisher come by several.
        unconstrained(poll_fn(|cx| self.poll_batch(cx, inbox))).await;
        inbox.deliver(self.batch.drain(..));
    }

    /// Passes on what has come by a connection that is lost.
    pub(super) fn deliver_rest(&mut self, inbox: &Inbox) {
        for _ in 0..LAST_TURNS {
            if self.deliver(inbox).now_or_never().is_none() {
                return;
            }
        }
    }

    fn poll_batch(&mut self, cx: &mut Context<'_>, inbox: &Inbox) -> Poll<()> {
        let come = self.client.statistics().in_messages.load(Relaxed);
        while let Poll::Ready(Some(answer)) = self.questions.answers.poll_next_unpin(cx) {
            self.read += 1;
            self.questions.answer(&answer.subject);
        }
        while self.batch.len() < TURN {
            let Poll::Ready(Some(message)) = self.streams.poll_next_unpin(cx) else {
                break;
            };
            self.read += 1;
            self.batch.push(message.payload);
        }
        let missing = (self.batch.len() < TURN).then(|| come.saturating_sub(self.read));
        let lost = self.losses.look(self.dropped.load(Relaxed), missing);
        if lost > 0 {
            inbox.lost(lost);
        }
        if self.batch.is_empty() {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }

    /// Looks at what has to be looked at from time to time.
    pub(super) fn tick(&mut self) {
        let bytes = self.client.statistics().in_bytes.load(Relaxed);
        self.silence.tick(bytes);
        self.losses.tick();
        self.questions.tick(bytes);
    }
}

impl Questions {
    /// Takes the subject of an answer.
    fn answer(&mut self, subject: &str) {
        let number = subject.strip_prefix(&self.reply).and_then(|number| number.parse().ok());
        if let Some(number) = number.filter(|number| *number <= self.asked) {
            self.answer_until(number);
        }
    }

    fn answer_until(&mut self, number: u64) {
        self.answered = self.answered.max(number);
        while self.waiting.front().is_some_and(|question| question.number <= number) {
            let question = self.waiting.pop_front();
            for caller in question.into_iter().flat_map(|question| question.callers) {
                let _ = caller.send(Ok(())); // The caller may be gone.
            }
        }
    }

    /// Answers old questions in place of the server, which says nothing while somebody listens to all subjects, to debug.
    fn tick(&mut self, bytes: u64) {
        let is_old = |question: &&Question| question.asked.elapsed() >= ANSWER_TIME && bytes > question.bytes;
        let old = self.waiting.iter().take_while(is_old).last();
        if let Some(number) = old.map(|question| question.number) {
            self.answer_until(number);
        }
    }
}

impl Silence {
    /// Counts ticks and no time, since a stopped process is not a silent server.
    fn tick(&mut self, bytes: u64) {
        self.ticks = if bytes == self.bytes { self.ticks + 1 } else { 0 };
        self.bytes = bytes;
    }
}

/// Hands something to the client, which takes no more when nothing can be written.
async fn soon<T, E>(handing_over: impl Future<Output = Result<T, E>>) -> Result<T, Lost> {
    match timeout(PATIENCE, handing_over).await {
        Ok(Ok(taken)) => Ok(taken),
        Ok(Err(_)) | Err(_) => Err(Lost),
    }
}
