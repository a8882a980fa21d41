//! The writing half of a socket, and what is being written to it: many frames in one system call.

use std::{
    cell::RefCell,
    io::{self, IoSlice},
    mem::replace,
    pin::Pin,
    task::{Context, Poll, ready},
};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncWrite, WriteHalf},
    net::tcp::OwnedWriteHalf,
};

use crate::{
    util::queue::{Queue, RareQueue},
    wire::frame::{Frame, QueueSize},
};

/// How many pieces one write takes; the kernel's own bound is 1024.
const PIECES: usize = 64;

/// Up to this many bytes are copied together and written as one piece, which is cheaper than many. In `cargo xtask races`,
/// all threads have one buffer.
const GATHERED: usize = if cfg!(races) { 0 } else { 16 * 1024 };

thread_local! {
    static GATHER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The half that frames are written to.
#[derive(Debug)]
pub(crate) enum WriteSide {
    /// The common case. Any task can try to write to it.
    Tcp(OwnedWriteHalf),
    /// TLS, HTTP/2, or a test's memory. Only the connection's own task writes to it, since that is who it wakes.
    Other(WriteHalf<TokioIo<Upgraded>>),
    #[cfg(all(test, races))]
    Pipe(crate::wire::pipe::PipeEnd),
}

/// Where a connection's frames leave. Who takes it out of the mailbox is the only one to write.
#[derive(Debug)]
pub(crate) struct FrameWriter {
    side: WriteSide,
    /// What was begun and not written to the end. It is boxed, since a quiet connection has none.
    partial: Option<Box<PartialWrite>>,
    /// Whether the socket took no more when it was written to last.
    is_blocked: bool,
    /// Whether the socket has taken bytes after it had taken no more. Only that shows that the peer takes them: what the
    /// kernel has room for, it takes without the peer.
    has_progress: bool,
}

/// Frames on their way into the socket: with the task that writes, or in the writer until the socket takes more.
#[derive(Debug)]
pub(crate) struct PartialWrite {
    frames: Queue<Frame>,
    /// How much of the first of them is written, in bytes.
    start: usize,
    /// How much of all of them is not written, in bytes.
    left: usize,
    /// What of the frames counts against the mailbox's bounds.
    size: QueueSize,
}

impl PartialWrite {
    /// Begins all of `queue`, which is `size`, behind `controls`, which count against nothing.
    pub(crate) fn new(controls: &mut RareQueue<Frame>, queue: &mut Queue<Frame>, size: QueueSize) -> Self {
        let mut partial = Self {
            frames: std::mem::take(queue),
            start: 0,
            left: size.bytes,
            size,
        };
        // They are rare.
        while !controls.is_empty()
            && let Some(control) = controls.pop_back()
        {
            partial.left += control.len();
            partial.frames.push_front(control);
        }
        partial
    }

    #[inline]
    fn advance(&mut self, written: usize) {
        self.left -= written;
        if self.left == 0 {
            if let Some(Frame::Run(_)) = self.frames.front()
                && let Some(replies) = self.frames.pop_front()
            {
                replies.recycle();
            }
            self.frames = Queue::new();
            self.start = 0;
            return;
        }
        self.start += written;
        while let Some(first) = self.frames.front() {
            if self.start < first.len() {
                return;
            }
            self.start -= first.len();
            self.frames.pop_front();
        }
    }

    /// Returns the pieces that are not written.
    fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let mut skip = self.start;
        self.frames.iter().flat_map(Frame::pieces).filter_map(move |piece| {
            let skipped = skip.min(piece.len());
            skip -= skipped;
            Some(&piece[skipped..]).filter(|rest| !rest.is_empty())
        })
    }
}

impl FrameWriter {
    pub(crate) const fn new(side: WriteSide) -> Self {
        Self {
            side,
            partial: None,
            is_blocked: false,
            has_progress: false,
        }
    }

    /// Tells whether everything was written.
    #[inline]
    pub(crate) const fn is_idle(&self) -> bool {
        self.partial.is_none()
    }

    /// Tells whether tasks other than the connection's own can write.
    #[inline]
    pub(crate) const fn is_shared(&self) -> bool {
        !matches!(self.side, WriteSide::Other(_))
    }

    /// Takes out what was partial.
    pub(crate) fn take_partial(&mut self) -> Option<PartialWrite> {
        self.partial.take().map(|partial| *partial)
    }

    /// Writes `frame`, a piece that is `size`, when everything was written. What the socket does not take is partial, and
    /// only then shards the frame.
    #[inline]
    pub(crate) fn write_through(
        &mut self,
        frame: &Frame,
        size: QueueSize,
        budget: &mut usize,
    ) -> Poll<io::Result<QueueSize>> {
        match self.side.poll_write(None, frame.pieces()[0]) {
            Poll::Ready(Ok(written)) if written == size.bytes => {
                *budget = budget.saturating_sub(written);
                Poll::Ready(Ok(size))
            }
            attempt => self.begin(frame, size, attempt, budget),
        }
    }

    /// Goes on after the first attempt to write `frame`.
    #[cold]
    fn begin(
        &mut self,
        frame: &Frame,
        size: QueueSize,
        attempt: Poll<io::Result<usize>>,
        budget: &mut usize,
    ) -> Poll<io::Result<QueueSize>> {
        let mut queue = Queue::new();
        queue.push_back(frame.clone());
        let mut partial = PartialWrite::new(&mut RareQueue::default(), &mut queue, size);
        if let Poll::Ready(written) = attempt {
            let written = written?;
            *budget = budget.saturating_sub(written);
            partial.advance(written);
        }
        self.poll_write(partial, None, budget)
    }

    /// Returns `true` if the peer has made room since the last call.
    #[inline]
    pub(crate) const fn take_progress(&mut self) -> bool {
        replace(&mut self.has_progress, false)
    }

    /// Writes all of `begun`, with as few system calls as the socket allows, and returns what that was; or so many bytes as
    /// `budget` has left. What is not written stays here. Pending without a context only says that the socket takes no more
    /// for now.
    pub(crate) fn poll_write(
        &mut self,
        mut partial: PartialWrite,
        cx: Option<&mut Context<'_>>,
        budget: &mut usize,
    ) -> Poll<io::Result<QueueSize>> {
        let result = self.poll_write_all(&mut partial, cx, budget);
        if result.is_pending() || !partial.frames.is_empty() {
            self.partial = Some(Box::new(partial));
        }
        result
    }

    fn poll_write_all(
        &mut self,
        partial: &mut PartialWrite,
        mut cx: Option<&mut Context<'_>>,
        budget: &mut usize,
    ) -> Poll<io::Result<QueueSize>> {
        while !partial.frames.is_empty() {
            if *budget == 0 {
                return Poll::Ready(Ok(QueueSize::default()));
            }
            let attempt = self.side.poll_write_once(partial, cx.as_deref_mut(), *budget);
            let was_blocked = replace(&mut self.is_blocked, attempt.is_pending());
            let written = ready!(attempt)?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            *budget = budget.saturating_sub(written);
            self.has_progress |= was_blocked;
            partial.advance(written);
        }
        if let (WriteSide::Other(half), Some(cx)) = (&mut self.side, cx) {
            ready!(Pin::new(half).poll_flush(cx))?;
        }
        Poll::Ready(Ok(partial.size))
    }

    /// Ends our half.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.side {
            WriteSide::Tcp(half) => Pin::new(half).poll_shutdown(cx),
            WriteSide::Other(half) => Pin::new(half).poll_shutdown(cx),
            #[cfg(all(test, races))]
            WriteSide::Pipe(_) => Poll::Ready(Ok(())),
        }
    }
}

impl WriteSide {
    /// Writes once, and at most about as much as `most`.
    fn poll_write_once(
        &mut self,
        partial: &PartialWrite,
        cx: Option<&mut Context<'_>>,
        most: usize,
    ) -> Poll<io::Result<usize>> {
        // The common cases first: one piece, and some short ones.
        if let (1, Some([piece, []])) = (partial.frames.len(), partial.frames.front().map(Frame::pieces)) {
            let rest = &piece[partial.start..];
            return self.poll_write(cx, &rest[..rest.len().min(most)]);
        }
        if partial.left > GATHERED {
            return self.poll_write_pieces(cx, partial.pieces(), most);
        }
        GATHER.with_borrow_mut(|gathered| {
            gathered.clear();
            partial.pieces().for_each(|piece| gathered.extend_from_slice(piece));
            self.poll_write(cx, gathered)
        })
    }

    fn poll_write(&mut self, cx: Option<&mut Context<'_>>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match (self, cx) {
            (Self::Tcp(half), cx) => write_to_tcp(half, cx, || half.try_write(bytes)),
            (Self::Other(half), Some(cx)) => Pin::new(half).poll_write(cx, bytes),
            (Self::Other(_), None) => Poll::Pending,
            #[cfg(all(test, races))]
            (Self::Pipe(pipe), cx) => pipe.poll_write(cx, bytes),
        }
    }

    fn poll_write_pieces<'a>(
        &mut self,
        cx: Option<&mut Context<'_>>,
        pieces: impl Iterator<Item = &'a [u8]>,
        mut most: usize,
    ) -> Poll<io::Result<usize>> {
        let (mut slices, mut count) = ([IoSlice::new(&[]); PIECES], 0);
        for (slice, piece) in slices.iter_mut().zip(pieces) {
            let piece = &piece[..piece.len().min(most)];
            *slice = IoSlice::new(piece);
            count += 1;
            most -= piece.len();
            if most == 0 {
                break;
            }
        }
        let slices = &slices[..count];
        match (self, cx) {
            (Self::Tcp(half), cx) => write_to_tcp(half, cx, || half.try_write_vectored(slices)),
            (Self::Other(half), Some(cx)) => Pin::new(half).poll_write_vectored(cx, slices),
            (Self::Other(_), None) => Poll::Pending,
            #[cfg(all(test, races))]
            (Self::Pipe(pipe), cx) => pipe.poll_write(cx, &slices[0]),
        }
    }
}

/// Writes what the socket takes now. If it takes nothing, the context is woken when it does.
fn write_to_tcp(
    half: &OwnedWriteHalf,
    mut cx: Option<&mut Context<'_>>,
    attempt: impl Fn() -> io::Result<usize>,
) -> Poll<io::Result<usize>> {
    loop {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            written => return Poll::Ready(written),
        }
        let Some(cx) = cx.as_deref_mut() else {
            return Poll::Pending;
        };
        ready!(half.as_ref().poll_write_ready(cx))?;
    }
}
