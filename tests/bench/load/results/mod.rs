//! What came of a run.

#[cfg(test)]
pub(crate) mod made_up;

use crate::{
    peer::Peer,
    samples::{Metric, Sample, median},
    scenario::Scenario,
};

pub(crate) struct Results {
    /// In the order of the columns.
    pub(crate) peers: Vec<Participant>,
    pub(crate) outcomes: Vec<Outcome>,
    /// Those that are not installed.
    pub(crate) missing: Vec<&'static Peer>,
}

pub(crate) struct Participant {
    pub(crate) peer: &'static Peer,
    pub(crate) version: Option<String>,
}

/// What came of a scenario.
pub(crate) struct Outcome {
    pub(crate) scenario: Scenario,
    /// For each peer that took part and did not fail, its rounds.
    pub(crate) measured: Vec<(&'static Peer, Vec<Sample>)>,
    /// What went wrong with the others.
    pub(crate) failed: Vec<(&'static Peer, String)>,
}

impl Outcome {
    pub(crate) fn new(scenario: Scenario) -> Self {
        Self {
            scenario,
            measured: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// The median of a peer's rounds.
    pub(crate) fn median(&self, peer: &str, metric: Metric) -> Option<f64> {
        let (_, rounds) = self.measured.iter().find(|(own, _)| own.name == peer)?;
        let values = rounds.iter().flatten().filter(|(own, _)| *own == metric);
        median(values.map(|(_, value)| *value).collect())
    }

    /// Why there is nothing about a peer.
    pub(crate) fn why_not(&self, peer: &Peer) -> Option<&str> {
        let failed = self.failed.iter().find(|(own, _)| own.name == peer.name);
        let failed = failed.map(|(_, reason)| reason.as_str());
        failed.or_else(|| peer.why_not(self.scenario.kind))
    }
}

impl Results {
    pub(crate) fn peers(&self) -> impl Iterator<Item = &'static Peer> + Clone {
        self.peers.iter().map(|participant| participant.peer)
    }

    /// What must not go wrong, and did.
    pub(crate) fn failures(&self) -> Vec<String> {
        let failed = self.outcomes.iter().flat_map(|outcome| {
            let title = &outcome.scenario.title;
            let grave = outcome.failed.iter().filter(|(peer, _)| !peer.is_optional());
            grave.map(move |(peer, reason)| format!("{title}: {}: {reason}", peer.title))
        });
        failed.collect()
    }
}
