//! What is measured: the list of scenarios.

use indicatif::HumanCount;
use robyn_ws_bench::{
    ANSWERED, CALL, CALLS, ECHO, FAN_OUT, RESULT, RESULT_OF_JSONRPSEE, ROOMS, SAID, TYPED, TYPED_FAN_OUT, client_frame,
    server_frame,
};

use crate::{
    exchange::{Next, Shape},
    flood::Flood,
    open_loop::OpenLoop,
    samples::Metric,
    work::{Exchanged, SlowReader, Work},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Echo,
    /// Echoes at fixed rates.
    OpenLoop,
    FanOut,
    Rooms,
    Idle,
    SlowReader,
    Flood,
    Typed,
    /// JSON-RPC 2.0.
    Calls,
    /// The same with more and more connections.
    Growth,
}

impl Kind {
    pub(crate) const ALL: [(&'static str, Self); 10] = [
        ("echo", Self::Echo),
        ("open_loop", Self::OpenLoop),
        ("fan_out", Self::FanOut),
        ("rooms", Self::Rooms),
        ("idle", Self::Idle),
        ("slow_reader", Self::SlowReader),
        ("flood", Self::Flood),
        ("typed", Self::Typed),
        ("calls", Self::Calls),
        ("growth", Self::Growth),
    ];
}

pub(crate) struct Scenario {
    pub(crate) kind: Kind,
    pub(crate) title: String,
    pub(crate) work: Work,
    /// Connecting takes longer than measuring: fewer rounds do.
    pub(crate) is_large: bool,
}

pub(crate) const ECHO_CLIENTS: usize = 64;
/// Per second.
const RATES: [u32; 3] = [1_000, 10_000, 50_000];
/// As far as the limit on open files allows.
const GROWTH: [usize; 5] = [100, 1_000, 5_000, 10_000, 20_000];
/// What a process opens beside the connections of [`GROWTH`].
const OTHER_FILES: usize = 200;

/// All scenarios, in the order of the table's rows.
pub(crate) fn all(open_files: u64) -> Vec<Scenario> {
    let mut all = vec![echo(64, "64 B", 1), echo(64, "64 B", 16), echo(16 * 1024, "16 KiB", 16)];
    all.extend(RATES.map(open_loop));
    for (listeners, publishers, in_flight) in [
        (100, 1, 1),
        (1_000, 1, 1),
        (10_000, 1, 1),
        (1_000, 1, 16),
        (1_000, 16, 1),
    ] {
        all.push(fan_out(listeners, publishers, in_flight));
    }
    all.push(rooms(1_000, 10));
    all.push(Scenario {
        kind: Kind::Idle,
        title: "10,000 idle connections".to_owned(),
        work: Work::Idle { connections: 10_000 },
        is_large: true,
    });
    all.push(Scenario {
        kind: Kind::SlowReader,
        title: "one stalled reader among 1,000".to_owned(),
        work: Work::SlowReader(SlowReader {
            readers: 1_000,
            size: 16 * 1024,
            unread: 448,
        }),
        is_large: true,
    });
    all.extend(Flood::all().map(|(name, flood)| Scenario {
        kind: Kind::Flood,
        title: format!("flood of {name} by 4 clients"),
        work: Work::Flood(flood),
        is_large: false,
    }));
    all.extend([
        typed_echo(1),
        typed_echo(16),
        typed_fan_out(1_000, 1),
        typed_fan_out(1_000, 16),
        calls(1),
        calls(16),
    ]);
    let most = usize::try_from(open_files)
        .unwrap_or(usize::MAX)
        .saturating_sub(OTHER_FILES);
    let mut sizes = GROWTH.map(|size| size.min(most)).to_vec();
    sizes.dedup();
    all.extend(sizes.into_iter().map(growth));
    all
}

fn echo(size: usize, shown: &str, in_flight: usize) -> Scenario {
    let text = payload(size);
    let title = format!("echo {shown}, {in_flight} in flight");
    answered(Kind::Echo, title, ECHO, in_flight, [&text, &text])
}

fn typed_echo(in_flight: usize) -> Scenario {
    let title = format!("typed echo, {in_flight} in flight");
    let texts = [SAID, ANSWERED].map(str::as_bytes);
    answered(Kind::Typed, title, TYPED, in_flight, texts)
}

/// The typed echo once more, as a call.
fn calls(in_flight: usize) -> Scenario {
    let title = format!("call, {in_flight} in flight");
    let mut calls = answered(Kind::Calls, title, CALLS, in_flight, [CALL, RESULT].map(str::as_bytes));
    if let Work::Exchange(exchanged) = &mut calls.work {
        exchanged.answer_of = Some(("jsonrpsee", server_frame(RESULT_OF_JSONRPSEE.as_bytes())));
    }
    calls
}

/// One client says something and is answered.
fn answered(kind: Kind, title: String, path: &'static str, in_flight: usize, [said, answer]: [&[u8]; 2]) -> Scenario {
    Scenario {
        kind,
        title,
        work: Work::Exchange(Exchanged {
            path,
            shape: echoes(in_flight),
            request: client_frame(said),
            answer: server_frame(answer),
            answer_of: None,
            metric: Metric::CpuPerMessage,
        }),
        is_large: false,
    }
}

fn echoes(in_flight: usize) -> Shape {
    Shape {
        groups: ECHO_CLIENTS,
        group_size: 1,
        publishers: 1,
        in_flight,
        next: Next::Same,
    }
}

fn open_loop(rate: u32) -> Scenario {
    Scenario {
        kind: Kind::OpenLoop,
        title: format!("echo 64 B, {} per second", HumanCount(rate.into())),
        work: Work::OpenLoop(OpenLoop { rate }),
        is_large: false,
    }
}

fn fan_out(listeners: usize, publishers: usize, in_flight: usize) -> Scenario {
    let text = payload(64);
    let how = match (publishers, in_flight) {
        (1, 1) => "one at a time".to_owned(),
        (1, _) => format!("{in_flight} in flight"),
        _ => format!("{publishers} publishers"),
    };
    Scenario {
        kind: Kind::FanOut,
        title: format!("fan-out to {}, {how}", grouped(listeners)),
        work: Work::Exchange(Exchanged {
            path: FAN_OUT,
            shape: one_group(listeners, publishers, in_flight),
            request: client_frame(&text),
            answer: server_frame(&text),
            answer_of: None,
            metric: Metric::CpuPerDelivery,
        }),
        is_large: listeners > 1_000,
    }
}

fn typed_fan_out(listeners: usize, in_flight: usize) -> Scenario {
    let how = if in_flight == 1 {
        "one at a time".to_owned()
    } else {
        format!("{in_flight} in flight")
    };
    Scenario {
        kind: Kind::Typed,
        title: format!("typed fan-out to {}, {how}", grouped(listeners)),
        work: Work::Exchange(Exchanged {
            path: TYPED_FAN_OUT,
            shape: one_group(listeners, 1, in_flight),
            request: client_frame(SAID.as_bytes()),
            answer: server_frame(ANSWERED.as_bytes()),
            answer_of: None,
            metric: Metric::CpuPerDelivery,
        }),
        is_large: false,
    }
}

fn growth(connections: usize) -> Scenario {
    let text = payload(64);
    Scenario {
        kind: Kind::Growth,
        title: format!("growth to {}", grouped(connections)),
        work: Work::Growth(Exchanged {
            path: FAN_OUT,
            shape: one_group(connections, 1, 1),
            request: client_frame(&text),
            answer: server_frame(&text),
            answer_of: None,
            metric: Metric::CpuPerDelivery,
        }),
        is_large: true,
    }
}

pub(crate) fn one_group(listeners: usize, publishers: usize, in_flight: usize) -> Shape {
    Shape {
        groups: 1,
        group_size: listeners,
        publishers,
        in_flight: publishers * in_flight,
        next: Next::Same,
    }
}

fn rooms(rooms: usize, members: usize) -> Scenario {
    let text = payload(64);
    Scenario {
        kind: Kind::Rooms,
        title: format!("fan-out in {} rooms of {members}", grouped(rooms)),
        work: Work::Exchange(Exchanged {
            path: ROOMS,
            shape: Shape {
                groups: rooms,
                group_size: members,
                publishers: members,
                in_flight: 16,
                next: Next::Other,
            },
            request: client_frame(&text),
            answer: server_frame(&text),
            answer_of: None,
            metric: Metric::CpuPerDelivery,
        }),
        is_large: true,
    }
}

/// Readable text, for a server that checks whether it is text.
pub(crate) fn payload(size: usize) -> Vec<u8> {
    b"The quick brown fox jumps over the lazy dog. "
        .iter()
        .copied()
        .cycle()
        .take(size)
        .collect()
}

pub(crate) fn grouped(number: usize) -> String {
    HumanCount(number as u64).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_ends_at_the_limit_on_open_files() {
        let sizes = |open_files| -> Vec<usize> {
            let scenarios = all(open_files).into_iter();
            scenarios.filter_map(|scenario| scenario.work.grown_to()).collect()
        };
        assert_eq!(sizes(1_000_000), GROWTH);
        assert_eq!(sizes(20_000), [100, 1_000, 5_000, 10_000, 19_800]);
        assert_eq!(sizes(1_024), [100, 824]);
    }
}
