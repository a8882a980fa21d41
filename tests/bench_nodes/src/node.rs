//! A node, and a client of it.

use std::{env, process::Command, time::Duration};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum as _;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, Utf8Bytes},
};

use crate::{
    process::{Process, free_address},
    serve::Peer,
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A node that runs.
#[derive(Debug)]
pub(crate) struct Node {
    peer: Peer,
    pub(crate) process: Process,
}

impl Node {
    pub(crate) fn start(peer: Peer, broker: Option<&str>) -> Result<Self> {
        let address = free_address()?;
        let name = peer.to_possible_value().context("each peer has a name")?;
        let mut command = Command::new(env::current_exe()?);
        command
            .args(["serve", name.get_name(), &address.to_string()])
            .args(broker)
            // The logs of a peer are no part of what is measured.
            .env("RUST_LOG", "off");
        let process = Process::start(&mut command, address)?;
        Ok(Self { peer, process })
    }

    /// Connects a client that has joined a room.
    pub(crate) async fn connect(&self, room: &str) -> Result<Client> {
        let address = self.process.address;
        let target = match self.peer {
            Peer::RobynWs => format!("ws://{address}/room/{room}"),
            Peer::Socketioxide => format!("ws://{address}/socket.io/?EIO=4&transport=websocket"),
        };
        let (socket, _) = connect_async(target).await?;
        let mut client = Client {
            peer: self.peer,
            socket,
        };
        if self.peer == Peer::Socketioxide {
            client.expect("0{").await?;
            client.send_packet("40".into()).await?;
            client.expect("40").await?;
            client.send_packet(format!("42[\"join\",\"{room}\"]").into()).await?;
        }
        client.expect("").await?; // It has joined.
        Ok(client)
    }
}

/// A client. Its texts have no characters that JSON escapes.
#[derive(Debug)]
pub(crate) struct Client {
    peer: Peer,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    /// Sends a text to a room.
    pub(crate) async fn say(&mut self, room: &str, text: &str) -> Result<()> {
        let packet = match self.peer {
            Peer::RobynWs => format!("{room} {text}"),
            Peer::Socketioxide => format!("42[\"say\",\"{room} {text}\"]"),
        };
        self.send_packet(packet.into()).await
    }

    /// Receives a text.
    pub(crate) async fn hear(&mut self) -> Result<Utf8Bytes> {
        let packet = self.packet().await?;
        if self.peer == Peer::RobynWs {
            return Ok(packet);
        }
        let text = packet
            .strip_prefix("42[\"said\",\"")
            .and_then(|text| text.strip_suffix("\"]"));
        Ok(text.with_context(|| format!("{packet} is no text"))?.into())
    }

    async fn expect(&mut self, start: &str) -> Result<()> {
        let packet = timeout(PATIENCE, self.packet()).await??;
        if !packet.starts_with(start) {
            bail!("{packet} came in place of {start}");
        }
        Ok(())
    }

    async fn send_packet(&mut self, packet: Utf8Bytes) -> Result<()> {
        Ok(self.socket.send(Message::Text(packet)).await?)
    }

    /// Receives a packet, and answers pings meanwhile.
    async fn packet(&mut self) -> Result<Utf8Bytes> {
        loop {
            match self.socket.next().await.context("the node has closed")?? {
                Message::Text(packet) if self.peer == Peer::Socketioxide && packet == "2" => {
                    self.send_packet("3".into()).await?;
                }
                Message::Text(packet) => return Ok(packet),
                Message::Ping(_) | Message::Pong(_) => {}
                other => bail!("{other:?} came"),
            }
        }
    }
}
