//! What goes wrong on a bus in memory.

use std::time::Duration;

/// How long a payload stays back, so that later ones overtake it.
const OVERTAKEN_FOR: Duration = Duration::from_millis(10);

/// Faults of a [`MemoryBus`](super::MemoryBus), each with its probability for one payload and one recipient. The same seed
/// leads to the same faults.
///
/// ```
/// use robyn_ws::test_util::backplane::{Faults, MemoryBus};
///
/// let bus = MemoryBus::new();
/// bus.faults(Faults::seeded(7).drop(0.1).duplicate(0.1));
/// ```
#[derive(Clone, Debug)]
pub struct Faults {
    random: u64,
    drop: f64,
    duplicate: f64,
    delay: (f64, Duration),
    reorder: f64,
}

/// When a recipient gets copies of a payload.
pub(super) type Copies = [Option<Duration>; 2];

impl Faults {
    /// Creates faults that never happen.
    pub const fn seeded(seed: u64) -> Self {
        Self {
            random: seed,
            drop: 0.0,
            duplicate: 0.0,
            delay: (0.0, Duration::ZERO),
            reorder: 0.0,
        }
    }

    /// Sets how often a payload is dropped, without a report.
    #[must_use]
    pub const fn drop(mut self, probability: f64) -> Self {
        self.drop = probability;
        self
    }

    /// Sets how often a payload comes twice.
    #[must_use]
    pub const fn duplicate(mut self, probability: f64) -> Self {
        self.duplicate = probability;
        self
    }

    /// Sets how often a payload comes later, and by how much.
    #[must_use]
    pub const fn delay(mut self, probability: f64, time: Duration) -> Self {
        self.delay = (probability, time);
        self
    }

    /// Sets how often a payload is overtaken by those of the next 10 milliseconds.
    #[must_use]
    pub const fn reorder(mut self, probability: f64) -> Self {
        self.reorder = probability;
        self
    }

    /// Decides about a payload for a recipient.
    pub(super) fn copies(&mut self) -> Copies {
        // All are drawn, so that one probability does not change what the others do.
        let [drop, duplicate, delay, reorder] =
            [self.drop, self.duplicate, self.delay.0, self.reorder].map(|probability| self.happens(probability));
        if drop {
            return [None, None];
        }
        let mut time = Duration::ZERO;
        if delay {
            time += self.delay.1;
        }
        if reorder {
            time += OVERTAKEN_FOR;
        }
        [Some(time), duplicate.then_some(time)]
    }

    /// The generator `splitmix64`.
    fn happens(&mut self, probability: f64) -> bool {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        let [.., high, low] = bits.to_be_bytes();
        let number = u16::from_be_bytes([high, low]);
        f64::from(number) / f64::from(u16::MAX) < probability
    }
}
