//! robyn-ws.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use robyn_ws::{Nats, Redis, prelude::*};

#[websocket("/room/{room}", on = "connect")]
fn enter(ws: &WebSocketConnector, Path(room): Path<String>) -> &'static str {
    ws.join(room);
    "joined"
}

#[websocket("/room/{room}", on = "message")]
fn say(ws: &WebSocketConnector, msg: &str) {
    let (room, text) = msg.split_once(' ').unwrap_or_default();
    ws.to(room).sync_broadcast(text);
}

pub(super) async fn serve(address: SocketAddr, broker: Option<String>) -> Result<()> {
    let app = match broker {
        None => App::new(),
        Some(url) if url.starts_with("nats:") => App::new().backplane(Nats::connect(url).await?),
        Some(url) if url.starts_with("redis:") => App::new().backplane(Redis::connect(url).await?),
        Some(url) => bail!("{url} is no broker here"),
    };
    Ok(app.serve(address).await?)
}
