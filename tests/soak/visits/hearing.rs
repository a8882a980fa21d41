//! What a member of a room hears, and what it must not miss.

use std::collections::HashMap;

use crate::client::{Frame, Outcome, Trouble, check};

/// Where a client stands to its room, as far as it can know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    In,
    /// It has asked to join and has no answer yet.
    Joining,
    Out,
}

/// One publisher, as one member hears it.
#[derive(Debug, Default)]
struct Stream {
    /// The least number that may come.
    least: u64,
    /// Whether exactly that one has to come: one came before since the client is in the room.
    exactly: bool,
    /// How many came since the client was told that it is out.
    late: u32,
}

/// What a member has heard of each publisher. Publications are `@WHO NUMBER …`, all else is an answer.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    place: Place,
    streams: HashMap<u64, Stream>,
    received: u64,
}

impl Hearing {
    pub(super) const fn received(&self) -> u64 {
        self.received
    }

    pub(super) fn is_in(&self) -> bool {
        self.place == Place::In
    }

    /// The client asks to join. It may hear of the room before it hears the answer.
    pub(super) fn joining(&mut self) {
        if self.place == Place::Out {
            self.place = Place::Joining;
        }
    }

    /// From now on nothing may be missing.
    pub(super) fn joined(&mut self) {
        if self.place == Place::Joining {
            self.place = Place::In;
            self.each(|stream| stream.exactly = false);
        }
    }

    pub(super) fn left(&mut self) {
        self.place = Place::Out;
        self.each(|stream| stream.late = 0);
    }

    fn each(&mut self, change: impl Fn(&mut Stream)) {
        self.streams.values_mut().for_each(change);
    }

    /// Takes a frame, and gives it back as text if it is an answer.
    pub(super) fn hear(&mut self, frame: &Frame) -> Outcome<Option<String>> {
        let Some(publication) = frame.as_text().strip_prefix('@') else {
            return Ok(Some(frame.as_text().to_owned()));
        };
        let mut words = publication.split(' ').map(str::parse::<u64>);
        let (Some(Ok(who)), Some(Ok(number))) = (words.next(), words.next()) else {
            return Err(Trouble::new(format!("nobody published {frame:?}")));
        };
        self.received += 1;
        let place = self.place;
        let stream = self.streams.entry(who).or_default();
        let in_order = match place {
            Place::In if stream.exactly => number == stream.least,
            _ => number >= stream.least,
        };
        check(in_order, || {
            format!(
                "{who} published {number}, but {} was next; {place:?}, {stream:?}",
                stream.least
            )
        })?;
        if place == Place::Out {
            stream.late += 1;
            // Who published at the moment of leaving may still have seen the client in the room: once, for a publisher's
            // messages are handled one after the other.
            check(stream.late == 1, || {
                format!("{who} published {number} to a client that had left")
            })?;
        }
        (stream.least, stream.exactly) = (number + 1, place == Place::In);
        Ok(None)
    }

    /// Checks that a publisher who was heard since joining was heard to its end.
    pub(super) fn has_all_of(&self, who: u64, count: u64) -> Outcome {
        let Some(stream) = self.streams.get(&who) else {
            return Ok(());
        };
        let missing = self.place == Place::In && stream.exactly && stream.least != count;
        check(!missing, || {
            format!("{who} published {count}, but {} is the next to come", stream.least)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(hearing: &mut Hearing, texts: &[&str]) -> Result<(), String> {
        for text in texts {
            hearing
                .hear(&Frame::text(text))
                .map_err(|trouble| trouble.to_string())?;
        }
        Ok(())
    }

    #[test]
    fn in_the_room_every_publication_counts() {
        let mut hearing = Hearing::default();
        hear(&mut hearing, &["@1 0 a", "@2 0 b", "said 2 0", "@1 1 c"]).unwrap();
        assert_eq!(hearing.received(), 3);
        assert!(hear(&mut hearing, &["@1 3 a gap"]).is_err());
        assert!(hear(&mut hearing, &["@2 0 a double"]).is_err());
        assert!(hearing.has_all_of(1, 2).is_ok());
        assert!(hearing.has_all_of(2, 2).is_err());
    }

    #[test]
    fn out_of_the_room_one_publication_may_be_late() {
        let mut hearing = Hearing::default();
        hear(&mut hearing, &["@1 0 a"]).unwrap();
        hearing.left();
        hear(&mut hearing, &["@1 1 late"]).unwrap();
        assert!(hear(&mut hearing, &["@1 2 too late"]).is_err());
    }

    #[test]
    fn back_in_the_room_it_goes_on_from_anywhere_later() {
        let mut hearing = Hearing::default();
        hear(&mut hearing, &["@1 0 a"]).unwrap();
        hearing.left();
        hearing.joining();
        hear(&mut hearing, &["@1 5 before the answer"]).unwrap();
        hearing.joined();
        hear(&mut hearing, &["@1 7 b", "@1 8 c"]).unwrap();
        assert!(hear(&mut hearing, &["@1 10 a gap"]).is_err());
    }
}
