//! Results that nobody measured, for tests.

use super::{Outcome, Participant, Results};
use crate::{
    peer::{PEERS, Peer},
    samples::Metric,
    scenario,
};

pub(crate) fn results(peers: &[&str], outcomes: Vec<Outcome>) -> Results {
    let peers = peers.iter().map(|name| Participant {
        peer: peer(name),
        version: Some("1.2.3".to_owned()),
    });
    Results {
        peers: peers.collect(),
        outcomes,
        missing: Vec::new(),
    }
}

/// One round of each peer, in a scenario that there is.
pub(crate) fn outcome(title: &str, metric: Metric, values: &[(&str, f64)]) -> Outcome {
    let scenario = scenario::all(1_000_000)
        .into_iter()
        .find(|scenario| scenario.title == title);
    let measured = values
        .iter()
        .map(|&(name, value)| (peer(name), vec![vec![(metric, value)]]));
    Outcome {
        measured: measured.collect(),
        ..Outcome::new(scenario.expect("the title is one of a scenario"))
    }
}

pub(crate) fn peer(name: &str) -> &'static Peer {
    let peer = PEERS.iter().find(|peer| peer.name == name);
    peer.expect("the name is one of a peer")
}
