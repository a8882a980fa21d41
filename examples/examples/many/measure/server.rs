//! The server: an endpoint where every other client is in a room, and what is said in a room is heard there.

use std::{net::SocketAddr, time::Duration};

use robyn_ws::{Shutdown, axum, prelude::*};
use serde::Deserialize;
use tokio::{net::TcpListener, task::JoinHandle};

use super::talk::WELCOME;
use crate::Outcome;

pub(crate) const PATH: &str = "/crowd";

#[derive(Deserialize)]
struct Place {
    room: Option<String>,
}

#[websocket("/crowd", on = "connect")]
fn enter(ws: &WebSocketConnector, Query(place): Query<Place>) -> &'static str {
    if let Some(room) = place.room {
        ws.join(room);
    }
    WELCOME
}

#[websocket("/crowd", on = "message")]
fn say(ws: &WebSocketConnector, Query(place): Query<Place>, msg: Utf8Bytes) {
    if let Some(room) = place.room {
        ws.to(room).sync_broadcast(msg);
    }
}

/// Serves until it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) hub: Hub,
    pub(crate) shutdown: Shutdown,
    task: JoinHandle<std::io::Result<()>>,
}

impl Server {
    pub(crate) async fn start(ping: Duration) -> Outcome<Self> {
        let running = App::new().limits(Limits::default().heartbeat_interval(ping)).build()?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        Ok(Self {
            address: listener.local_addr()?,
            hub: running.hub,
            shutdown: running.shutdown,
            task: tokio::spawn(axum::serve(listener, running.router).into_future()),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
