//! What clients do. Each visit checks everything that it and its connections' close handlers see.

mod echo;
mod flood;
mod hearing;
mod mishap;
mod offend;
mod overflow;
mod party;
mod quiet;
mod refused;
mod stall;
mod storm;
mod whisper;

use std::{fmt, str::FromStr};

use fastrand::Rng;

use crate::{client::Outcome, world::World};

macro_rules! visits {
    ($($(#[$doc:meta])* $variant:ident = $module:ident, $weight:literal in 100, $clients:expr;)+) => {
        /// A kind of visit.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Visit {
            $($(#[$doc])* $variant,)+
        }

        const ALL: &[(Visit, &str, u32)] = &[$((Visit::$variant, stringify!($module), $weight),)+];

        impl Visit {
            /// Gives the most clients that such a visit has connected at once.
            pub(crate) const fn most_clients(self) -> u32 {
                match self {
                    $(Self::$variant => $clients,)+
                }
            }

            /// Makes a visit.
            pub(crate) async fn run(self, world: &World, choices: &mut Rng) -> Outcome {
                match self {
                    $(Self::$variant => $module::visit(world, choices).await,)+
                }
            }
        }
    };
}

visits! {
    /// Sends messages, gets them back in order, and ends in one of many ways.
    Echo = echo, 50 in 100, 1;
    /// Breaks the protocol, and is told the right code.
    Offend = offend, 10 in 100, 1;
    /// Has the server fail, panic or close.
    Mishap = mishap, 8 in 100, 1;
    /// A room in which everybody publishes, joins and leaves.
    Party = party, 7 in 100, party::MOST_GUESTS;
    /// Two that send to each other.
    Whisper = whisper, 5 in 100, 2;
    /// A room whose slow readers miss messages, all of which are accounted for.
    Overflow = overflow, 3 in 100, overflow::MOST_GUESTS;
    /// Never reads, and is ended.
    Stall = stall, 4 in 100, 2;
    /// Says nothing, and is ended.
    Quiet = quiet, 4 in 100, 1;
    /// Floods the server with pings.
    Flood = flood, 2 in 100, 1;
    /// Connects and disconnects as fast as it can.
    Storm = storm, 4 in 100, 1;
    /// Asks for what is refused.
    Refused = refused, 3 in 100, 1;
}

impl Visit {
    pub(crate) fn choose(choices: &mut Rng) -> Self {
        let all = ALL.iter().map(|(_, _, weight)| weight).sum();
        let mut left = choices.u32(0..all);
        for &(visit, _, weight) in ALL {
            if left < weight {
                return visit;
            }
            left -= weight;
        }
        Self::Echo
    }
}

impl fmt::Display for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = ALL.iter().find(|(visit, ..)| visit == self).map(|(_, name, _)| name);
        f.write_str(name.unwrap_or(&"?"))
    }
}

impl FromStr for Visit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = ALL.iter().find(|(_, name, _)| *name == text).map(|(visit, ..)| *visit);
        found.ok_or_else(|| {
            let names: Vec<&str> = ALL.iter().map(|(_, name, _)| *name).collect();
            format!("`{text}` is no visit, expected one of: {}", names.join(", "))
        })
    }
}

/// Takes one of `options`.
fn pick<T: Copy>(choices: &mut Rng, options: &[T]) -> T {
    options[choices.usize(..options.len())]
}
