//! Answers over HTTP/2, of which a client has to take something within a time.
//!
//! hyper asks a body for its next piece when the one before is on its way, and waits for the client's window in between,
//! however long.

use std::{
    cell::Cell,
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{Error, body::Body};
use bytes::Bytes;
use hyper::body::{Body as _, Frame, SizeHint};
use tokio::{
    task_local,
    time::{Instant, Sleep, sleep},
};

use crate::util::{log, time::after};

/// The most bytes of one piece. A client makes progress when it takes one.
const PIECE: usize = 16 * 1024;

task_local! {
    /// Since when the client of this stream has to take a piece.
    static SINCE: Cell<Option<Instant>>;
}

/// Runs the task of a stream, unless its client takes too long for a piece of the answer. The stream is reset when its task
/// is dropped.
pub(super) fn in_time(task: impl Future, limit: Duration) -> impl Future<Output = ()> {
    SINCE.scope(Cell::new(None), async move {
        let mut task = pin!(task);
        let mut expiry: Option<Pin<Box<Sleep>>> = None;
        poll_fn(|cx| {
            if task.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let Some(since) = SINCE.with(Cell::get) else {
                expiry = None;
                return Poll::Pending;
            };
            let expiry = expiry.get_or_insert_with(|| Box::pin(sleep(limit)));
            let deadline = after(since, limit);
            if expiry.deadline() != deadline {
                expiry.as_mut().reset(deadline);
            }
            ready!(expiry.as_mut().poll(cx));
            log::debug!("a stream is reset: its client takes nothing of an answer (`Limits::send_timeout`)");
            Poll::Ready(())
        })
        .await;
    })
}

/// The body of an answer, in pieces.
pub(super) struct Pieces {
    body: Body,
    /// The rest of a frame of the body.
    rest: Bytes,
}

impl Pieces {
    pub(super) const fn of(body: Body) -> Self {
        Self {
            body,
            rest: Bytes::new(),
        }
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        let piece = self.rest.split_to(self.rest.len().min(PIECE));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let piece = self.poll_piece(cx);
        let since = matches!(piece, Poll::Ready(Some(_))).then(Instant::now);
        let _ = SINCE.try_with(|cell| cell.set(since)); // Fails only outside of a stream.
        piece
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, of_body) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(of_body.lower() + rest);
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}
