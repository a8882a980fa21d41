//! A child process, and the time that it has run.

use std::{
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

/// How long a process may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A process that listens. It is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Process {
    /// Starts a process that is told where to listen, and waits until it does.
    pub(crate) fn start(command: &mut Command, address: SocketAddr) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let mut process = Self { child, address };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            if let Some(status) = process.child.try_wait()? {
                bail!(
                    "{} ended with {status} before it listened",
                    command.get_program().display()
                );
            }
            ensure!(
                Instant::now() < deadline,
                "{} does not listen",
                command.get_program().display()
            );
            sleep(Duration::from_millis(5));
        }
        Ok(process)
    }

    /// Returns the time that all threads of the process have run. What a thread that has ended ran is not in it.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let mut nanoseconds = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let statistics = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
            let own = statistics.split(' ').next().and_then(|own| own.parse::<u64>().ok());
            nanoseconds += own.unwrap_or(0);
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    pub(crate) fn signal(&self, signal: &str) -> Result<()> {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", signal, &id]).status()?;
        ensure!(status.success(), "the process did not get {signal}");
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill(); // It may have ended.
        let _ = self.child.wait();
    }
}

/// Returns an address that nobody listens on.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
