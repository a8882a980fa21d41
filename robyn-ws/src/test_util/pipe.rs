//! The client's end of an in-memory connection. It reads only as much as its inbox has room for.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use crate::test_util::inbox::Inbox;

#[derive(Debug)]
pub(super) struct Pipe {
    stream: DuplexStream,
    inbox: Inbox,
}

impl Pipe {
    pub(super) const fn new(stream: DuplexStream, inbox: Inbox) -> Self {
        Self { stream, inbox }
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = ready!(self.inbox.poll_room(context)).min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(room));
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut part))?;
        let read = part.filled().len();
        if read == 0 && room > 0 {
            // Like a browser, the client closes its half after the server has closed its own, so that the server does
            // not wait for it.
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        }
        buffer.advance(read);
        self.inbox.on_read(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
