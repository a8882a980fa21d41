//! socketioxide, with its Redis adapter.

use std::net::SocketAddr;

use anyhow::Result;
use socketioxide::{
    SocketIo,
    adapter::Adapter,
    extract::{Data, SocketRef},
};
use socketioxide_redis::{RedisAdapter, RedisAdapterCtr};

async fn on_connect<A: Adapter>(socket: SocketRef<A>) {
    socket.on("join", |socket: SocketRef<A>, Data(room): Data<String>| async move {
        socket.join(room);
        socket.emit("joined", &()).ok();
    });
    socket.on("say", |socket: SocketRef<A>, Data(said): Data<String>| async move {
        let (room, text) = said.split_once(' ').unwrap_or_default();
        // The error of the adapter is all that a server is told of an outage.
        let _ = socket.within(room.to_owned()).emit("said", text).await;
    });
}

pub(super) async fn serve(address: SocketAddr, broker: &str) -> Result<()> {
    let client = redis::Client::open(format!("{broker}?protocol=resp3"))?;
    let adapter = RedisAdapterCtr::new_with_redis(&client).await?;
    let (layer, io) = SocketIo::builder()
        // As many as robyn-ws queues.
        .max_buffer_size(256)
        .with_adapter::<RedisAdapter<_>>(adapter)
        .build_layer();
    io.ns("/", on_connect).await?;
    let router = axum::Router::new().layer(layer);
    Ok(axum::serve(tokio::net::TcpListener::bind(address).await?, router).await?)
}
