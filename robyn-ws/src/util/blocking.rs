//! Threads for blocking handlers, and for long computations.
//!
//! The shutdown of a runtime waits for the threads of its own `spawn_blocking`. A handler that never returns would
//! therefore block the end of the process. These threads belong to runtimes that are never shut down. A computation does
//! not wait for jobs of the app either.

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

/// Maximum number of blocking handlers that run at once in the process. It is the default of tokio. Further handlers
/// wait, and the limits on connections and upgrades bound their number.
const MAX_THREADS: usize = 512;

/// One permit for each free thread.
static FREE: Semaphore = Semaphore::const_new(MAX_THREADS);

static THREADS: LazyLock<Runtime> = LazyLock::new(|| threads("robyn-ws-block", MAX_THREADS));

/// As many threads as the machine runs at once.
#[cfg(feature = "deflate")]
static COMPUTING: LazyLock<Runtime> = LazyLock::new(|| {
    let most = thread::available_parallelism().map_or(1, usize::from);
    threads("robyn-ws-compute", most)
});

/// Returns a runtime without I/O and timers. An idle thread ends after ten seconds.
fn threads(name: &str, most: usize) -> Runtime {
    Builder::new_current_thread()
        .max_blocking_threads(most)
        .thread_name(name)
        .build()
        .expect("a runtime without I/O and timers")
}

/// The right to use one thread.
#[derive(Debug)]
pub(crate) struct FreeThread {
    /// Never `None`, because the semaphore is never closed.
    _permit: Option<SemaphorePermit<'static>>,
}

/// Waits for a free thread.
pub(crate) async fn free_thread() -> FreeThread {
    FreeThread {
        _permit: FREE.acquire().await.ok(),
    }
}

impl FreeThread {
    /// Runs `job` on the thread, within the caller's runtime. The job runs to its end, also if the result is not
    /// awaited.
    pub(crate) fn run<T: Send + 'static>(self, job: impl FnOnce() -> T + Send + 'static) -> Running<T> {
        let callers = Handle::current();
        #[cfg(feature = "test-util")]
        let clock = StoppedClock::new(&callers);
        let job = move || {
            let _within = callers.enter();
            let result = isolate::call(job);
            drop(self);
            result
        };
        Running {
            thread: spawn(&THREADS, job),
            #[cfg(feature = "test-util")]
            _clock: Some(clock),
        }
    }
}

/// Runs a computation on a thread. It runs to its end, also if the result is not awaited.
#[cfg(feature = "deflate")]
pub(crate) fn compute<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Running<T> {
    #[cfg(feature = "test-util")]
    let clock = StoppedClock::new(&Handle::current());
    let job = move || {
        let result = isolate::call(job);
        #[cfg(feature = "test-util")]
        drop(clock);
        result
    };
    Running {
        thread: spawn(&COMPUTING, job),
        #[cfg(feature = "test-util")]
        _clock: None,
    }
}

/// Returns an error if the system cannot create a thread: then tokio panics.
fn spawn<T: Send + 'static>(
    threads: &Runtime,
    job: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, Panicked> {
    isolate::call(|| threads.spawn_blocking(job))
}

/// The future of a job's result.
#[derive(Debug)]
pub(crate) struct Running<T> {
    thread: Result<JoinHandle<Result<T, Panicked>>, Panicked>,
    #[cfg(feature = "test-util")]
    _clock: Option<StoppedClock>,
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

/// Stops the advance of tokio's paused time while a handler is awaited, as `spawn_blocking` of the same runtime does.
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

/// Drives `future` on a thread that may block. In it, user code may call the `block_on` of tokio or of `futures`, which
/// those do not allow inside of their own.
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

/// Wakes a parked thread. The flag remains set if another `park` on the thread has consumed the wake-up.
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
