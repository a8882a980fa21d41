//! The load: publishes into groups of clients, and counts what every member gets.
//!
//! All frames of a run are alike and formed beforehand, in either direction. So a client has no buffer: what it read is
//! compared with what must stand there, and what it owes is sent from the one text. An echo is a group of one.

mod open_loop;

use std::{
    net::TcpStream,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use hdrhistogram::Histogram;
use robyn_ws_bench::interest;
use rustix::{
    buffer::spare_capacity,
    event::Timespec,
    event::epoll::{self, Event, EventData, EventFlags},
    fd::OwnedFd,
    io::Errno,
    net::{SendFlags, send},
};

const READ_BUFFER: usize = 256 * 1024;
const EVENTS: usize = 256;
/// After how long without anything a run is given up.
const PATIENCE: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };

/// Which group is next when a publication is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The same: every group has its own publications in flight.
    Same,
    /// The one behind the last that was chosen: all groups share what is in flight.
    Other,
}

/// Who publishes, and how much of it is on its way at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) groups: usize,
    pub(crate) group_size: usize,
    /// The first members of each group, in turn.
    pub(crate) publishers: usize,
    /// In each group for [`Next::Same`], in all for [`Next::Other`].
    pub(crate) in_flight: usize,
    pub(crate) next: Next,
}

/// When a run publishes no more.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    Elapsed(Duration),
    Published(usize),
}

struct Client {
    socket: TcpStream,
    group: usize,
    /// Publications of its group that it has got.
    received: usize,
    /// Bytes of the answer that it has got beyond these.
    answer_part: usize,
    /// Bytes of requests that are to be sent,
    owed: usize,
    /// and where in a request they begin.
    request_part: usize,
    waits: bool,
}

/// What is on its way in a group. Publications are told apart by their position: everyone gets them in the order in
/// which they were made, or in the order in which the server took them from several publishers, which is as good.
struct Group {
    published: usize,
    completed: usize,
    /// When, by position. With a schedule, when it was due.
    published_at: Vec<Instant>,
    /// How many members have got it, by position.
    received: Vec<usize>,
}

/// What was counted while the load ran.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) published: usize,
    pub(crate) delivered: usize,
    pub(crate) took: Duration,
    /// From each publication to each of its deliveries, in nanoseconds.
    pub(crate) latency: Histogram<u64>,
    /// From when a publication was due to when it was made, in nanoseconds. Empty without a schedule.
    pub(crate) lateness: Histogram<u64>,
}

impl Counted {
    fn nothing() -> Result<Self> {
        let nanoseconds = Histogram::new_with_bounds(100, 60_000_000_000, 2)?;
        Ok(Self {
            published: 0,
            delivered: 0,
            took: Duration::ZERO,
            latency: nanoseconds.clone(),
            lateness: nanoseconds,
        })
    }
}

pub(crate) struct Exchange {
    epoll: OwnedFd,
    clients: Vec<Client>,
    groups: Vec<Group>,
    shape: Shape,
    /// How many members of each group are to get a publication.
    listeners: usize,
    requests: Vec<u8>,
    request_length: usize,
    answers: Vec<u8>,
    answer_length: usize,
    last_group: usize,
    /// Clients that owe something and do not wait for the kernel.
    debtors: Vec<usize>,
    buffer: Vec<u8>,
}

impl Exchange {
    /// Takes the clients, group by group. They send `request`, and each of the group gets `answer` for it.
    pub(crate) fn new(sockets: Vec<TcpStream>, shape: Shape, request: &[u8], answer: &[u8]) -> Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut clients = Vec::with_capacity(sockets.len());
        for (id, socket) in sockets.into_iter().enumerate() {
            epoll::add(&epoll, &socket, EventData::new_u64(id as u64), EventFlags::IN)?;
            clients.push(Client {
                socket,
                group: id / shape.group_size,
                received: 0,
                answer_part: 0,
                owed: 0,
                request_part: 0,
                waits: false,
            });
        }
        let groups = (0..shape.groups).map(|_| Group {
            published: 0,
            completed: 0,
            published_at: vec![Instant::now(); shape.in_flight],
            received: vec![0; shape.in_flight],
        });
        Ok(Self {
            epoll,
            clients,
            groups: groups.collect(),
            listeners: shape.group_size,
            requests: request.repeat(shape.in_flight + 1),
            request_length: request.len(),
            answers: answer.repeat(READ_BUFFER / answer.len() + 2),
            answer_length: answer.len(),
            last_group: shape.groups - 1,
            debtors: Vec::new(),
            buffer: vec![0; READ_BUFFER],
            shape,
        })
    }

    /// Publishes, and ends when everything published has been got by everyone.
    pub(crate) fn run(&mut self, until: Until) -> Result<Counted> {
        let mut counted = Counted::nothing()?;
        let started = Instant::now();
        let groups = if self.shape.next == Next::Same {
            self.shape.groups
        } else {
            1
        };
        for _ in 0..groups * self.shape.in_flight {
            let group = self.next_group();
            self.publish(group, started, &mut counted);
        }
        self.pay()?;
        let mut events = Vec::with_capacity(EVENTS);
        while self.expects_more(&counted) {
            self.wait(&mut events, &PATIENCE, &counted)?;
            for event in &events {
                let id = usize::try_from(event.data.u64())?;
                let completed = self.on_event(id, event.flags, &mut counted)?;
                self.go_on(id, completed, (started, until), &mut counted);
                self.pay()?;
            }
        }
        counted.took = started.elapsed();
        Ok(counted)
    }

    /// Fails if anything has come that nobody was to get.
    pub(crate) fn expect_silence(&self) -> Result<()> {
        let mut events = Vec::with_capacity(1);
        epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&Timespec::default()))?;
        ensure!(events.is_empty(), "more messages came than were published");
        let torn = self.clients.iter().find(|client| client.answer_part != 0);
        ensure!(torn.is_none(), "half a message is left over");
        Ok(())
    }

    /// From now on the last client reads no more, and nobody waits for it.
    pub(crate) fn stall_last(&mut self) -> Result<()> {
        let last = self.clients.last().context("there is no client")?;
        epoll::delete(&self.epoll, &last.socket)?;
        self.listeners -= 1;
        Ok(())
    }

    fn expects_more(&self, counted: &Counted) -> bool {
        counted.delivered < counted.published * self.listeners
    }

    /// Fails if nothing has come within [`PATIENCE`]; with a shorter time-out, that is no failure.
    fn wait(&self, events: &mut Vec<Event>, timeout: &Timespec, counted: &Counted) -> Result<()> {
        events.clear();
        match epoll::wait(&self.epoll, spare_capacity(events), Some(timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        ensure!(
            !events.is_empty() || *timeout != PATIENCE,
            "messages are LOST: {} were published and {} of {} deliveries came",
            counted.published,
            counted.delivered,
            counted.published * self.listeners
        );
        Ok(())
    }

    /// Gives how many publications are complete with it.
    fn on_event(&mut self, id: usize, flags: EventFlags, counted: &mut Counted) -> Result<usize> {
        if flags.contains(EventFlags::OUT) {
            self.debtors.push(id);
        }
        if flags.intersects(EventFlags::IN | EventFlags::HUP | EventFlags::ERR) {
            self.receive(id, counted)
        } else {
            Ok(0)
        }
    }

    /// Publishes once for each publication that has been completed, unless it is time to end.
    fn go_on(&mut self, id: usize, completed: usize, (started, until): (Instant, Until), counted: &mut Counted) {
        let now = Instant::now();
        for _ in 0..completed {
            let goes_on = match until {
                Until::Elapsed(duration) => now < started + duration,
                Until::Published(count) => counted.published < count,
            };
            if !goes_on {
                break;
            }
            let group = match self.shape.next {
                Next::Same => self.clients[id].group,
                Next::Other => self.next_group(),
            };
            self.publish(group, now, counted);
        }
    }

    fn next_group(&mut self) -> usize {
        self.last_group = (self.last_group + 1) % self.shape.groups;
        self.last_group
    }

    fn publish(&mut self, id: usize, now: Instant, counted: &mut Counted) {
        let group = &mut self.groups[id];
        group.published_at[group.published % self.shape.in_flight] = now;
        let publisher = id * self.shape.group_size + group.published % self.shape.publishers;
        group.published += 1;
        counted.published += 1;
        let client = &mut self.clients[publisher];
        if client.owed == 0 {
            self.debtors.push(publisher);
        }
        client.owed += self.request_length;
    }

    /// Sends what is owed, as far as the kernel takes it.
    fn pay(&mut self) -> Result<()> {
        while let Some(id) = self.debtors.pop() {
            let client = &mut self.clients[id];
            while client.owed > 0 {
                let end = self.requests.len().min(client.request_part + client.owed);
                match send(
                    &client.socket,
                    &self.requests[client.request_part..end],
                    SendFlags::NOSIGNAL,
                ) {
                    Ok(sent) => {
                        client.owed -= sent;
                        client.request_part = (client.request_part + sent) % self.request_length;
                    }
                    Err(Errno::AGAIN) => break,
                    Err(error) => return Err(error).context("a client cannot send"),
                }
            }
            let waits = client.owed > 0;
            if waits != client.waits {
                client.waits = waits;
                epoll::modify(
                    &self.epoll,
                    &client.socket,
                    EventData::new_u64(id as u64),
                    interest(waits),
                )?;
            }
        }
        Ok(())
    }

    /// Reads once, checks every byte, and gives how many publications this has completed.
    fn receive(&mut self, id: usize, counted: &mut Counted) -> Result<usize> {
        let client = &mut self.clients[id];
        let length = match rustix::io::read(&client.socket, &mut self.buffer[..]) {
            Ok(0) => bail!("the server closed the connection of client {id}"),
            Ok(length) => length,
            Err(Errno::AGAIN) => return Ok(0),
            Err(error) => return Err(error).with_context(|| format!("client {id} cannot read")),
        };
        let end = client.answer_part + length;
        if self.buffer[..length] != self.answers[client.answer_part..end] {
            let seen = String::from_utf8_lossy(&self.buffer[..length.min(200)]);
            bail!("client {id} got something else than was expected: {seen:?}");
        }
        client.answer_part = end % self.answer_length;
        let group = &mut self.groups[client.group];
        let now = Instant::now();
        let mut completed = 0;
        for _ in 0..end / self.answer_length {
            ensure!(
                client.received < group.published,
                "client {id} got a message that was not published"
            );
            let position = client.received % self.shape.in_flight;
            client.received += 1;
            counted.delivered += 1;
            let latency = now.saturating_duration_since(group.published_at[position]);
            counted.latency.saturating_record(u64::try_from(latency.as_nanos())?);
            group.received[position] += 1;
            if group.received[position] == self.listeners {
                group.received[position] = 0;
                group.completed += 1;
                completed += 1;
            }
        }
        Ok(completed)
    }
}
