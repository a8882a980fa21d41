//! Echoes at a fixed rate, whether or not the server keeps up.

use std::time::Duration;

use anyhow::Result;
use robyn_ws_bench::{ECHO, client_frame, server_frame};

use crate::{
    crowd,
    exchange::{Counted, Exchange, Next, Shape},
    samples::{Metric, Sample, micros, micros_at, number},
    scenario::{ECHO_CLIENTS, payload},
    server::Server,
    work::Times,
};

/// Many clients that take turns.
pub(crate) struct OpenLoop {
    /// Messages of all of them, per second.
    pub(crate) rate: u32,
}

impl OpenLoop {
    pub(crate) fn measure(&self, server: &Server, times: Times) -> Result<Sample> {
        let sockets = crowd::connect(server.address, &vec![ECHO.to_owned(); ECHO_CLIENTS])?;
        server.come_to_rest();
        let (warm_up, measured) = (self.messages(times.warm_up), self.messages(times.measured));
        let shape = Shape {
            groups: ECHO_CLIENTS,
            group_size: 1,
            publishers: 1,
            in_flight: warm_up.max(measured).div_ceil(ECHO_CLIENTS),
            next: Next::Other,
        };
        let text = payload(64);
        let mut exchange = Exchange::new(sockets, shape, &client_frame(&text), &server_frame(&text))?;
        exchange.run_at(self.rate, warm_up)?;
        let before = server.cpu();
        let counted = exchange.run_at(self.rate, measured)?;
        let cpu = server.cpu().saturating_sub(before);
        exchange.expect_silence()?;
        Ok(sample(&counted, cpu))
    }

    fn messages(&self, time: Duration) -> usize {
        let interval = Duration::from_secs(1) / self.rate;
        usize::try_from(time.as_nanos() / interval.as_nanos()).unwrap_or(usize::MAX)
    }
}

fn sample(counted: &Counted, cpu: Duration) -> Sample {
    vec![
        (Metric::CpuPerMessage, micros(cpu) / number(counted.published)),
        (
            Metric::PerSecond,
            number(counted.published) / counted.took.as_secs_f64(),
        ),
        (Metric::LatencyMedian, micros_at(&counted.latency, 0.5)),
        (Metric::LatencyTail, micros_at(&counted.latency, 0.99)),
        (Metric::LatencyFarTail, micros_at(&counted.latency, 0.999)),
        (Metric::Lateness, micros_at(&counted.lateness, 0.99)),
    ]
}
