//! Some clients flood the server, and another one's echo is timed.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use robyn_ws_bench::{ECHO, client_frame, server_frame};

use crate::{
    crowd,
    samples::{Metric, Sample, median, micros},
    scenario::payload,
    server::Server,
    work::Times,
};

const FLOODERS: usize = 4;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A flood of frames that are all alike.
pub(crate) struct Flood {
    /// Whole messages and control frames, sent again and again.
    pub(crate) frames: Vec<u8>,
}

impl Flood {
    /// Each kind with its name.
    pub(crate) fn all() -> [(&'static str, Self); 4] {
        let of = |frame: [u8; 6]| frame.repeat(10_000);
        let fragments = [
            vec![0x02, 0x80, 0, 0, 0, 0],
            of([0x00, 0x80, 0, 0, 0, 0]),
            vec![0x80, 0x80, 0, 0, 0, 0],
        ];
        [
            ("pings", of([0x89, 0x80, 0, 0, 0, 0])),
            ("pongs", of([0x8A, 0x80, 0, 0, 0, 0])),
            ("empty fragments", fragments.concat()),
            ("one-byte messages", [0x82, 0x81, 0, 0, 0, 0, b'x'].repeat(10_000)),
        ]
        .map(|(name, frames)| (name, Self { frames }))
    }

    /// The median of an echo before the flood, and during it.
    pub(crate) fn measure(&self, server: &Server, times: Times) -> Result<Sample> {
        let mut sockets = crowd::connect(server.address, &vec![ECHO.to_owned(); FLOODERS + 1])?;
        let bystander = sockets.swap_remove(0);
        bystander.set_nonblocking(false)?;
        bystander.set_read_timeout(Some(PATIENCE))?;
        server.come_to_rest();
        let mut nobody = Vec::new();
        median_echo(&bystander, &mut nobody, times.warm_up)?;
        let before = median_echo(&bystander, &mut nobody, times.measured)?;
        let mut flooders: Vec<_> = sockets
            .into_iter()
            .map(|socket| Flooder::new(socket, &self.frames))
            .collect();
        median_echo(&bystander, &mut flooders, times.warm_up)?;
        let during = median_echo(&bystander, &mut flooders, times.measured)?;
        let rate = flooders.iter().map(|flooder| flooder.sent).sum::<usize>();
        ensure!(rate > 0, "the flood was not taken");
        Ok(vec![
            (Metric::MedianBefore, before),
            (Metric::MedianDuringFlood, during),
            (Metric::FloodRatio, during / before),
        ])
    }
}

/// Echoes one message at a time, each while the kernel is full of the flood.
fn median_echo(bystander: &TcpStream, flooders: &mut [Flooder<'_>], time: Duration) -> Result<f64> {
    let text = payload(64);
    let (request, answer) = (client_frame(&text), server_frame(&text));
    let (started, mut took) = (Instant::now(), Vec::new());
    let mut received = vec![0; answer.len()];
    while started.elapsed() < time {
        for flooder in flooders.iter_mut() {
            flooder.fill()?;
        }
        let sent = Instant::now();
        (&*bystander).write_all(&request)?;
        (&*bystander).read_exact(&mut received)?;
        took.push(micros(sent.elapsed()));
        ensure!(received == answer, "the bystander got something else");
    }
    Ok(median(took).unwrap_or_default())
}

/// A client that has always more to send.
struct Flooder<'f> {
    socket: TcpStream,
    frames: &'f [u8],
    /// How much of `frames` was sent in this pass over them.
    at: usize,
    sent: usize,
}

impl<'f> Flooder<'f> {
    const fn new(socket: TcpStream, frames: &'f [u8]) -> Self {
        Self {
            socket,
            frames,
            at: 0,
            sent: 0,
        }
    }

    /// Sends as much as the kernel takes, and discards what the server has answered.
    fn fill(&mut self) -> Result<()> {
        let mut answers = [0; 16 * 1024];
        while would(self.socket.read(&mut answers))?.is_some_and(|read| read > 0) {}
        while let Some(sent) = would(self.socket.write(&self.frames[self.at..]))? {
            self.sent += sent;
            self.at = (self.at + sent) % self.frames.len();
        }
        Ok(())
    }
}

/// Returns `None` where the kernel takes or has no more.
fn would(done: std::io::Result<usize>) -> std::io::Result<Option<usize>> {
    match done {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        done => done.map(Some),
    }
}
