//! The peers: how each is started, and in what it takes part.

use std::{env, process::Command};

use anyhow::{Context as _, Result};

use crate::scenario::Kind;

pub(crate) struct Peer {
    /// As `--only` and the server program know it.
    pub(crate) name: &'static str,
    /// For people.
    pub(crate) title: &'static str,
    kinds: &'static [Kind],
    /// Whether `--workers` can give it several.
    pub(crate) has_workers: bool,
}

const ALL: &[Kind] = &[
    Kind::Echo,
    Kind::FanOut,
    Kind::Rooms,
    Kind::Idle,
    Kind::SlowReader,
    Kind::Typed,
];
const UNTYPED: &[Kind] = &[Kind::Echo, Kind::FanOut, Kind::Rooms, Kind::Idle, Kind::SlowReader];

/// All else is as for `axum`.
const BROADCASTS: &[Kind] = &[Kind::FanOut, Kind::Rooms, Kind::SlowReader];

/// In the order of the table's columns.
pub(crate) const PEERS: &[Peer] = &[
    Peer {
        name: "floor",
        title: "floor",
        kinds: UNTYPED,
        has_workers: false,
    },
    Peer {
        name: "robyn_ws",
        title: "robyn-ws",
        kinds: ALL,
        has_workers: true,
    },
    Peer {
        name: "axum",
        title: "axum",
        kinds: ALL,
        has_workers: true,
    },
    Peer {
        name: "axum_mpsc",
        title: "axum, a queue each",
        kinds: BROADCASTS,
        has_workers: true,
    },
    Peer {
        name: "actix_ws",
        title: "actix-ws",
        kinds: ALL,
        has_workers: true,
    },
    Peer {
        name: "fastwebsockets",
        title: "fastwebsockets",
        kinds: UNTYPED,
        has_workers: true,
    },
];

impl Peer {
    pub(crate) fn takes_part_in(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    /// The program that serves on 127.0.0.1.
    pub(crate) fn command(&self, port: u16, workers: usize) -> Result<Command> {
        let own = env::current_exe()?;
        let folder = own.parent().context("a program is in a folder")?;
        let mut command = Command::new(folder.join("server"));
        command.args([self.name, &port.to_string(), &workers.to_string()]);
        Ok(command)
    }
}
