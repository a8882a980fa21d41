//! The process of the clients: a task for each, and orders from the server's process.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::{TcpSocket, TcpStream},
    runtime::Builder,
    sync::{Semaphore, watch},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Message,
        protocol::{WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::{
    machine::address_of,
    server::PATH,
    talk::{Answer, Order, Seat, WELCOME, announcement, patience},
};
use crate::Outcome;

/// How many connect at a time, fewer than a listener's queue holds.
const AT_ONCE: usize = 64;
/// How long one may take to connect.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a client reads with, in bytes. There are many clients, and nothing long is said.
const READ_BUFFER: usize = 512;

/// Obeys the orders that come on the standard input, until there are no more.
pub(crate) fn run(server: SocketAddr) -> Outcome {
    // The processors are for the server.
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut clients = Clients::new(server);
        let mut orders = BufReader::new(tokio::io::stdin()).lines();
        while let Some(order) = orders.next_line().await? {
            let answer = clients.obey(serde_json::from_str(&order)?).await;
            writeln!(io::stdout(), "{}", serde_json::to_string(&answer)?)?;
        }
        Ok(())
    })
}

/// What all clients together have seen.
#[derive(Debug, Default)]
struct Seen {
    connected: usize,
    pings: usize,
    remarks: usize,
    announcements: usize,
    sent_away: usize,
    /// The first thing that went wrong.
    trouble: Option<String>,
}

#[derive(Debug)]
struct Clients {
    server: SocketAddr,
    count: usize,
    /// So many remarks those who chat have to make.
    remarks: watch::Sender<usize>,
    seen: watch::Sender<Seen>,
}

impl Clients {
    fn new(server: SocketAddr) -> Self {
        Self {
            server,
            count: 0,
            remarks: watch::Sender::new(0),
            seen: watch::Sender::default(),
        }
    }

    async fn obey(&mut self, order: Order) -> Answer {
        match order {
            Order::Connect(count) => {
                self.connect(count).await;
                self.wait("clients connected", count, |seen| seen.connected).await
            }
            Order::CountPings => self.wait("pings", 0, |seen| seen.pings).await,
            Order::Chat(remarks) => {
                self.remarks.send_replace(remarks);
                let hearing = (0..self.count).filter(|&client| Seat::of(client).hears()).count();
                self.wait("remarks came", hearing * remarks, |seen| seen.remarks).await
            }
            Order::Listen(announcements) => {
                let all = self.count * announcements;
                self.wait("announcements came", all, |seen| seen.announcements).await
            }
            Order::Leave => {
                self.wait("clients were told 1001", self.count, |seen| seen.sent_away)
                    .await
            }
        }
    }

    /// Starts clients until there are `count`.
    async fn connect(&mut self, count: usize) {
        let permits = Arc::new(Semaphore::new(AT_ONCE));
        for number in self.count..count {
            // Whoever has connected gives it back. The semaphore is never closed.
            let permit = permits.clone().acquire_owned().await;
            let client = Client {
                number,
                seat: Seat::of(number),
                remarks: self.remarks.subscribe(),
                seen: self.seen.clone(),
            };
            let server = self.server;
            tokio::spawn(async move {
                // Boxed, so that a client that is connected has no room for it.
                let socket = Box::pin(client.connect(server)).await;
                drop(permit);
                client.live(socket).await;
            });
        }
        self.count = count;
    }

    /// Waits until so many of something were seen, unless anything goes wrong.
    async fn wait(&self, what: &str, count: usize, of: impl Fn(&Seen) -> usize) -> Answer {
        let patience = patience(self.count);
        let mut seen = self.seen.subscribe();
        let come = seen.wait_for(|seen| seen.trouble.is_some() || of(seen) >= count);
        let come = timeout(patience, come).await.is_ok();
        let seen = self.seen.borrow();
        match &seen.trouble {
            Some(trouble) => Err(trouble.clone()),
            None if come => Ok(of(&seen)),
            None => Err(format!("{} of {count} {what} in {patience:?}", of(&seen))),
        }
    }
}

/// One of them.
#[derive(Debug)]
struct Client {
    number: usize,
    seat: Seat,
    remarks: watch::Receiver<usize>,
    seen: watch::Sender<Seen>,
}

type Socket = WebSocketStream<TcpStream>;

impl Client {
    /// Connects, and is welcomed.
    async fn connect(&self, server: SocketAddr) -> Result<Socket, String> {
        let socket = timeout(PATIENCE, self.upgrade(server)).await;
        let mut socket = socket.map_err(|_elapsed| format!("not connected after {PATIENCE:?}"))??;
        let first = timeout(PATIENCE, socket.next()).await;
        match first.map_err(|_elapsed| format!("not welcomed after {PATIENCE:?}"))? {
            Some(Ok(Message::Text(text))) if text == WELCOME => Ok(socket),
            other => Err(format!("expected to be welcomed, got {other:?}")),
        }
    }

    async fn upgrade(&self, server: SocketAddr) -> Result<Socket, String> {
        let path = self
            .seat
            .room
            .map_or_else(|| PATH.to_owned(), |room| format!("{PATH}?room={room}"));
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(0);
        let connect = async || -> Result<Socket, Box<dyn std::error::Error>> {
            let socket = TcpSocket::new_v4()?;
            socket.bind((address_of(self.number)?, 0).into())?;
            let stream = socket.connect(server).await?;
            stream.set_nodelay(true)?;
            let url = format!("ws://{server}{path}");
            let (socket, _response) = client_async_with_config(url, stream, Some(config)).await?;
            Ok(socket)
        };
        connect().await.map_err(|error| format!("cannot connect: {error}"))
    }

    /// Stays to the end.
    async fn live(mut self, socket: Result<Socket, String>) {
        let outcome = match socket {
            Ok(socket) => self.stay(socket).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            self.seen.send_modify(|seen| {
                seen.trouble
                    .get_or_insert_with(|| format!("client {}: {error}", self.number));
            });
        }
    }

    /// Listens and chats until it is sent away.
    async fn stay(&mut self, mut socket: Socket) -> Result<(), String> {
        self.seen.send_modify(|seen| seen.connected += 1);
        let (mut announcements, mut remarks) = (0, 0);
        let mut away = false;
        loop {
            let message = tokio::select! {
                message = socket.next() => message,
                Ok(()) = self.remarks.changed(), if self.seat.chats => {
                    self.remark(&mut socket, 1).await?;
                    continue;
                }
            };
            match message {
                Some(Ok(Message::Text(text))) if text == announcement(announcements + 1) => {
                    announcements += 1;
                    self.seen.send_modify(|seen| seen.announcements += 1);
                }
                Some(Ok(Message::Text(text))) if self.seat.remark(remarks + 1).is_some_and(|remark| text == remark) => {
                    remarks += 1;
                    self.seen.send_modify(|seen| seen.remarks += 1);
                    if self.seat.chats && remarks < *self.remarks.borrow() {
                        self.remark(&mut socket, remarks + 1).await?;
                    }
                }
                // It is answered with the next look at the socket.
                Some(Ok(Message::Ping(_))) => self.seen.send_modify(|seen| seen.pings += 1),
                Some(Ok(Message::Close(Some(frame)))) if frame.code == CloseCode::Away => away = true,
                None if away => {
                    self.seen.send_modify(|seen| seen.sent_away += 1);
                    return Ok(());
                }
                other => {
                    return Err(format!(
                        "got {other:?} after {announcements} announcements and {remarks} remarks"
                    ));
                }
            }
        }
    }

    async fn remark(&self, socket: &mut Socket, number: usize) -> Result<(), String> {
        let Some(remark) = self.seat.remark(number) else {
            return Ok(());
        };
        let sent = socket.send(Message::text(remark)).await;
        sent.map_err(|error| format!("cannot say something: {error}"))
    }
}
