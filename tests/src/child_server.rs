//! A server from elsewhere, as a child.

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use tokio::net::TcpStream;

use crate::{free_address, program, within};

/// A server on a free port. It ends when it is dropped.
#[derive(Debug)]
pub(crate) struct ChildServer {
    program: PathBuf,
    pub(crate) address: SocketAddr,
    pub(crate) arguments: Vec<String>,
    child: Option<Child>,
}

impl ChildServer {
    /// Chooses the port of a server that is started later, or returns `None` where the test has to be skipped.
    pub(crate) fn new(name: &str) -> Option<Self> {
        Some(Self {
            program: program(name)?,
            address: free_address(),
            arguments: Vec::new(),
            child: None,
        })
    }

    pub(crate) fn add<'a>(&mut self, arguments: impl IntoIterator<Item = &'a str>) {
        self.arguments.extend(arguments.into_iter().map(str::to_owned));
    }

    /// Runs the server, on the same port each time, and waits until it listens.
    pub(crate) async fn run(&mut self) {
        let name = self.program.display();
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} cannot be run: {error}"));
        let listening = async {
            while TcpStream::connect(self.address).await.is_err() {
                let ended = child.try_wait().expect("a child");
                assert!(ended.is_none(), "{name} has ended: {ended:?}");
                tokio::task::yield_now().await;
            }
        };
        within(&format!("{name} to listen"), listening).await;
        self.child = Some(child);
    }

    /// Kills the server if it runs, and waits until it has ended.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill(); // It may have ended.
            let _ = child.wait();
        }
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.as_ref().expect("the server runs").id().to_string();
        let kill = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(kill.expect("kill can be run").success(), "the server gets {signal}");
    }
}

impl Drop for ChildServer {
    fn drop(&mut self) {
        self.kill();
    }
}
