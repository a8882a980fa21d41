//! What the typed endpoints take and send, and the states that they have. The same for all peers.

use robyn_ws_bench::CITY;
use serde::{Deserialize, Serialize};

/// The state of the app.
pub(crate) struct League {
    pub(crate) city: &'static str,
}

pub(crate) const LEAGUE: League = League { city: CITY };

#[derive(Deserialize)]
pub(crate) struct Said<'a> {
    user: &'a str,
    room: u32,
    text: &'a str,
}

#[derive(Serialize)]
pub(crate) struct Answered<'a> {
    city: &'a str,
    user: &'a str,
    room: u32,
    text: &'a str,
}

impl<'a> Answered<'a> {
    pub(crate) fn new(league: &'a League, said: &Said<'a>) -> Self {
        Self {
            city: league.city,
            user: said.user,
            room: said.room,
            text: said.text,
        }
    }
}

/// The state of a connection, where the peer has no such thing itself.
#[derive(Default)]
pub(crate) struct Visit {
    messages: u64,
}

impl Visit {
    /// Counts a message and makes its answer.
    pub(crate) fn answer(&mut self, league: &League, text: &str) -> serde_json::Result<String> {
        self.messages += 1;
        let said = serde_json::from_str(text)?;
        serde_json::to_string(&Answered::new(league, &said))
    }
}
