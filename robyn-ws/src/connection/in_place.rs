//! Message handlers that never wait: they run where the message was read.

use std::task::{Context, Poll, ready};

use crate::{
    borrowed::Lent,
    connection::{Connection, driver::Next, received::Incoming},
    event::Message,
    registry::{Entry, SyncCall},
};

impl Connection {
    /// Runs a message handler that never waits for every message, until the connection ends.
    pub(super) fn poll_in_place(
        &mut self,
        cx: &mut Context<'_>,
        entry: &'static Entry,
        call: SyncCall<Message>,
    ) -> Poll<()> {
        while let Next::Message(incoming) = ready!(self.driver.poll_next(cx)) {
            self.handle_in_place(incoming, entry, call);
        }
        Poll::Ready(())
    }

    /// Runs the handler for a message, which it borrows from the read buffer if it does not keep it.
    fn handle_in_place(&mut self, incoming: Incoming, entry: &'static Entry, call: SyncCall<Message>) {
        let Self { driver, scene, .. } = self;
        let result = match incoming {
            Incoming::Whole(whole) if !scene.endpoint.handlers.keeps_message => match driver.wire.borrow(whole) {
                Ok(content) => scene.call::<Message>(entry, call, (&Lent::new(content)).into()),
                Err(end) => return driver.on_read_end(&end),
            },
            incoming => match driver.own(incoming) {
                Some(message) => scene.call::<Message>(entry, call, (&message).into()),
                None => return,
            },
        };
        match result {
            Ok(Ok(reply)) => self.reply(entry, reply),
            failed => self.answer(entry, failed.into()),
        }
    }
}
