//! The bus between the nodes of an app. Without the feature `backplane`, `no_backplane.rs` stands in for this folder.

pub(crate) mod cluster;
mod delays;
mod elsewhere;
pub(crate) mod envelope;
mod interests;
pub(crate) mod key;
#[cfg(feature = "nats")]
pub(crate) mod nats;
pub(crate) mod node;
mod nodes;
mod order;
mod outgoing;
#[cfg(any(feature = "nats", feature = "redis"))]
mod prefix;
pub(crate) mod publish_error;
pub(crate) mod publisher;
mod questions;
mod recent;
#[cfg(feature = "redis")]
pub(crate) mod redis;
pub(crate) mod reports;
mod sealing;
pub(crate) mod settings;
mod sharing;
mod states;
pub(crate) mod subject;
mod tasks;
pub(crate) mod this_node;
pub(crate) mod tracked;
mod watched;

use std::{error::Error, fmt, future::ready, pin::Pin, sync::Arc};

use bytes::Bytes;

pub use self::subject::{Interest, Subject};

/// A bus that carries payloads between the nodes of an app: [`Nats`](crate::Nats), [`Redis`](crate::Redis), or one of your
/// own. [`App::backplane`](crate::App::backplane) takes it.
///
/// It knows nothing of rooms and connections. A node publishes a payload to a [`Subject`], and every node with an
/// [`Interest`] in the subject gets it: at most once, and the payloads of one publisher in the order in which they were
/// published. Payloads are never kept for later: what cannot be published now is an error, and what a node cannot take is
/// dropped and reported.
///
/// # Cancel safety
///
/// A future may be dropped when the app ends. It may then have been without effect.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a backplane",
    label = "expected `Nats`, `Redis`, or a type that implements `Backplane`",
    note = "`Nats::connect(..)` and `Redis::connect(..)` are futures of a `Result`: write `.await?` behind them",
    note = "`connect_lazy(..)` and `prefix(..)` return a `Result`: write `?` behind them"
)]
pub trait Backplane: fmt::Debug + Send + Sync + 'static {
    /// Opens the bus for one node. It is called once, in a runtime, before all other methods. From now on, all that comes goes
    /// to `inbox`, and so do changes of the [`health`](Self::health). The bus logs those itself, with the reason: one line when
    /// it goes, and one when it is back.
    fn open(&self, inbox: Inbox);

    /// Publishes `payload` to the nodes with an interest in `subject`.
    ///
    /// # Errors
    ///
    /// [`BackplaneError::Disconnected`] if the bus is down. It must not wait until the bus is up, nor try again.
    fn publish(&self, subject: Subject, payload: Bytes) -> BackplaneFuture<'_>;

    /// Waits until the bus has taken everything that was published. A bus that has taken it when [`publish`](Self::publish)
    /// ends need not do anything.
    ///
    /// # Errors
    ///
    /// [`BackplaneError::Disconnected`] if the bus is down.
    fn flush(&self) -> BackplaneFuture<'_> {
        Box::pin(ready(Ok(())))
    }

    /// Adds interests of this node, some of which it may have already. When the future ends with success, what is published
    /// later reaches this node.
    ///
    /// All interests are added again when the bus is up after it was down, so it need not remember them.
    ///
    /// # Errors
    ///
    /// [`BackplaneError::Disconnected`] if the bus is down.
    fn subscribe(&self, interests: Vec<Interest>) -> BackplaneFuture<'_>;

    /// Removes interests of this node, some of which it may not have.
    ///
    /// # Errors
    ///
    /// [`BackplaneError::Disconnected`] if the bus is down.
    fn unsubscribe(&self, interests: Vec<Interest>) -> BackplaneFuture<'_>;

    /// Returns whether the bus is up, as far as this node knows. It does not wait.
    fn health(&self) -> Health;

    /// Returns the size of the largest payload, in bytes.
    fn max_payload(&self) -> usize;
}

/// A shared backplane, of which code of yours keeps another handle: to choose one at run time as `Arc<dyn Backplane>`, or to
/// cut it off in a test. It is still the backplane of one node.
impl<B: Backplane + ?Sized> Backplane for Arc<B> {
    fn open(&self, inbox: Inbox) {
        (**self).open(inbox);
    }

    fn publish(&self, subject: Subject, payload: Bytes) -> BackplaneFuture<'_> {
        (**self).publish(subject, payload)
    }

    fn flush(&self) -> BackplaneFuture<'_> {
        (**self).flush()
    }

    fn subscribe(&self, interests: Vec<Interest>) -> BackplaneFuture<'_> {
        (**self).subscribe(interests)
    }

    fn unsubscribe(&self, interests: Vec<Interest>) -> BackplaneFuture<'_> {
        (**self).unsubscribe(interests)
    }

    fn health(&self) -> Health {
        (**self).health()
    }

    fn max_payload(&self) -> usize {
        (**self).max_payload()
    }
}

/// What the methods of a [`Backplane`] return. `Box::pin(async move { .. })` creates one.
pub type BackplaneFuture<'a> = Pin<Box<dyn Future<Output = Result<(), BackplaneError>> + Send + 'a>>;

/// Whether a [`Backplane`] is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It is connected.
    Up,
    /// It is not connected, or does not answer.
    Down,
}

/// Why a [`Backplane`] could not do something.
///
/// It prints readably with `{:?}` too, so that `main` can return it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum BackplaneError {
    /// It is not connected, or does not answer.
    #[error("the backplane is not connected")]
    Disconnected,
    /// It is connected and has failed.
    #[error("the backplane has failed: {0}")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}

impl BackplaneError {
    /// Creates the error of a backplane that is connected and has failed.
    pub fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }
}

impl fmt::Debug for BackplaneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where a [`Backplane`] passes what it gets, from [`Backplane::open`]. Cheap to clone.
#[derive(Clone)]
pub struct Inbox(Arc<dyn Receive>);

/// What a node does with what its backplane gets.
pub(crate) trait Receive: Send + Sync {
    fn receive(&self, payloads: &mut dyn Iterator<Item = Bytes>);
    fn health_changed(&self, health: Health);
    fn lost(&self, payloads: u64);
}

impl Inbox {
    pub(crate) fn new(receiver: Arc<dyn Receive>) -> Self {
        Self(receiver)
    }

    /// Passes payloads that have come, of any subjects. It does not wait.
    ///
    /// Those of one publisher are put into their order, so a bus that reads several subscriptions should pass all that is ready
    /// at once.
    pub fn deliver(&self, payloads: impl IntoIterator<Item = Bytes>) {
        self.0.receive(&mut payloads.into_iter());
    }

    /// Says that the bus is up, or down. Saying the same twice does nothing.
    pub fn health_changed(&self, health: Health) {
        self.0.health_changed(health);
    }

    /// Says that so many payloads for this node were dropped, because it did not take them in time. They are counted, and
    /// logged once for each storm of them.
    pub fn lost(&self, payloads: u64) {
        self.0.lost(payloads);
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}
