//! The end of a connection: what is queued, the close handshake, and the end of TCP (RFC 6455 section 7.1).

use std::{
    future::poll_fn,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::timeout;

use crate::{
    connection::driver::{Driver, Peer},
    types::close::CloseReason,
    util::{log, time::TIMER_GRACE},
    wire::{frame::Frame, received::Received},
};

/// How long bytes are read and thrown away after our Close and the end of our half of TCP: a socket that is dropped
/// with unread bytes answers with a reset, which can destroy the Close on its way.
const LINGER: Duration = Duration::from_secs(1);

impl Driver {
    /// Ends the connection: writes what is queued as long as the peer takes it, and shakes hands within
    /// `Limits::close_timeout` and [`LINGER`] if there is a peer to be told.
    pub(crate) async fn finish(&mut self) {
        self.live.mailbox.stop_accepting();
        let (close, is_reachable) = match self.ending() {
            Some(ending) => (
                ending.frame.as_ref().map(Frame::close),
                ending.reason != CloseReason::HeartbeatTimeout,
            ),
            None => (None, false),
        };
        if !is_reachable {
            // Nobody answers any more: TCP is dropped.
            return;
        }
        self.write_the_rest().await;
        if let Some(close) = close {
            self.live.mailbox.control(close);
            let handshake = timeout(
                self.endpoint.bounds.close_timeout,
                poll_fn(|cx| self.poll_handshake(cx)),
            );
            if handshake.await.is_err() {
                log::debug!(id = %self.live.id, "the peer did not finish the close handshake in time");
            }
        }
        // The peer may take its time to end its half; then TCP is dropped all the same.
        let _ended_or_not = timeout(LINGER, poll_fn(|cx| self.poll_linger(cx))).await;
    }

    /// Writes everything queued, unless the peer takes nothing for `Limits::send_timeout`.
    async fn write_the_rest(&mut self) {
        let limits = [self.endpoint.bounds.send_timeout, TIMER_GRACE];
        let mut looks = limits.into_iter();
        while let Some(limit) = looks.next() {
            let before = self.live.mailbox.progress();
            if timeout(limit, poll_fn(|cx| self.poll_rest(cx))).await.is_ok() {
                return;
            }
            if self.live.mailbox.progress() != before {
                looks = limits.into_iter();
            }
        }
        log::debug!(id = %self.live.id, "the peer took nothing more of what was queued");
        self.peer = Peer::Gone;
    }

    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let written = self.poll_write(cx);
        // A peer that must first get rid of what it sends could not take anything otherwise.
        let _close_or_not = self.poll_for_close(cx);
        self.or_aborted(cx, written)
    }

    /// Writes our Close, and waits for the peer's.
    fn poll_handshake(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let written = self.poll_write(cx);
        let closed = self.poll_for_close(cx);
        let done = if written.is_ready() { closed } else { Poll::Pending };
        self.or_aborted(cx, done)
    }

    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let done = match self.live.mailbox.poll_shutdown(cx) {
            Poll::Ready(Ok(())) => self.reader.poll_discard(cx, &mut self.turn),
            Poll::Ready(Err(_)) => Poll::Ready(()),
            Poll::Pending => Poll::Pending,
        };
        self.or_aborted(cx, done)
    }

    /// Reads until the peer has said Close, or says nothing that could be read.
    fn poll_for_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while matches!(self.peer, Peer::Talks | Peer::Ended) {
            if self.turn.is_spent() {
                return Poll::Pending;
            }
            match ready!(self.reader.poll_received(cx, &self.endpoint.bounds, &mut self.turn)) {
                Ok(Received::Close { .. }) | Err(_) => self.peer = self.peer.max(Peer::Done),
                Ok(_) => {}
            }
        }
        Poll::Ready(())
    }

    /// Goes no further when the drain's patience is over, or the socket is broken.
    fn or_aborted(&mut self, cx: &mut Context<'_>, done: Poll<()>) -> Poll<()> {
        self.take_signals();
        if self.aborted || self.peer == Peer::Gone {
            return Poll::Ready(());
        }
        if done.is_pending() && !self.ends_poll(cx) {
            cx.waker().wake_by_ref();
        }
        done
    }
}
