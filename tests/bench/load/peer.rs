//! The peers: how each is started, and in what it takes part.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::scenario::Kind;

pub(crate) struct Peer {
    /// As `--only` and the server program know it.
    pub(crate) name: &'static str,
    /// For people.
    pub(crate) title: &'static str,
    pub(crate) program: Program,
    takes: Takes,
    /// Whether `--workers` can give it several.
    pub(crate) has_workers: bool,
}

/// What serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// Our own, in Rust, with this crate; with none for the floor.
    Ours(Option<&'static str>),
    /// Our own with robyn-ws once more, by the profile `tuned`.
    Tuned,
    /// In C, if there is a package for Python whose shared library it can be linked with.
    C {
        package: &'static str,
        source: &'static str,
    },
    /// A script, if there is the package that it needs.
    Python {
        package: &'static str,
        script: &'static str,
        flags: &'static [&'static str],
    },
    Node {
        package: &'static str,
        script: &'static str,
    },
}

/// What a peer takes part in.
enum Takes {
    Everything,
    /// In these, and why in no others but perhaps growth.
    Only(&'static [Kind], &'static str),
}

/// Whose growth is measured: the kernel's price, ours, and the usual way.
const GROWING: [&str; 3] = ["floor", "robyn_ws", "axum"];

/// Who is flooded: ours, and the usual way. The floor knows no frames but whole texts.
const FLOODED: [&str; 2] = ["robyn_ws", "axum"];

/// Who speaks JSON-RPC.
const CALLED: [&str; 2] = ["robyn_ws", "jsonrpsee"];

const UNTYPED: &[Kind] = &[
    Kind::Echo,
    Kind::OpenLoop,
    Kind::FanOut,
    Kind::Rooms,
    Kind::Idle,
    Kind::SlowReader,
];

/// In the order of the table's columns.
pub(crate) const PEERS: &[Peer] = &[
    Peer {
        name: "floor",
        title: "floor",
        program: Program::Ours(None),
        takes: Takes::Only(UNTYPED, "it takes no JSON"),
        has_workers: false,
    },
    Peer {
        name: "robyn_ws",
        title: "robyn-ws",
        program: Program::Ours(Some("robyn-ws")),
        takes: Takes::Everything,
        has_workers: true,
    },
    Peer {
        name: "robyn_ws_tuned",
        title: "robyn-ws, tuned",
        program: Program::Tuned,
        takes: Takes::Only(
            &[Kind::Echo, Kind::OpenLoop, Kind::FanOut, Kind::Rooms, Kind::Typed],
            "what is no CPU per message is as for robyn-ws",
        ),
        has_workers: true,
    },
    Peer {
        name: "axum",
        title: "axum",
        program: Program::Ours(Some("axum")),
        takes: Takes::Everything,
        has_workers: true,
    },
    Peer {
        name: "axum_mpsc",
        title: "axum, a queue each",
        program: Program::Ours(Some("axum")),
        takes: Takes::Only(
            &[Kind::FanOut, Kind::Rooms, Kind::SlowReader],
            "what is no broadcast is as for axum",
        ),
        has_workers: true,
    },
    Peer {
        name: "actix_ws",
        title: "actix-ws",
        program: Program::Ours(Some("actix-ws")),
        takes: Takes::Everything,
        has_workers: true,
    },
    Peer {
        name: "fastwebsockets",
        title: "fastwebsockets",
        program: Program::Ours(Some("fastwebsockets")),
        takes: Takes::Only(UNTYPED, "it takes frames, and no JSON"),
        has_workers: true,
    },
    Peer {
        name: "jsonrpsee",
        title: "jsonrpsee",
        program: Program::Ours(Some("jsonrpsee")),
        takes: Takes::Only(&[Kind::Calls], "it takes calls"),
        has_workers: true,
    },
    Peer {
        name: "uwebsockets",
        title: "uWebSockets",
        program: Program::C {
            package: "socketify",
            source: "on_uwebsockets.c",
        },
        takes: Takes::Only(UNTYPED, "it has no JSON"),
        has_workers: false,
    },
    Peer {
        name: "ws",
        title: "node ws",
        program: Program::Node {
            package: "ws",
            script: "on_ws.js",
        },
        takes: Takes::Everything,
        has_workers: false,
    },
    Peer {
        name: "robyn",
        title: "Robyn",
        program: Program::Python {
            package: "robyn",
            script: "on_robyn.py",
            flags: &["--log-level", "WARN", "--disable-openapi"],
        },
        takes: Takes::Only(
            &[
                Kind::Echo,
                Kind::OpenLoop,
                Kind::FanOut,
                Kind::Idle,
                Kind::SlowReader,
                Kind::Typed,
            ],
            "it has neither rooms nor parameters in the path of a WebSocket",
        ),
        has_workers: false,
    },
];

impl Peer {
    pub(crate) fn takes_part_in(&self, kind: Kind) -> bool {
        self.why_not(kind).is_none()
    }

    /// Why it takes no part, if it does not.
    pub(crate) fn why_not(&self, kind: Kind) -> Option<&'static str> {
        match self.takes {
            _ if kind == Kind::Flood => (!FLOODED.contains(&self.name)).then_some("it is not flooded"),
            _ if kind == Kind::Calls => (!CALLED.contains(&self.name)).then_some("it has no JSON-RPC"),
            _ if kind == Kind::Growth => (!GROWING.contains(&self.name)).then_some("its growth is not measured"),
            Takes::Only(kinds, reason) if !kinds.contains(&kind) => Some(reason),
            _ => None,
        }
    }

    /// It may be missing, and it may fail.
    pub(crate) fn is_optional(&self) -> bool {
        !matches!(self.program, Program::Ours(_) | Program::Tuned)
    }

    /// What serves on 127.0.0.1.
    pub(crate) fn command(&self, port: u16, workers: usize) -> Result<Command> {
        let port = port.to_string();
        let mut command;
        match self.program {
            Program::Ours(_) => {
                command = Command::new(built("release", "server")?);
                command.args([self.name, &port, &workers.to_string()]);
            }
            Program::Tuned => {
                command = Command::new(built("tuned", "server")?);
                command.args(["robyn_ws", &port, &workers.to_string()]);
            }
            Program::C { .. } => {
                command = Command::new(built("release", self.name)?);
                command.arg(port);
            }
            Program::Python { script, flags, .. } => {
                command = python();
                command.arg(scripts().join(script)).arg(port).args(flags);
            }
            Program::Node { script, .. } => {
                command = node();
                command.arg(scripts().join(script)).arg(port);
            }
        }
        Ok(command)
    }
}

/// Returns the path of a program that was built by a profile.
pub(crate) fn built(profile: &str, program: &str) -> Result<PathBuf> {
    Ok(profiles()?.join(profile).join(program))
}

/// Returns the folder of the profiles' folders, in one of which this program is.
pub(crate) fn profiles() -> Result<PathBuf> {
    let own = env::current_exe()?;
    let profiles = own.ancestors().nth(2).context("a program is in its profile's folder")?;
    Ok(profiles.to_owned())
}

/// The Python that has the packages.
pub(crate) const PYTHON: &str = "ROBYN_WS_BENCH_PYTHON";

pub(crate) fn python() -> Command {
    Command::new(env::var_os(PYTHON).unwrap_or_else(|| "python3".into()))
}

pub(crate) fn node() -> Command {
    Command::new("node")
}

/// Where the scripts are, and node's packages may be, from the repository's root.
pub(crate) fn scripts() -> PathBuf {
    Path::new("tests/bench/server/optional").to_owned()
}
