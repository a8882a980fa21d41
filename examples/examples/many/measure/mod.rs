//! The measurement, phase by phase. Whatever is lost or wrong ends it.

pub(crate) mod clients;
pub(crate) mod crowd;
mod machine;
pub(crate) mod options;
mod report;
mod server;
mod talk;

use std::time::{Duration, Instant};

use self::{
    crowd::Crowd,
    machine::{Meter, Most, raise_open_files, resident_memory},
    options::Options,
    report::{grouped, micros, number, row},
    server::{PATH, Server},
    talk::{CHATS, Order, ROOM, Seat, announcement, patience},
};
use crate::Outcome;

/// What the first connections bring into memory is no part of one more.
const FIRST: usize = 100;
/// What each of those who chat says, each remark when the last has come back.
const REMARKS: usize = 100;
/// What everybody is told, each when everybody has the last.
const ANNOUNCEMENTS: usize = 10;

#[tokio::main]
pub(crate) async fn run(options: &Options) -> Outcome {
    let (before, open_files) = raise_open_files();
    let most = Most::of(open_files)?;
    let connections = options.connections.unwrap_or(most.connections);
    if connections > most.connections {
        return Err(format!("`--connections {connections}`: this machine allows {most}").into());
    }
    println!(
        "open files: up to {}, raised to {}",
        grouped(before),
        grouped(open_files)
    );
    println!("connections: {}; this machine allows {most}", grouped(connections));
    println!(
        "half of them in rooms of {ROOM}, one in {CHATS} chats, a ping after {:?} of silence\n",
        options.ping
    );
    let server = Server::start(options.ping).await?;
    let crowd = Crowd::start(server.address, connections)?;
    let mut measurement = Measurement {
        connections,
        server,
        crowd,
    };
    report::head();
    measurement.connect().await?;
    measurement.idle(options.idle).await?;
    measurement.chat().await?;
    measurement.broadcast().await?;
    measurement.drain().await?;
    measurement.crowd.end().await?;
    println!("\nnothing was lost");
    Ok(())
}

struct Measurement {
    connections: usize,
    server: Server,
    crowd: Crowd,
}

impl Measurement {
    /// Connects everybody, a few at a time.
    async fn connect(&mut self) -> Outcome {
        let first = FIRST.min(self.connections / 2);
        self.crowd.obey(Order::Connect(first)).await?;
        let memory = resident_memory()?;
        let meter = Meter::start();
        self.crowd.obey(Order::Connect(self.connections)).await?;
        let spent = meter.read();
        let memory_of_all = resident_memory()?;

        let counted = self.server.hub.count();
        expect("connections in the hub", counted, self.connections)?;
        let more = self.connections - first;
        let rooms = self.server.hub.endpoint(PATH).room_count();
        row(
            "connect",
            Some(spent),
            &format!("{} per handshake", micros(spent.processor, more)),
            &format!(
                "{} connections, {} a second, {} rooms",
                grouped(counted),
                grouped(per_second(more, spent.time)),
                grouped(rooms)
            ),
        );
        row(
            "memory",
            None,
            &format!(
                "{} bytes per connection",
                grouped(memory_of_all.saturating_sub(memory) / more)
            ),
            &format!("{} MiB in all", grouped(memory_of_all / 1024 / 1024)),
        );
        Ok(())
    }

    /// Nobody says anything, but the server's heartbeats go on. Less than 3 µs is the goal, with the default heartbeat.
    async fn idle(&mut self, idle: Duration) -> Outcome {
        let pings = self.crowd.obey(Order::CountPings).await?;
        let meter = Meter::start();
        self.crowd.rest(idle).await?;
        let spent = meter.read();
        let pings = self.crowd.obey(Order::CountPings).await? - pings;
        let each = micros(spent.processor.div_f64(spent.time.as_secs_f64()), self.connections);
        row(
            "idle",
            Some(spent),
            &format!("{each} per second and connection"),
            &format!(
                "{} pings, {:.2} for each",
                grouped(pings),
                number(pings) / number(self.connections)
            ),
        );
        expect(
            "connections in the hub after that",
            self.server.hub.count(),
            self.connections,
        )
    }

    /// A few chat, each in a room of its own.
    async fn chat(&mut self) -> Outcome {
        let seats = (0..self.connections).map(Seat::of);
        let (chat, hear) = seats.fold((0, 0), |(chat, hear), seat| {
            (chat + usize::from(seat.chats), hear + usize::from(seat.hears()))
        });
        let meter = Meter::start();
        let heard = self.crowd.obey(Order::Chat(REMARKS)).await?;
        let spent = meter.read();
        expect("remarks heard", heard, hear * REMARKS)?;
        row(
            "chat",
            Some(spent),
            &format!("{} per delivery", micros(spent.processor, heard)),
            &format!(
                "{} chatted, {} heard, {} deliveries",
                grouped(chat),
                grouped(hear),
                grouped(heard)
            ),
        );
        Ok(())
    }

    /// Announcements go to everybody, from outside of handlers.
    async fn broadcast(&mut self) -> Outcome {
        let everyone = self.server.hub.endpoint(PATH).everyone();
        let meter = Meter::start();
        let mut slowest = Duration::ZERO;
        for number in 1..=ANNOUNCEMENTS {
            self.crowd.tell(Order::Listen(number)).await?;
            let started = Instant::now();
            let delivery = everyone.sync_broadcast(announcement(number));
            let heard = self.crowd.answer().await?;
            slowest = slowest.max(started.elapsed());
            expect("recipients of a broadcast", delivery.queued, self.connections)?;
            expect("dropped messages", delivery.dropped, 0)?;
            expect("announcements that came", heard, self.connections * number)?;
        }
        let spent = meter.read();
        let deliveries = self.connections * ANNOUNCEMENTS;
        row(
            "broadcast",
            Some(spent),
            &format!("{} per delivery", micros(spent.processor, deliveries)),
            &format!(
                "{ANNOUNCEMENTS} to all; the last had it after {:.0} ms, at worst {:.0} ms",
                spent.time.as_secs_f64() * 1e3 / number(ANNOUNCEMENTS),
                slowest.as_secs_f64() * 1e3
            ),
        );
        Ok(())
    }

    /// Everybody is sent away.
    async fn drain(&mut self) -> Outcome {
        self.crowd.tell(Order::Leave).await?;
        let meter = Meter::start();
        let drained = self.server.shutdown.drain(patience(self.connections)).await;
        let spent = meter.read();
        let sent_away = self.crowd.answer().await?;
        expect("connections that were closed", drained.closed, self.connections)?;
        expect("connections that were cut", drained.cut, 0)?;
        expect("clients that were told 1001", sent_away, self.connections)?;
        expect("connections in the hub at the end", self.server.hub.count(), 0)?;
        expect("rooms at the end", self.server.hub.endpoint(PATH).room_count(), 0)?;
        row(
            "drain",
            Some(spent),
            &format!("{} per connection", micros(spent.processor, self.connections)),
            &format!("{} were told 1001, {} were cut", grouped(sent_away), drained.cut),
        );
        Ok(())
    }
}

fn expect(what: &str, seen: usize, expected: usize) -> Outcome {
    if seen == expected {
        return Ok(());
    }
    Err(format!("{what}: {} instead of {}", grouped(seen), grouped(expected)).into())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "nothing happens 2^53 times in a second"
)]
fn per_second(count: usize, time: Duration) -> usize {
    (number(count) / time.as_secs_f64()).round() as usize
}
