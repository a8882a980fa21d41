//! axum's own WebSockets, with a bounded `tokio::sync::mpsc` channel and a writing task for each connection.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Result;
use axum::{
    Router,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, Utf8Bytes},
    },
    http::Uri,
    response::Response,
    routing::get,
    serve::ListenerExt as _,
};
use futures_util::{SinkExt as _, StreamExt as _};
use robyn_ws_bench::FAN_OUT;
use tokio::net::TcpListener;

use crate::queues::Queues;

async fn fan_out(upgrade: WebSocketUpgrade, uri: Uri, State(queues): State<Arc<Queues<Utf8Bytes>>>) -> Response {
    upgrade.on_upgrade(async move |socket| {
        let (mut sender, mut receiver) = socket.split();
        let (id, mut published) = queues.join(uri.path());
        let mut writing = tokio::spawn(async move {
            while let Some(text) = published.recv().await {
                if sender.send(Message::Text(text)).await.is_err() {
                    break;
                }
            }
        });
        let reading = async {
            while let Some(Ok(message)) = receiver.next().await {
                if let Message::Text(text) = message {
                    queues.publish(uri.path(), &text);
                }
            }
        };
        tokio::select! {
            () = reading => writing.abort(),
            _ended = &mut writing => {}
        }
        queues.leave(uri.path(), id);
    })
}

pub(crate) async fn serve(address: SocketAddr) -> Result<()> {
    let router = Router::new()
        .route(FAN_OUT, get(fan_out))
        .route("/rooms/{room}", get(fan_out))
        .with_state(Arc::new(Queues::default()));
    let listener = TcpListener::bind(address).await?.tap_io(|socket| {
        let _unimportant = socket.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}
