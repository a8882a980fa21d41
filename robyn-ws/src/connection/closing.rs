//! The end of a connection: queued frames, the close handshake, and the end of TCP (RFC 6455 section 7.1).

use std::{
    future::poll_fn,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::future::{Either, select};
use tokio::time::timeout;

use crate::{
    connection::driver::{Driver, Peer},
    mailbox::wait_limit::WaitLimit,
    types::close::CloseReason,
    util::log,
    wire::{frame::Frame, received::Received},
};

/// The time in which bytes are read and discarded after our Close and the end of our half of TCP. A socket that is dropped
/// with unread bytes answers with a reset, which can destroy the Close.
const LINGER: Duration = Duration::from_secs(1);

impl Driver {
    /// Ends the connection: writes the queued frames as long as the peer takes bytes, makes the close handshake within
    /// `Limits::close_timeout`, and discards bytes for [`LINGER`]. Without a reachable peer, TCP is dropped.
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
        // If the peer does not end its half in time, TCP is dropped.
        let _ = timeout(LINGER, poll_fn(|cx| self.poll_linger(cx))).await;
    }

    /// Writes the queued frames, unless the peer takes no bytes for `Limits::send_timeout`.
    async fn write_the_rest(&mut self) {
        let live = self.live.clone();
        let send_timeout = self.endpoint.bounds.send_timeout;
        let mut limit = WaitLimit::without_progress(live.flusher.runtime(), send_timeout, live.mailbox.progress());
        loop {
            let written = poll_fn(|cx| self.poll_rest(cx));
            if matches!(select(written, limit.expiry()).await, Either::Left(_)) {
                return;
            }
            if limit.has_expired(live.mailbox.progress()) {
                break;
            }
        }
        log::debug!(id = %self.live.id, "the peer took nothing more of what was queued");
        self.peer = Peer::Gone;
    }

    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let written = self.poll_write(cx);
        // A peer that waits for its own bytes to be read would take none of ours.
        let _ = self.poll_for_close(cx);
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

    /// Reads until the Close of the peer, or the end of its bytes.
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

    /// Stops early if the connection is aborted or the socket is broken.
    fn or_aborted(&mut self, cx: &mut Context<'_>, done: Poll<()>) -> Poll<()> {
        self.take_signals();
        if self.stage.is_aborted() || self.peer == Peer::Gone {
            return Poll::Ready(());
        }
        if done.is_pending() && !self.ends_poll(cx) {
            cx.waker().wake_by_ref();
        }
        done
    }
}
