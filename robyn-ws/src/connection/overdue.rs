//! A blocking handler that outlives its connection: its thread keeps the state, so the close handler waits for the thread.

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
    /// Waits for the thread, which returns the state, and runs the close handler with `close`, if there is a reason. The
    /// close handler can still ask for the rooms.
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
    /// Logs failures. A reply is discarded, since the connection has ended.
    fn conclude_late(&self, entry: &'static Entry, outcome: Outcome) {
        let conclusion = outcome.conclude(entry, &self.connector.live);
        let _ = isolate::discard(conclusion.reply); // A panic has no consequence here.
    }
}

/// Beside a late close handler, only time passes.
struct Alone(Duration);

impl Beside for Alone {
    async fn beside<T: Send>(&mut self, handler: Pin<&mut (impl Future<Output = T> + Send)>) -> Option<T> {
        timeout(self.0, handler).await.ok()
    }

    fn awaits_client(&self) -> bool {
        false // Nobody can answer any more.
    }
}
