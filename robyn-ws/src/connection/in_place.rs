//! Message handlers that never wait run in place: they borrow the message from the read buffer.

use std::task::{Context, Poll, ready};

use crate::{
    connection::{Connection, driver::Next},
    endpoint::registry::{Entry, SyncCall},
    handler::event::Message,
    types::borrowed::Lent,
    wire::received::Incoming,
};

impl Connection {
    /// Runs a message handler that never waits for each message, until the connection ends.
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

    /// Runs the handler for one message.
    #[inline]
    fn handle_in_place(&mut self, incoming: Incoming, entry: &'static Entry, call: SyncCall<Message>) {
        let Self { driver, context, .. } = self;
        let result = match incoming {
            Incoming::WholeMessage(whole) => match driver.reader.borrow(whole) {
                Ok(message) => {
                    let lent = Lent::new(message);
                    context.call::<Message>(entry, call, (&lent).into())
                }
                Err(end) => return driver.on_read_end(&end),
            },
            Incoming::Owned(message) => context.call::<Message>(entry, call, (&message).into()),
        };
        match result {
            Ok(Ok(reply)) => self.reply(entry, reply),
            failed => self.answer(entry, failed.into()),
        }
    }
}
