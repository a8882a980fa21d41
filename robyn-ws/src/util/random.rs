//! Random numbers that spread events in time.

use std::time::Duration;

use uuid::Uuid;

/// Returns a random time below `limit`.
pub(crate) fn time_below(limit: Duration) -> Duration {
    let nanos = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(below(nanos))
}

/// Returns a random number from 1 to `most`.
pub(crate) fn up_to(most: u16) -> u16 {
    u16::try_from(below(most.into())).map_or(most, |number| number + 1)
}

/// Returns a random number below `limit`, or 0.
fn below(limit: u64) -> u64 {
    let (random, _) = Uuid::new_v4().as_u64_pair();
    // The version of the id stands in the low bits.
    (random >> 16) % limit.max(1)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use super::{time_below, up_to};

    #[test]
    fn every_number_of_a_small_range_comes_and_no_other() {
        let numbers: BTreeSet<u16> = (0..1000).map(|_| up_to(3)).collect();
        assert_eq!(numbers, BTreeSet::from([1, 2, 3]));
    }

    #[test]
    fn times_are_spread_below_the_limit() {
        let limit = Duration::from_secs(1);
        let times: Vec<_> = (0..1000).map(|_| time_below(limit)).collect();
        assert!(times.iter().all(|time| *time < limit), "{times:?}");
        let mean = times.iter().sum::<Duration>() / 1000;
        assert!(
            (Duration::from_millis(400)..Duration::from_millis(600)).contains(&mean),
            "{mean:?}"
        );
        assert_eq!(time_below(Duration::ZERO), Duration::ZERO);
    }
}
