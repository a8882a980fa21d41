//! How a scenario is carried out against one server.

use std::{
    net::TcpStream,
    time::{Duration, Instant},
};

use anyhow::Result;
use robyn_ws_bench::{ECHO, FAN_OUT, ROOMS, client_frame, server_frame};

use crate::{
    crowd,
    exchange::{Exchange, Shape, Until},
    flood::Flood,
    open_loop::OpenLoop,
    samples::{Metric, Sample, micros, micros_at, number},
    scenario::{one_group, payload},
    server::Server,
};

/// How many connect before memory is looked at: what the first ones bring into it is no part of one more.
const FIRST: usize = 100;

/// What is shown of [`Work::Growth`].
pub(crate) const GROWING: [Metric; 2] = [Metric::CpuPerDelivery, Metric::BytesPerConnection];

/// How long things go on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
}

pub(crate) enum Work {
    Exchange(Exchanged),
    OpenLoop(OpenLoop),
    Idle {
        connections: usize,
    },
    SlowReader(SlowReader),
    Flood(Flood),
    /// Broadcasts, and the memory of those who get them.
    Growth(Exchanged),
}

/// Publications that are all alike.
pub(crate) struct Exchanged {
    pub(crate) path: &'static str,
    pub(crate) shape: Shape,
    /// The frame of a client,
    pub(crate) request: Vec<u8>,
    /// and the one that every member of its group gets for it.
    pub(crate) answer: Vec<u8>,
    /// What one peer sends instead: the same, in another order.
    pub(crate) answer_of: Option<(&'static str, Vec<u8>)>,
    /// Whether the server's time is divided by publications or by deliveries.
    pub(crate) metric: Metric,
}

/// One client stops reading.
pub(crate) struct SlowReader {
    pub(crate) readers: usize,
    /// Of a message, in bytes.
    pub(crate) size: usize,
    /// How many the stalled client leaves unread. The kernel takes 2.6 MB for it, and then [`robyn_ws_bench::QUEUE`] of
    /// them must fit.
    pub(crate) unread: usize,
}

impl Work {
    /// What of it has a row in the table.
    pub(crate) fn rows(&self) -> Vec<Metric> {
        match self {
            Self::Exchange(exchanged) => vec![exchanged.metric],
            Self::OpenLoop(_) => vec![
                Metric::CpuPerMessage,
                Metric::LatencyMedian,
                Metric::LatencyTail,
                Metric::LatencyFarTail,
            ],
            Self::Idle { .. } => vec![Metric::BytesPerConnection, Metric::CpuPerHandshake],
            Self::SlowReader(_) => vec![Metric::TailStalled, Metric::TailRatio, Metric::MemoryOfStalled],
            Self::Flood(_) => vec![Metric::MedianDuringFlood, Metric::FloodRatio],
            Self::Growth(_) => GROWING.to_vec(),
        }
    }

    /// To how many connections, in [`Work::Growth`].
    pub(crate) fn grown_to(&self) -> Option<usize> {
        match self {
            Self::Growth(exchanged) => Some(exchanged.shape.group_size),
            _ => None,
        }
    }

    /// Measures one server once. Whatever is lost or wrong is an error.
    pub(crate) fn measure(&self, server: &Server, times: Times) -> Result<Sample> {
        match self {
            Self::Exchange(exchanged) => exchanged.measure(server, times),
            Self::OpenLoop(open_loop) => open_loop.measure(server, times),
            Self::Idle { connections } => idle(server, *connections),
            Self::SlowReader(slow) => slow.measure(server, times),
            Self::Flood(flood) => flood.measure(server, times),
            Self::Growth(exchanged) => growth(server, exchanged, times),
        }
    }
}

impl Exchanged {
    fn measure(&self, server: &Server, times: Times) -> Result<Sample> {
        let sockets = crowd::connect(server.address, &paths(self.path, &self.shape))?;
        self.run(server, times, sockets)
    }

    fn run(&self, server: &Server, times: Times, sockets: Vec<TcpStream>) -> Result<Sample> {
        // A client may become a member of its room after it was answered.
        server.come_to_rest();
        let other = self.answer_of.as_ref().filter(|(peer, _)| *peer == server.peer);
        let answer = other.map_or(&self.answer, |(_, answer)| answer);
        let mut exchange = Exchange::new(sockets, self.shape, &self.request, answer)?;
        exchange.run(Until::Elapsed(times.warm_up))?;
        let before = server.cpu();
        let counted = exchange.run(Until::Elapsed(times.measured))?;
        let cpu = server.cpu().saturating_sub(before);
        exchange.expect_silence()?;
        let count = match self.metric {
            Metric::CpuPerDelivery => counted.delivered,
            _ => counted.published,
        };
        Ok(vec![
            (self.metric, micros(cpu) / number(count)),
            (Metric::PerSecond, number(count) / counted.took.as_secs_f64()),
            (Metric::LatencyMedian, micros_at(&counted.latency, 0.5)),
            (Metric::LatencyTail, micros_at(&counted.latency, 0.99)),
        ])
    }
}

fn paths(path: &str, shape: &Shape) -> Vec<String> {
    let clients = shape.groups * shape.group_size;
    let path_of = |client: usize| match path {
        ROOMS => format!("{ROOMS}{}", client / shape.group_size),
        _ => path.to_owned(),
    };
    (0..clients).map(path_of).collect()
}

fn idle(server: &Server, connections: usize) -> Result<Sample> {
    let _first = crowd::connect(server.address, &vec![ECHO.to_owned(); FIRST])?;
    let (cpu, resident) = (server.cpu(), server.resident());
    let started = Instant::now();
    let _all = crowd::connect(server.address, &vec![ECHO.to_owned(); connections])?;
    let took = started.elapsed();
    let (cpu, grown) = (
        server.cpu().saturating_sub(cpu),
        server.resident().saturating_sub(resident),
    );
    Ok(vec![
        (Metric::BytesPerConnection, number(grown) / number(connections)),
        (Metric::CpuPerHandshake, micros(cpu) / number(connections)),
        (Metric::PerSecond, number(connections) / took.as_secs_f64()),
    ])
}

fn growth(server: &Server, exchanged: &Exchanged, times: Times) -> Result<Sample> {
    let _first = crowd::connect(server.address, &vec![ECHO.to_owned(); FIRST])?;
    server.come_to_rest();
    let resident = server.resident();
    let paths = paths(exchanged.path, &exchanged.shape);
    let sockets = crowd::connect(server.address, &paths)?;
    server.come_to_rest();
    let grown = server.resident().saturating_sub(resident);
    let mut sample = exchanged.run(server, times, sockets)?;
    sample.push((Metric::BytesPerConnection, number(grown) / number(paths.len())));
    Ok(sample)
}

impl SlowReader {
    /// The same readers on the same server, first all of them, then all but the one that stalls.
    fn measure(&self, server: &Server, times: Times) -> Result<Sample> {
        let text = payload(self.size);
        let shape = one_group(self.readers, 1, 1);
        let sockets = crowd::connect(server.address, &paths(FAN_OUT, &shape))?;
        server.come_to_rest();
        let mut exchange = Exchange::new(sockets, shape, &client_frame(&text), &server_frame(&text))?;
        exchange.run(Until::Elapsed(times.warm_up))?;
        let before = exchange.run(Until::Published(self.unread / 2))?;
        let resident = server.resident();
        server.forget_peak()?;
        exchange.stall_last()?;
        let after = exchange.run(Until::Published(self.unread))?;
        let (before, after) = (micros_at(&before.latency, 0.99), micros_at(&after.latency, 0.99));
        Ok(vec![
            (Metric::TailBefore, before),
            (Metric::TailStalled, after),
            (Metric::TailRatio, after / before),
            (Metric::MemoryOfStalled, number(server.peak().saturating_sub(resident))),
        ])
    }
}
