//! A blocking handler that outlives its connection: its thread keeps the state, and with it the close handler waits.

use std::{pin::Pin, time::Duration};

use tokio::time::timeout;

use crate::{
    connection::{
        handler_context::HandlerContext,
        hub_guard::RoomsGuard,
        invoke::Beside,
        outcome::{Outcome, Overdue},
    },
    endpoint::registry::Entry,
    types::close::CloseReason,
    util::isolate,
};

impl Overdue {
    /// Waits for the thread, which gives the state back, and runs the close handler if it still has to,
    /// with the rooms that the connection was in.
    pub(crate) async fn outlive(self: Box<Self>, close: Option<CloseReason>, _rooms: Option<RoomsGuard>) {
        let Ok((mut context, outcome)) = self.thread.await else {
            return;
        };
        context.conclude_late(self.entry, outcome);
        if let (Some(reason), Some(handler)) = (close, context.endpoint.handlers.close) {
            let mut alone = Alone(context.endpoint.bounds.handler_grace);
            let outcome = context.invoke(&mut alone, handler, reason).await;
            context.conclude_late(handler.entry, outcome);
        }
    }
}

impl HandlerContext {
    /// Logs what went wrong. There is nobody left to be sent a reply, or to be told of an end.
    fn conclude_late(&self, entry: &'static Entry, outcome: Outcome) {
        let conclusion = outcome.conclude(entry, &self.connector.live);
        let _ = isolate::discard(conclusion.reply); // Nobody's fault that matters now.
    }
}

/// Nothing goes on beside a late close handler but the time that it has.
struct Alone(Duration);

impl Beside for Alone {
    async fn beside<T: Send>(&mut self, handler: Pin<&mut (impl Future<Output = T> + Send)>) -> Option<T> {
        timeout(self.0, handler).await.ok()
    }
}
