//! The broker between the nodes.

use std::{fmt, net::SocketAddr, process::Command};

use anyhow::Result;

use crate::process::{Process, free_address};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Nats,
    Redis,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Nats => "NATS",
            Self::Redis => "Redis",
        })
    }
}

/// A broker that runs, and keeps nothing.
#[derive(Debug)]
pub(crate) struct Broker {
    kind: Kind,
    pub(crate) process: Process,
}

impl Broker {
    pub(crate) fn start(kind: Kind) -> Result<Self> {
        Self::start_at(kind, free_address()?)
    }

    fn start_at(kind: Kind, address: SocketAddr) -> Result<Self> {
        let port = address.port().to_string();
        let mut command = match kind {
            Kind::Nats => Command::new("nats-server"),
            Kind::Redis => Command::new("redis-server"),
        };
        match kind {
            Kind::Nats => command.args(["--addr", "127.0.0.1", "--port", &port]),
            Kind::Redis => command.args([
                "--bind",
                "127.0.0.1",
                "--port",
                &port,
                "--save",
                "",
                "--appendonly",
                "no",
            ]),
        };
        let process = Process::start(&mut command, address)?;
        Ok(Self { kind, process })
    }

    pub(crate) fn url(&self) -> String {
        let scheme = match self.kind {
            Kind::Nats => "nats",
            Kind::Redis => "redis",
        };
        format!("{scheme}://{}", self.process.address)
    }
}
