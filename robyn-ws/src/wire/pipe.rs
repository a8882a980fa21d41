//! A socket for the race tests.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use shuttle::sync::{Condvar, Mutex};

/// A socket that takes bytes only as far as the test makes room.
#[derive(Clone, Debug)]
pub(crate) struct PipeEnd(Arc<Pipe>);

#[derive(Debug)]
struct Pipe {
    state: Mutex<PipeState>,
    written: Condvar,
}

#[derive(Debug, Default)]
struct PipeState {
    bytes: Vec<u8>,
    room: usize,
    writer: Option<Waker>,
}

impl PipeEnd {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Pipe {
            state: Mutex::new(PipeState::default()),
            written: Condvar::new(),
        }))
    }

    pub(crate) fn poll_write(&self, cx: Option<&mut Context<'_>>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.0.state.lock().expect("the pipe");
        let taken = state.room.min(bytes.len());
        if taken == 0 {
            state.writer = cx.map(|cx| cx.waker().clone());
            return Poll::Pending;
        }
        state.room -= taken;
        state.bytes.extend_from_slice(&bytes[..taken]);
        self.0.written.notify_all();
        Poll::Ready(Ok(taken))
    }

    /// Returns `true` if the other end is dropped.
    pub(crate) fn is_peer_dropped(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Adds room for `some` bytes.
    pub(crate) fn make_room(&self, some: usize) {
        let mut state = self.0.state.lock().expect("the pipe");
        state.room += some;
        if let Some(writer) = state.writer.take() {
            writer.wake();
        }
    }

    /// Returns the written bytes, without reading them.
    pub(crate) fn written(&self) -> Vec<u8> {
        self.0.state.lock().expect("the pipe").bytes.clone()
    }

    /// Adds room for `some` bytes and waits until they are written.
    pub(crate) fn read(&self, some: usize) -> Vec<u8> {
        let mut state = self.0.state.lock().expect("the pipe");
        state.room += some;
        if let Some(writer) = state.writer.take() {
            writer.wake();
        }
        while state.bytes.len() < some {
            state = self.0.written.wait(state).expect("the pipe");
        }
        state.bytes.drain(..some).collect()
    }
}
