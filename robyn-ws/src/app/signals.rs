//! SIGINT and SIGTERM: the first asks for a drain, the second ends the process.

use std::{
    future::pending,
    io, thread,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

pub(crate) use self::platform::exit;
use self::platform::{Listening, listen};

/// A signal that asks the process to end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signal {
    number: i32,
    at: Instant,
}

impl Signal {
    fn now(number: i32) -> Self {
        let at = Instant::now();
        Self { number, at }
    }

    /// Returns the exit code of a process that this signal ended.
    pub(crate) const fn exit_code(self) -> i32 {
        128 + self.number
    }

    /// Returns the rest of `grace`, which began with the signal.
    pub(crate) fn rest_of(self, grace: Duration) -> Duration {
        grace.saturating_sub(self.at.elapsed())
    }
}

/// The wait for the first signal. Dropped, it stops listening.
#[derive(Debug)]
pub(crate) struct StopSignal {
    received: oneshot::Receiver<Signal>,
    _listening: Listening,
}

impl StopSignal {
    /// Listens from now on: neither signal ends the process any more, but the second after it does, even if every
    /// thread of the runtime is blocked. `then` is called after the first, on a thread outside the runtime.
    pub(crate) fn listen(then: impl FnOnce(Signal) + Send + 'static) -> io::Result<Self> {
        let (sender, received) = oneshot::channel();
        let listening = listen(move |signal| {
            // Fails if the server was dropped at this moment.
            let _ = sender.send(signal);
            then(signal);
        })?;
        Ok(Self {
            received,
            _listening: listening,
        })
    }

    /// Waits for the first signal.
    pub(crate) async fn received(&mut self) -> Signal {
        match (&mut self.received).await {
            Ok(signal) => signal,
            Err(_) => pending().await,
        }
    }
}

fn spawn(run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = thread::Builder::new().name("robyn-ws-signals".to_owned());
    thread.spawn(run).map(drop)
}

#[cfg(unix)]
mod platform {
    use std::{
        io,
        sync::{
            LazyLock,
            atomic::{AtomicBool, Ordering},
        },
    };

    use signal_hook::{
        consts::{SIGINT, SIGTERM},
        flag,
        iterator::{Handle, Signals},
    };

    use super::{Signal, spawn};

    /// Whether the first signal has come, after which the next one ends the process.
    static SIGNALED: AtomicBool = AtomicBool::new(false);

    /// Registered once for the process, in this order: the first signal must not find the flag that it sets. Both run
    /// in the signal handler itself, so that no thread has to be free for them.
    static SECOND_ENDS_THE_PROCESS: LazyLock<io::Result<()>> = LazyLock::new(|| {
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_shutdown(signal, 128 + signal, &SIGNALED)?;
            flag::register(signal, &SIGNALED)?;
        }
        Ok(())
    });

    #[derive(Debug)]
    pub(super) struct Listening(Handle);

    impl Drop for Listening {
        fn drop(&mut self) {
            self.0.close();
        }
    }

    pub(super) fn listen(received: impl FnOnce(Signal) + Send + 'static) -> io::Result<Listening> {
        if let Err(error) = &*SECOND_ENDS_THE_PROCESS {
            return Err(io::Error::new(error.kind(), error.to_string()));
        }
        // A server that starts after another was drained has a first signal of its own.
        SIGNALED.store(false, Ordering::SeqCst);
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let listening = Listening(signals.handle());
        spawn(move || {
            if let Some(number) = signals.forever().next() {
                received(Signal::now(number));
            }
        })?;
        Ok(listening)
    }

    /// Ends the process at once, without what libraries do at its exit: it could block as well.
    pub(crate) fn exit(code: i32) -> ! {
        signal_hook::low_level::exit(code)
    }
}

#[cfg(windows)]
mod platform {
    use std::{io, pin::pin};

    use futures_util::future::{Either, select};
    use tokio::{signal::windows::ctrl_c, sync::oneshot};

    use super::{Signal, spawn};
    use crate::util::{blocking::drive, log};

    /// The number of SIGINT in C, which a Ctrl-C raises.
    const SIGINT: i32 = 2;

    #[derive(Debug)]
    pub(super) struct Listening {
        _dropped: oneshot::Sender<()>,
    }

    pub(super) fn listen(received: impl FnOnce(Signal) + Send + 'static) -> io::Result<Listening> {
        let mut signals = ctrl_c()?;
        let (dropped, until_dropped) = oneshot::channel();
        spawn(move || {
            let came = matches!(
                drive(select(pin!(signals.recv()), until_dropped)),
                Either::Left((Some(()), _))
            );
            if came {
                let signal = Signal::now(SIGINT);
                let second = spawn(move || {
                    drive(signals.recv());
                    exit(signal.exit_code());
                });
                if let Err(error) = second {
                    log::error!(%error, "a second Ctrl-C will not end the process");
                }
                received(signal);
            }
        })?;
        Ok(Listening { _dropped: dropped })
    }

    /// Ends the process at once.
    pub(crate) fn exit(code: i32) -> ! {
        std::process::exit(code)
    }
}
