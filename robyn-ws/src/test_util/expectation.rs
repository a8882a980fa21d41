//! Expectations that fail at their line in the test.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

/// The expected value, or a description of the failure.
pub(super) type Outcome<T> = Result<T, String>;

/// A future that panics at the caller's line in the test. A panic in an `async fn` would name a line of this crate.
pub(super) struct Expectation<'a, T> {
    outcome: Pin<Box<dyn Future<Output = Outcome<T>> + Send + 'a>>,
    stated: &'static Location<'static>,
}

impl<'a, T> Expectation<'a, T> {
    #[track_caller]
    pub(super) fn new(outcome: impl Future<Output = Outcome<T>> + Send + 'a) -> Self {
        Self {
            outcome: Box::pin(outcome),
            stated: Location::caller(),
        }
    }
}

impl<T> Future for Expectation<'_, T> {
    type Output = T;

    /// The caller is usually the `.await` in the test, which the panic then names. Inside `join!`, a timeout or a box,
    /// the caller is other code, so the message names the test.
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        match ready!(self.outcome.as_mut().poll(context)) {
            Ok(value) => Poll::Ready(value),
            Err(failure) if Location::caller().file() == self.stated.file() => panic!("{failure}"),
            Err(failure) => panic!("{failure}; expected at {}", self.stated),
        }
    }
}

impl<T> fmt::Debug for Expectation<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expectation at {}", self.stated)
    }
}
