//! What was asked for.

use std::str::FromStr;

use clap::Parser;

use crate::{
    peer::{PEERS, Peer, Program},
    scenario::Kind,
};

/// Measures robyn-ws beside its peers, for 20 minutes.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask bench", after_help = names())]
pub(crate) struct Options {
    /// Measure for 3 minutes only
    #[arg(long)]
    pub(crate) quick: bool,
    /// Measure only these peers and scenarios, named between commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    only: Vec<Chosen>,
    /// How many threads of a server run at a time
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) workers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chosen {
    Peer(&'static str),
    Kind(Kind),
}

impl FromStr for Chosen {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let peer = PEERS.iter().find(|peer| peer.name == name);
        let kind = Kind::ALL.iter().find(|(own, _)| *own == name);
        let peer = peer.map(|peer| Self::Peer(peer.name));
        peer.or(kind.map(|&(_, kind)| Self::Kind(kind)))
            .ok_or_else(|| format!("neither a peer nor a scenario is called `{name}`"))
    }
}

fn names() -> String {
    let peers: Vec<&str> = PEERS.iter().map(|peer| peer.name).collect();
    let kinds = Kind::ALL.map(|(name, _)| name);
    format!("Peers: {}\nScenarios: {}", peers.join(", "), kinds.join(", "))
}

impl Options {
    /// Returns `true` for the run whose results are kept.
    pub(crate) fn is_full(&self) -> bool {
        !self.quick && self.only.is_empty() && self.workers == 1
    }

    fn names_peers(&self) -> bool {
        self.only.iter().any(|chosen| matches!(chosen, Chosen::Peer(_)))
    }

    fn names_kinds(&self) -> bool {
        self.only.iter().any(|chosen| matches!(chosen, Chosen::Kind(_)))
    }

    /// With several workers, those who can have them. What takes long to build is built for a run of everything only,
    /// unless it is asked for.
    pub(crate) fn peers(&self) -> Vec<&'static Peer> {
        let narrow = self.quick || !self.only.is_empty();
        let named = |peer: &Peer| self.only.contains(&Chosen::Peer(peer.name));
        let wanted = |peer: &&Peer| match peer.program {
            Program::Tuned if narrow => named(peer),
            _ => !self.names_peers() || named(peer),
        };
        let able = |peer: &&Peer| peer.has_workers || self.workers == 1;
        PEERS.iter().filter(wanted).filter(able).collect()
    }

    /// Growth takes long: it is a part of the full run only, unless it is asked for.
    pub(crate) fn wants(&self, kind: Kind) -> bool {
        let wants_all = !self.names_kinds() && (kind != Kind::Growth || self.is_full());
        wants_all || self.only.contains(&Chosen::Kind(kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, clap::Error> {
        Options::try_parse_from(["bench"].into_iter().chain(line.split_whitespace()))
    }

    #[test]
    fn names_narrow_peers_and_scenarios() {
        let options = parse("--only robyn_ws,echo,floor --quick").unwrap();
        assert!(options.quick);
        let peers: Vec<&str> = options.peers().iter().map(|peer| peer.name).collect();
        assert_eq!(peers, ["floor", "robyn_ws"]);
        assert!(options.wants(Kind::Echo) && !options.wants(Kind::Idle));
    }

    #[test]
    fn without_names_there_is_everything() {
        let options = parse("").unwrap();
        assert_eq!(options.peers().len(), PEERS.len());
        assert!(Kind::ALL.iter().all(|&(_, kind)| options.wants(kind)));
    }

    #[test]
    fn growth_is_for_full_runs_and_those_that_name_it() {
        for (line, wanted) in [
            ("", true),
            ("--only growth --quick", true),
            ("--only echo", false),
            ("--only axum", false),
            ("--quick", false),
        ] {
            assert_eq!(parse(line).unwrap().wants(Kind::Growth), wanted, "{line}");
        }
    }

    #[test]
    fn the_tuned_profile_is_for_runs_of_everything_and_those_that_name_it() {
        for (line, wanted) in [
            ("", true),
            ("--workers 2", true),
            ("--only robyn_ws_tuned,echo --quick", true),
            ("--only robyn_ws", false),
            ("--only echo", false),
            ("--quick", false),
        ] {
            let peers = parse(line).unwrap().peers();
            let takes_part = peers.iter().any(|peer| peer.name == "robyn_ws_tuned");
            assert_eq!(takes_part, wanted, "{line}");
        }
    }

    #[test]
    fn several_workers_are_for_those_who_can_have_them() {
        let options = parse("--workers 2").unwrap();
        assert_eq!(options.workers, 2);
        assert!(!options.is_full());
        assert!(options.peers().iter().any(|peer| peer.name == "axum"));
        assert!(options.peers().iter().all(|peer| peer.name != "floor"));
        assert!(parse("--workers").is_err() && parse("--workers two").is_err());
    }

    #[test]
    fn what_is_not_known_is_named() {
        let mistake = parse("--only robin").unwrap_err().to_string();
        assert!(
            mistake.contains("neither a peer nor a scenario is called `robin`"),
            "{mistake}"
        );
        assert!(parse("--only").is_err() && parse("--slow").is_err());
    }
}
