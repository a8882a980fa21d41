//! A backplane that is always down.

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use robyn_ws::{Backplane, BackplaneError, Health, Inbox, Interest, Subject};

#[derive(Debug)]
pub(crate) struct Unreachable;

fn refuse<'a>() -> BoxFuture<'a, Result<(), BackplaneError>> {
    async { Err(BackplaneError::Disconnected) }.boxed()
}

impl Backplane for Unreachable {
    fn open(&self, _inbox: Inbox) {}

    fn publish(&self, _subject: Subject, _payload: Bytes) -> BoxFuture<'_, Result<(), BackplaneError>> {
        refuse()
    }

    fn subscribe(&self, _interests: Vec<Interest>) -> BoxFuture<'_, Result<(), BackplaneError>> {
        refuse()
    }

    fn unsubscribe(&self, _interests: Vec<Interest>) -> BoxFuture<'_, Result<(), BackplaneError>> {
        refuse()
    }

    fn health(&self) -> Health {
        Health::Down
    }

    fn max_payload(&self) -> usize {
        usize::MAX
    }
}
