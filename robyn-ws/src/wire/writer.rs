//! The write half of a connection. It writes many frames with one system call.

use std::{
    cell::RefCell,
    io::{self, IoSlice},
    mem::replace,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{io::AsyncWrite, net::tcp::OwnedWriteHalf};

use crate::{
    util::queue::{Queue, RareQueue},
    wire::{
        deflate::{Compressed, Deflation, HeldBack},
        frame::{Frame, QueueSize, Tail},
        tunnel::{self, Tunnel},
    },
};

/// Maximum number of slices in one write. The kernel's limit is 1024.
const PIECES: usize = 64;

/// Up to this many bytes are copied into one buffer and written as one slice, which is cheaper than many slices. In
/// `cargo xtask races`, all threads share one buffer, so nothing is copied.
const GATHERED: usize = if cfg!(races) { 0 } else { 16 * 1024 };

thread_local! {
    static GATHER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The socket that frames are written to.
#[derive(Debug)]
pub(crate) enum WriteSide {
    /// The common case. Any task can write to it.
    Tcp(OwnedWriteHalf),
    /// TLS, HTTP/2, or the memory of a test. Only the connection's own task writes to it, because the socket wakes only
    /// that task.
    Other(Tunnel),
    #[cfg(all(test, races))]
    Pipe(crate::wire::pipe::PipeEnd),
}

/// The write half of a connection. Only the task that has taken it out of the mailbox may write.
#[derive(Debug)]
pub(crate) struct FrameWriter {
    side: WriteSide,
    /// Frames that are not completely written. Boxed, because an idle connection has none.
    partial: Option<Box<PartialWrite>>,
    /// Whether the last write found that the socket takes no more bytes.
    is_blocked: bool,
    /// Whether the socket has taken bytes after it was blocked: only then has the peer read, since a socket with room takes
    /// bytes without the peer. Or whether a compression has ended, for which the peer has waited.
    has_progress: bool,
    /// Whether the frames behind the last write wait for a compression.
    is_compressing: bool,
    deflation: Deflation,
}

/// Frames that are being written. A task holds them while it writes. The writer holds them while the socket is blocked.
#[derive(Debug)]
pub(crate) struct PartialWrite {
    frames: Queue<Frame>,
    /// Frames behind `frames` that are not ready to be written.
    held_back: HeldBack,
    /// Number of written bytes of the first frame.
    start: usize,
    /// Number of unwritten bytes of all frames.
    left: usize,
    /// Size of the frames that count against the mailbox's bounds.
    size: QueueSize,
    /// Number of bytes by which compressed frames are shorter than they count.
    saved: usize,
}

impl PartialWrite {
    /// Takes all of `queue`, which has this `size`, behind `controls`, which do not count.
    pub(crate) fn new(controls: &mut RareQueue<Frame>, queue: &mut Queue<Frame>, size: QueueSize) -> Self {
        let mut partial = Self {
            frames: std::mem::take(queue),
            held_back: HeldBack::default(),
            start: 0,
            left: size.bytes,
            size,
            saved: 0,
        };
        partial.put_ahead(controls);
        partial
    }

    /// Adds `controls` if all other frames wait for a compression. In another place, they would go unbounded.
    pub(crate) fn fill_pause(&mut self, controls: &mut RareQueue<Frame>) {
        if self.frames.is_empty() {
            self.put_ahead(controls);
        }
    }

    fn put_ahead(&mut self, controls: &mut RareQueue<Frame>) {
        while !controls.is_empty()
            && let Some(control) = controls.pop_back()
        {
            self.left += control.len();
            self.frames.push_front(control);
        }
    }

    fn of(tail: Tail<'_>) -> Self {
        let mut frames = Queue::new();
        frames.push_back(tail.frame.clone());
        Self {
            frames,
            held_back: HeldBack::default(),
            start: tail.start,
            left: tail.size.bytes,
            size: tail.size,
            saved: 0,
        }
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

    fn is_done(&self) -> bool {
        self.frames.is_empty() && self.held_back.is_empty()
    }

    /// Returns the unwritten bytes.
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
    pub(crate) fn new(side: WriteSide) -> Self {
        Self {
            side,
            partial: None,
            is_blocked: false,
            has_progress: false,
            is_compressing: false,
            deflation: Deflation::default(),
        }
    }

    /// Sets the compression of messages while they are written.
    pub(crate) fn with_deflation(self, deflation: Deflation) -> Self {
        Self { deflation, ..self }
    }

    /// Returns `true` if all frames are completely written.
    #[inline]
    pub(crate) const fn is_idle(&self) -> bool {
        self.partial.is_none()
    }

    /// Returns `true` if any task can write.
    #[inline]
    pub(crate) fn is_shared(&self) -> bool {
        !matches!(self.side, WriteSide::Other(_)) && !self.deflation.is_for_own_task()
    }

    /// Takes the frames that are not completely written.
    pub(crate) fn take_partial(&mut self) -> Option<PartialWrite> {
        self.partial.take().map(|partial| *partial)
    }

    /// Writes `tail`. The writer must be idle. The frame is cloned only if the socket does not take all of it.
    #[inline]
    pub(crate) fn write_through(&mut self, tail: Tail<'_>, budget: &mut usize) -> Poll<io::Result<QueueSize>> {
        match self.side.poll_write(None, tail.bytes()) {
            Poll::Ready(Ok(written)) if written == tail.size.bytes => {
                *budget = budget.saturating_sub(written);
                Poll::Ready(Ok(tail.size))
            }
            attempt => self.begin(tail, attempt, budget),
        }
    }

    /// Continues after the first attempt to write `tail`.
    #[cold]
    fn begin(
        &mut self,
        tail: Tail<'_>,
        attempt: Poll<io::Result<usize>>,
        budget: &mut usize,
    ) -> Poll<io::Result<QueueSize>> {
        let mut partial = PartialWrite::of(tail);
        if let Poll::Ready(written) = attempt {
            let written = written?;
            *budget = budget.saturating_sub(written);
            partial.advance(written);
        }
        self.poll_write(partial, None, budget)
    }

    /// Returns `true` if the frames wait for a compression, and not for the peer.
    pub(crate) const fn is_compressing(&self) -> bool {
        self.is_compressing
    }

    /// Returns `true` if the peer has made room since the last call, or was not waited for.
    #[inline]
    pub(crate) const fn take_progress(&mut self) -> bool {
        replace(&mut self.has_progress, false)
    }

    /// Returns the number of bytes by which the written frames were shorter than they count, since the last call.
    #[inline]
    pub(crate) fn take_saved(&mut self) -> usize {
        self.deflation.take_saved()
    }

    /// Returns the sizes of the messages that were compressed while they were written, since the last call.
    #[inline]
    pub(crate) fn take_compressed(&mut self) -> Compressed {
        self.deflation.take_counted()
    }

    /// Writes all of `partial`, with as few system calls as possible, and returns its size. Stops early when `budget`
    /// bytes are written. The writer keeps unwritten frames.
    ///
    /// Without a context, `Pending` means that the socket takes no more bytes now, and no task is woken.
    pub(crate) fn poll_write(
        &mut self,
        mut partial: PartialWrite,
        cx: Option<&mut Context<'_>>,
        budget: &mut usize,
    ) -> Poll<io::Result<QueueSize>> {
        self.deflation.hold_back(&mut partial.frames, &mut partial.held_back);
        let result = self.poll_write_all(&mut partial, cx, budget);
        if result.is_pending() || !partial.is_done() {
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
        while !partial.is_done() {
            if *budget == 0 {
                return Poll::Ready(Ok(QueueSize::default()));
            }
            if partial.frames.is_empty() {
                let PartialWrite { held_back, frames, .. } = partial;
                let released = self
                    .deflation
                    .poll_release(held_back, frames, cx.as_deref_mut(), budget);
                self.has_progress |= replace(&mut self.is_compressing, released.is_pending());
                let saved = ready!(released);
                partial.left -= saved;
                partial.saved += saved;
                continue;
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
        if let (WriteSide::Other(tunnel), Some(cx)) = (&self.side, cx) {
            ready!(tunnel.poll_flush(cx))?;
        }
        self.deflation.add_saved(partial.saved);
        Poll::Ready(Ok(partial.size))
    }

    /// Ends the write half.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.side {
            WriteSide::Tcp(half) => Pin::new(half).poll_shutdown(cx),
            WriteSide::Other(tunnel) => tunnel.poll_shutdown(cx),
            #[cfg(all(test, races))]
            WriteSide::Pipe(_) => Poll::Ready(Ok(())),
        }
    }
}

impl WriteSide {
    /// Writes once, up to about `most` bytes.
    fn poll_write_once(
        &mut self,
        partial: &PartialWrite,
        cx: Option<&mut Context<'_>>,
        most: usize,
    ) -> Poll<io::Result<usize>> {
        // The common cases first: one piece, then several short pieces.
        if let (1, Some([piece, []])) = (partial.frames.len(), partial.frames.front().map(Frame::pieces)) {
            let rest = &piece[partial.start..];
            return self.poll_write(cx, &rest[..rest.len().min(most)]);
        }
        // A tunnel takes one slice at a time, and no more than this.
        if partial.left > GATHERED && !matches!(self, Self::Other(_)) {
            return self.poll_write_pieces(cx, partial.pieces(), most);
        }
        GATHER.with_borrow_mut(|gathered| {
            gathered.clear();
            for piece in partial.pieces() {
                let room = tunnel::WRITE.max(GATHERED) - gathered.len();
                gathered.extend_from_slice(&piece[..piece.len().min(room)]);
            }
            self.poll_write(cx, gathered)
        })
    }

    fn poll_write(&mut self, cx: Option<&mut Context<'_>>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match (self, cx) {
            (Self::Tcp(half), cx) => write_to_tcp(half, cx, || half.try_write(bytes)),
            (Self::Other(tunnel), Some(cx)) => tunnel.poll_write(cx, bytes),
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
            (Self::Other(_), _) => Poll::Pending,
            #[cfg(all(test, races))]
            (Self::Pipe(pipe), cx) => pipe.poll_write(cx, &slices[0]),
        }
    }
}

/// Writes the bytes that the socket takes now. If it takes none, the context is woken when it does.
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
