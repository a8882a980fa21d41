//! axum's own WebSockets, with a `tokio::sync::broadcast` channel for each room, as in axum's example of a chat.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Result;
use axum::{
    Router,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, Utf8Bytes, WebSocket},
    },
    http::Uri,
    response::Response,
    routing::get,
    serve::ListenerExt as _,
};
use futures_util::{SinkExt as _, StreamExt as _};
use robyn_ws_bench::{ECHO, FAN_OUT, TYPED, TYPED_FAN_OUT};
use tokio::{
    net::TcpListener,
    sync::broadcast::{Sender, error::RecvError},
};

use crate::{
    channels::Channels,
    typed::{LEAGUE, League, Visit},
};

struct App {
    league: League,
    channels: Channels<Utf8Bytes>,
}

async fn echo(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async |mut socket| {
        while let Some(Ok(message)) = socket.recv().await {
            if matches!(message, Message::Text(_)) && socket.send(message).await.is_err() {
                break;
            }
        }
    })
}

async fn typed(upgrade: WebSocketUpgrade, State(app): State<Arc<App>>) -> Response {
    upgrade.on_upgrade(async move |mut socket| {
        let mut visit = Visit::default();
        while let Some(Ok(message)) = socket.recv().await {
            let Message::Text(text) = message else { continue };
            let Ok(answer) = visit.answer(&app.league, &text) else {
                break;
            };
            if socket.send(Message::text(answer)).await.is_err() {
                break;
            }
        }
    })
}

async fn fan_out(upgrade: WebSocketUpgrade, uri: Uri, State(app): State<Arc<App>>) -> Response {
    upgrade.on_upgrade(async move |socket| converse(socket, app.channels.of(uri.path()), Some).await)
}

async fn typed_fan_out(upgrade: WebSocketUpgrade, uri: Uri, State(app): State<Arc<App>>) -> Response {
    upgrade.on_upgrade(async move |socket| {
        let mut visit = Visit::default();
        let answer = |text: Utf8Bytes| visit.answer(&app.league, &text).ok().map(Utf8Bytes::from);
        converse(socket, app.channels.of(uri.path()), answer).await;
    })
}

/// Publishes what `publication` makes of a client's messages, and sends the client what is published. The two tasks are
/// the example's: in one, every publication would look into the socket, which has a buffer of 128 KiB to be zeroed.
async fn converse(
    socket: WebSocket,
    channel: Sender<Utf8Bytes>,
    mut publication: impl FnMut(Utf8Bytes) -> Option<Utf8Bytes>,
) {
    let (mut sender, mut receiver) = socket.split();
    let mut publications = channel.subscribe();
    let mut writing = tokio::spawn(async move {
        loop {
            match publications.recv().await {
                Ok(text) => {
                    if sender.send(Message::Text(text)).await.is_err() {
                        break;
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            }
        }
    });
    let reading = async {
        while let Some(Ok(message)) = receiver.next().await {
            let Message::Text(text) = message else { continue };
            let Some(text) = publication(text) else { break };
            let _listeners = channel.send(text);
        }
    };
    tokio::select! {
        () = reading => writing.abort(),
        _ended = &mut writing => {}
    }
}

pub(crate) async fn serve(address: SocketAddr) -> Result<()> {
    let app = App {
        league: LEAGUE,
        channels: Channels::default(),
    };
    let router = Router::new()
        .route(ECHO, get(echo))
        .route(FAN_OUT, get(fan_out))
        .route("/rooms/{room}", get(fan_out))
        .route(TYPED, get(typed))
        .route(TYPED_FAN_OUT, get(typed_fan_out))
        .with_state(Arc::new(app));
    let listener = TcpListener::bind(address).await?.tap_io(|socket| {
        let _unimportant = socket.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}
