//! What was measured, and the arithmetic of it.

use std::time::Duration;

use hdrhistogram::Histogram;

/// What one round of a scenario says about one peer.
pub(crate) type Sample = Vec<(Metric, f64)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Metric {
    CpuPerMessage,
    CpuPerDelivery,
    PerSecond,
    LatencyMedian,
    LatencyTail,
    LatencyFarTail,
    Lateness,
    BytesPerConnection,
    CpuPerHandshake,
    TailBefore,
    TailStalled,
    TailRatio,
    MemoryOfStalled,
    MedianBefore,
    MedianDuringFlood,
    FloodRatio,
}

impl Metric {
    /// For programs: the name in the JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CpuPerMessage => "cpu_us_per_message",
            Self::CpuPerDelivery => "cpu_us_per_delivery",
            Self::PerSecond => "per_second",
            Self::LatencyMedian => "latency_p50_us",
            Self::LatencyTail => "latency_p99_us",
            Self::LatencyFarTail => "latency_p999_us",
            Self::Lateness => "generator_late_p99_us",
            Self::BytesPerConnection => "rss_bytes_per_connection",
            Self::CpuPerHandshake => "cpu_us_per_handshake",
            Self::TailBefore => "p99_us_without_stall",
            Self::TailStalled => "p99_us_with_stall",
            Self::TailRatio => "p99_ratio",
            Self::MemoryOfStalled => "rss_bytes_grown_by_stall",
            Self::MedianBefore => "p50_us_without_flood",
            Self::MedianDuringFlood => "p50_us_with_flood",
            Self::FloodRatio => "p50_ratio",
        }
    }

    /// For people, behind the scenario's title; none if it is never in the table.
    pub(crate) fn row(self) -> Option<&'static str> {
        Some(match self {
            Self::CpuPerMessage => "CPU-µs per message",
            Self::CpuPerDelivery => "CPU-µs per delivery",
            Self::LatencyMedian => "p50, µs",
            Self::LatencyTail => "p99, µs",
            Self::LatencyFarTail => "p99.9, µs",
            Self::BytesPerConnection => "bytes per connection",
            Self::CpuPerHandshake => "CPU-µs per handshake",
            Self::TailStalled => "p99 of the others, µs",
            Self::TailRatio => "the same ÷ before it stalled",
            Self::MemoryOfStalled => "most memory for it, bytes",
            Self::MedianDuringFlood => "p50 of a bystander, µs",
            Self::FloodRatio => "the same ÷ before the flood",
            Self::TailBefore | Self::MedianBefore | Self::PerSecond | Self::Lateness => return None,
        })
    }
}

/// The middle one, or the mean of the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (lower, upper) = (values.len().checked_sub(1)? / 2, values.len() / 2);
    Some(f64::midpoint(values[lower], values[upper]))
}

pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// Of a histogram of nanoseconds.
pub(crate) fn micros_at(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    number(histogram.value_at_quantile(quantile)) / 1e3
}

/// A count, or bytes, or nanoseconds.
#[expect(clippy::cast_precision_loss, reason = "nothing that is counted here comes near 2^53")]
pub(crate) fn number(count: impl TryInto<u64>) -> f64 {
    count.try_into().unwrap_or(u64::MAX) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }
}
