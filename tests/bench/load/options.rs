//! What was asked for.

use anyhow::{Context as _, Result, bail};

use crate::{
    peer::{PEERS, Peer, Program},
    scenario::Kind,
};

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) quick: bool,
    /// Names of peers; all if there are none.
    peers: Vec<&'static str>,
    /// All if there are none.
    kinds: Vec<Kind>,
    workers: Option<usize>,
}

pub(crate) fn usage() -> String {
    let peers: Vec<&str> = PEERS.iter().map(|peer| peer.name).collect();
    let kinds = Kind::ALL.map(|(name, _)| name);
    format!(
        "usage: cargo xtask bench [--quick] [--only NAMES] [--workers N]\n\nNAMES, between commas, are of peers: {}\nor of \
         scenarios: {}",
        peers.join(", "),
        kinds.join(", ")
    )
}

impl Options {
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut options = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--quick" => options.quick = true,
                "--only" => options.narrow(&words.next().context("`--only` takes names")?)?,
                "--workers" => {
                    let count = words.next().and_then(|word| word.parse().ok());
                    options.workers = Some(count.context("`--workers` takes a number")?);
                }
                _ => bail!("unknown flag `{word}`"),
            }
        }
        Ok(options)
    }

    fn narrow(&mut self, names: &str) -> Result<()> {
        for name in names.split(',') {
            if let Some(peer) = PEERS.iter().find(|peer| peer.name == name) {
                self.peers.push(peer.name);
            } else if let Some((_, kind)) = Kind::ALL.iter().find(|(own, _)| *own == name) {
                self.kinds.push(*kind);
            } else {
                bail!("neither a peer nor a scenario is called `{name}`");
            }
        }
        Ok(())
    }

    /// Whether the run is the one whose results are kept.
    pub(crate) fn is_full(&self) -> bool {
        *self == Self::default()
    }

    /// How many threads of a server run at a time.
    pub(crate) fn workers(&self) -> usize {
        self.workers.unwrap_or(1)
    }

    /// With several workers, those who can have them. What takes long to build is built for a run of everything only,
    /// unless it is asked for.
    pub(crate) fn peers(&self) -> Vec<&'static Peer> {
        let narrow = self.quick || !self.kinds.is_empty() || !self.peers.is_empty();
        let wanted = |peer: &&Peer| match peer.program {
            Program::Tuned if narrow => self.peers.contains(&peer.name),
            _ => self.peers.is_empty() || self.peers.contains(&peer.name),
        };
        let able = |peer: &&Peer| peer.has_workers || self.workers() == 1;
        PEERS.iter().filter(wanted).filter(able).collect()
    }

    /// Growth takes long: it is a part of the full run only, unless it is asked for.
    pub(crate) fn wants(&self, kind: Kind) -> bool {
        let wants_all = self.kinds.is_empty() && (kind != Kind::Growth || self.is_full());
        wants_all || self.kinds.contains(&kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options> {
        Options::parse(line.split_whitespace().map(String::from))
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
        assert_eq!(options.workers(), 2);
        assert!(!options.is_full());
        assert!(options.peers().iter().any(|peer| peer.name == "axum"));
        assert!(options.peers().iter().all(|peer| peer.name != "floor"));
        assert!(parse("--workers").is_err() && parse("--workers two").is_err());
    }

    #[test]
    fn what_is_not_known_is_named() {
        let mistake = parse("--only robin").unwrap_err().to_string();
        assert_eq!(mistake, "neither a peer nor a scenario is called `robin`");
        assert!(parse("--only").is_err() && parse("--slow").is_err());
    }
}
