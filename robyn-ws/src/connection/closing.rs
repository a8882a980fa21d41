//! The end of a connection on the wire: what is queued, the Close frame, the peer's Close, the end of TCP.

use std::{
    future::poll_fn,
    ops::ControlFlow,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::timeout;

use crate::{
    connection::{
        decoder::Received,
        driver::{Driver, Peer},
    },
    frame::Frame,
};

/// How long bytes are read and thrown away after our Close and the end of our half of TCP: a socket that is dropped
/// with unread bytes answers with a reset, which can destroy the Close on its way.
const LINGER: Duration = Duration::from_secs(1);

impl Driver {
    /// Ends the connection, within `Limits::close_timeout` and [`LINGER`].
    pub(crate) async fn finish(&mut self) {
        self.live.mailbox.seal();
        let Some(close) = self.ending().and_then(|ending| ending.frame.as_ref()).map(Frame::close) else {
            // There is nobody to be told: TCP is dropped.
            return;
        };
        let mut close = Some(close);
        let handshake = timeout(
            self.endpoint.bounds.close_timeout,
            poll_fn(|cx| self.poll_handshake(cx, &mut close)),
        )
        .await;
        if handshake.is_err() {
            tracing::debug!(id = %self.live.id, "the peer did not finish the close handshake in time");
        }
        // The peer may take its time to end its half; then TCP is dropped all the same.
        let _ended_or_not = timeout(LINGER, poll_fn(|cx| self.poll_linger(cx))).await;
    }

    fn poll_handshake(&mut self, cx: &mut Context<'_>, close: &mut Option<Frame>) -> Poll<()> {
        let done = self.poll_close_frames(cx, close);
        self.or_cut(cx, done)
    }

    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let done = match self.live.mailbox.poll_shutdown(cx) {
            Poll::Ready(Ok(())) => self.wire.poll_discard(cx),
            Poll::Ready(Err(_)) => Poll::Ready(()),
            Poll::Pending => Poll::Pending,
        };
        self.or_cut(cx, done)
    }

    /// Writes everything queued and then the Close frame, and waits for the peer's Close.
    fn poll_close_frames(&mut self, cx: &mut Context<'_>, close: &mut Option<Frame>) -> Poll<()> {
        ready!(self.poll_write(cx));
        if let Some(frame) = close.take() {
            self.live.mailbox.control(frame);
            ready!(self.poll_write(cx));
        }
        while self.peer == Peer::Talks {
            let peer = &mut self.peer;
            let read = ready!(self.wire.poll_read(cx, &self.endpoint.bounds, &mut |received| {
                if matches!(received, Received::Close { .. }) {
                    *peer = Peer::Done;
                    return ControlFlow::Break(());
                }
                ControlFlow::Continue(())
            }));
            if read.is_err() {
                self.peer = Peer::Done;
            }
        }
        Poll::Ready(())
    }

    /// Goes no further when the drain's patience is over, or the socket is broken.
    fn or_cut(&mut self, cx: &Context<'_>, done: Poll<()>) -> Poll<()> {
        self.look_in();
        if self.cut || self.peer == Peer::Gone {
            return Poll::Ready(());
        }
        if done.is_pending() && !self.park(cx) {
            cx.waker().wake_by_ref();
        }
        done
    }
}
