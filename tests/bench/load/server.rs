//! A server that is running, and what the kernel knows about it.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    process::{Child, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::{cores::Cores, peer::Peer};

/// How long a server may take to listen: some are interpreted.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a server may take to come to rest.
const REST: Duration = Duration::from_secs(1);

/// Killed, with whatever it has started, when it is dropped.
pub(crate) struct Server {
    child: Child,
    /// The name of the peer.
    pub(crate) peer: &'static str,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a peer on the server's cores, with a worker for each, and waits until it listens.
    pub(crate) fn start(peer: &Peer, cores: &Cores) -> Result<Self> {
        let address = free_address()?;
        let mut command = peer.command(address.port(), cores.servers.len())?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).process_group(0);
        let child = cores
            .on_servers(|| command.spawn())?
            .with_context(|| format!("cannot start {}", peer.name))?;
        let mut server = Self {
            child,
            peer: peer.name,
            address,
        };
        server.wait_until_it_listens(peer.name)?;
        Ok(server)
    }

    fn wait_until_it_listens(&mut self, name: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("{name} ended with {status} before it listened");
            }
            if Instant::now() > deadline {
                bail!("{name} does not listen");
            }
            sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    pub(crate) fn come_to_rest(&self) {
        let _ = self.cpu(); // The time until now does not count.
    }

    /// The time that all threads of the server have run, when it has come to rest.
    pub(crate) fn cpu(&self) -> Duration {
        let deadline = Instant::now() + REST;
        let mut before = None;
        loop {
            let (now, has_more_to_do) = self.cpu_now();
            if Instant::now() > deadline || (before == Some(now) && !has_more_to_do) {
                return now;
            }
            before = Some(now);
            sleep(Duration::from_millis(2));
        }
    }

    /// The kernel counts it in nanoseconds, for each thread. What a thread that has ended ran is not in it: servers
    /// keep theirs. And whether a thread could run on: on a busy machine one may stand still in the middle of it.
    fn cpu_now(&self) -> (Duration, bool) {
        let (mut nanoseconds, mut has_more_to_do) = (0, false);
        for thread in self.processes().into_iter().flat_map(threads) {
            let statistics = fs::read_to_string(format!("{thread}/schedstat")).unwrap_or_default();
            let own = statistics.split(' ').next().and_then(|own| own.parse::<u64>().ok());
            nanoseconds += own.unwrap_or(0);
            // The state stands behind the name, which stands in parentheses.
            let status = fs::read_to_string(format!("{thread}/stat")).unwrap_or_default();
            has_more_to_do |= status.contains(") R ");
        }
        (Duration::from_nanos(nanoseconds), has_more_to_do)
    }

    /// The memory that is there, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// The most that there was since [`Server::forget_peak`], in bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.memory("VmHWM:")
    }

    pub(crate) fn forget_peak(&self) -> Result<()> {
        for process in self.processes() {
            // So says proc(5).
            fs::write(format!("/proc/{process}/clear_refs"), "5").context("cannot reset the peak of memory")?;
        }
        Ok(())
    }

    fn memory(&self, name: &str) -> u64 {
        let kibibytes = self.processes().into_iter().filter_map(|process| {
            let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().strip_suffix(" kB")?.parse::<u64>().ok()
        });
        kibibytes.sum::<u64>() * 1024
    }

    /// The process and those below it.
    fn processes(&self) -> Vec<u32> {
        let mut all = vec![self.child.id()];
        let mut seen = 0;
        while let Some(&process) = all.get(seen) {
            seen += 1;
            for thread in threads(process) {
                let children = fs::read_to_string(format!("{thread}/children")).unwrap_or_default();
                all.extend(
                    children
                        .split_whitespace()
                        .filter_map(|child| child.parse::<u32>().ok()),
                );
            }
        }
        all
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(id) = i32::try_from(self.child.id())
            && let Some(group) = Pid::from_raw(id)
        {
            let _ = kill_process_group(group, Signal::KILL); // Fails if it is gone already.
        }
        let _status = self.child.wait();
    }
}

/// The folders of a process's threads.
fn threads(process: u32) -> Vec<String> {
    let entries = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten();
    entries
        .filter_map(|entry| Some(entry.ok()?.path().to_string_lossy().into_owned()))
        .collect()
}

/// One that nobody listens on now, and that the kernel gives to nobody else soon.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
