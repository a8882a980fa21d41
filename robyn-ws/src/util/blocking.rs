//! Threads for blocking handlers.
//!
//! The end of a runtime waits for the threads of its own `spawn_blocking`, and so would the end of the process for a handler
//! that never returns. These threads belong to a runtime that nobody ends.

use std::{
    pin::{Pin, pin},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::{Semaphore, SemaphorePermit},
    task::JoinHandle,
};

use crate::util::isolate::{self, Panicked};

/// How many blocking handlers run at once in the process, as many as tokio's own default. Further ones wait, each beside
/// its connection or its upgrade, which bound that.
const MAX_THREADS: usize = 512;

/// A free thread of each permit.
static FREE: Semaphore = Semaphore::const_new(MAX_THREADS);

/// It has no input, output or clock of its own; a thread without work ends after ten seconds.
static THREADS: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .max_blocking_threads(MAX_THREADS)
        .thread_name("robyn-ws-block")
        .build()
        .expect("a runtime that asks the system for nothing")
});

/// The right to one thread.
#[derive(Debug)]
pub(crate) struct FreeThread {
    /// It is there, since the semaphore is never closed.
    _permit: Option<SemaphorePermit<'static>>,
}

/// Waits until a thread is free.
pub(crate) async fn free_thread() -> FreeThread {
    FreeThread {
        _permit: FREE.acquire().await.ok(),
    }
}

impl FreeThread {
    /// Runs `job` on the thread, within the runtime of the caller. It runs to its end, awaited or not.
    pub(crate) fn run<T: Send + 'static>(self, job: impl FnOnce() -> T + Send + 'static) -> Running<T> {
        let callers = Handle::current();
        #[cfg(feature = "test-util")]
        let clock = StoppedClock::new(&callers);
        // tokio panics where the system has no thread left.
        let thread = isolate::call(|| {
            THREADS.spawn_blocking(move || {
                let _within = callers.enter();
                let result = isolate::call(job);
                drop(self);
                result
            })
        });
        Running {
            thread,
            #[cfg(feature = "test-util")]
            _clock: clock,
        }
    }
}

/// A job on a thread, to be awaited for its result.
#[derive(Debug)]
pub(crate) struct Running<T> {
    thread: Result<JoinHandle<Result<T, Panicked>>, Panicked>,
    #[cfg(feature = "test-util")]
    _clock: StoppedClock,
}

impl<T> Future for Running<T> {
    type Output = Result<T, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.thread {
            Ok(thread) => pin!(thread).poll(cx).map(|joined| joined.unwrap_or(Err(Panicked))),
            Err(Panicked) => Poll::Ready(Err(Panicked)),
        }
    }
}

/// Keeps tokio's paused time from moving on while a handler is awaited, as its own `spawn_blocking` does.
#[cfg(feature = "test-util")]
#[derive(Debug)]
struct StoppedClock {
    _until_dropped: tokio::sync::oneshot::Sender<()>,
}

#[cfg(feature = "test-util")]
impl StoppedClock {
    fn new(runtime: &Handle) -> Self {
        let (until_dropped, dropped) = tokio::sync::oneshot::channel();
        runtime.spawn_blocking(|| {
            let _ = dropped.blocking_recv(); // Nothing is ever sent.
        });
        Self {
            _until_dropped: until_dropped,
        }
    }
}

/// Drives `future` on a thread that may block. Unlike inside the `block_on` of tokio or of `futures`, user code can call
/// either of them in it.
pub(crate) fn drive<F: Future>(future: F) -> F::Output {
    let unpark = Arc::new(Unpark {
        thread: thread::current(),
        is_due: AtomicBool::new(false),
    });
    let waker = Waker::from(unpark.clone());
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        while !unpark.is_due.swap(false, Ordering::Acquire) {
            thread::park();
        }
    }
}

/// Wakes a parked thread. The flag stays where somebody else's `park` on this thread has used up the wake-up.
struct Unpark {
    thread: Thread,
    is_due: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.is_due.store(true, Ordering::Release);
        self.thread.unpark();
    }
}
