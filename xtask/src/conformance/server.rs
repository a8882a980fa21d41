//! The server under test: the example `compression`, as its own process.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// A server, which is stopped when this is dropped.
pub(super) struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts the server on a port that is free.
    pub(super) fn start() -> Result<Self> {
        let program = program()?;
        let process = Command::new(&program)
            // Cases that break the protocol are logged as warnings, and there are many.
            .env("RUST_LOG", "error")
            .arg("127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        // From here on it is stopped, whatever happens.
        let mut server = Self {
            process,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        let output = server.process.stdout.take().context("its output was piped above")?;
        for line in BufReader::new(output).lines() {
            if let Some(address) = address_in(&line?) {
                server.address = address;
                return Ok(server);
            }
        }
        server.still_runs()?;
        anyhow::bail!("the server ended its output before it said where it listens")
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Fails if the server has ended by itself.
    pub(super) fn still_runs(&mut self) -> Result<()> {
        let ended = self.process.try_wait()?;
        ensure!(ended.is_none(), "the server ended by itself: {ended:?}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It fails only if the process has ended already.
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}

/// This program is in `debug` of the target folder, wherever that is.
fn program() -> Result<PathBuf> {
    let own = env::current_exe().context("this program does not know where it is")?;
    let target = own.ancestors().nth(2).context("this program is in no target folder")?;
    let name = format!("compression{}", env::consts::EXE_SUFFIX);
    Ok(target.join("release/examples").join(name))
}

/// Finds the address in the line that `App::serve` prints when it listens.
fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening on http://")?;
    rest.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_what_a_server_prints() {
        assert_eq!(address_in("ws://127.0.0.1:40123/"), None);
        assert_eq!(
            address_in("listening on http://127.0.0.1:40123 (stop with Ctrl-C)"),
            Some(SocketAddr::from(([127, 0, 0, 1], 40123)))
        );
    }
}
