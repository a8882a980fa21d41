//! axum's own WebSockets, with a `tokio::sync::broadcast` channel for each room, as in axum's example of a chat.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use axum::{
    Router,
    extract::{
        Path, State, WebSocketUpgrade,
        ws::{Message, Utf8Bytes, WebSocket},
    },
    response::Response,
    routing::get,
    serve::ListenerExt as _,
};
use robyn_ws_bench::{CITY, QUEUE};
use serde::{Deserialize, Serialize};
use tokio::{
    net::TcpListener,
    sync::broadcast::{self, error::RecvError},
};

type Channel = broadcast::Sender<Utf8Bytes>;

#[derive(Default)]
struct Visit {
    messages: u64,
}

struct App {
    city: &'static str,
    everyone: Channel,
    typed: Channel,
    rooms: Mutex<HashMap<String, Channel>>,
}

#[derive(Deserialize)]
struct Said<'a> {
    user: &'a str,
    room: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct Answered<'a> {
    city: &'a str,
    user: &'a str,
    room: u32,
    text: &'a str,
}

impl App {
    fn room(&self, room: String) -> Channel {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.entry(room).or_insert_with(channel).clone()
    }

    fn answer(&self, visit: &mut Visit, text: &str) -> serde_json::Result<Utf8Bytes> {
        visit.messages += 1;
        let Said { user, room, text } = serde_json::from_str(text)?;
        let city = self.city;
        serde_json::to_string(&Answered { city, user, room, text }).map(Utf8Bytes::from)
    }
}

fn channel() -> Channel {
    broadcast::channel(QUEUE).0
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
            let Ok(answer) = app.answer(&mut visit, &text) else {
                break;
            };
            if socket.send(Message::Text(answer)).await.is_err() {
                break;
            }
        }
    })
}

async fn fan_out(upgrade: WebSocketUpgrade, State(app): State<Arc<App>>) -> Response {
    upgrade.on_upgrade(async move |socket| converse(socket, app.everyone.clone(), Some).await)
}

async fn room(upgrade: WebSocketUpgrade, Path(room): Path<String>, State(app): State<Arc<App>>) -> Response {
    upgrade.on_upgrade(async move |socket| converse(socket, app.room(room), Some).await)
}

async fn typed_fan_out(upgrade: WebSocketUpgrade, State(app): State<Arc<App>>) -> Response {
    upgrade.on_upgrade(async move |socket| {
        let mut visit = Visit::default();
        let answer = |text: Utf8Bytes| app.answer(&mut visit, &text).ok();
        converse(socket, app.typed.clone(), answer).await;
    })
}

/// Publishes what `publication` makes of a client's messages, and sends it what others publish. A client that is
/// slower than the channel is long misses messages.
async fn converse(
    mut socket: WebSocket,
    channel: Channel,
    mut publication: impl FnMut(Utf8Bytes) -> Option<Utf8Bytes>,
) {
    let mut publications = channel.subscribe();
    loop {
        tokio::select! {
            received = socket.recv() => match received {
                Some(Ok(Message::Text(text))) => {
                    let Some(text) = publication(text) else { break };
                    let _listeners = channel.send(text);
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => break,
            },
            published = publications.recv() => match published {
                Ok(text) => if socket.send(Message::Text(text)).await.is_err() { break },
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => break,
            },
        }
    }
}

pub(crate) async fn serve(address: SocketAddr) -> Result<()> {
    let app = App {
        city: CITY,
        everyone: channel(),
        typed: channel(),
        rooms: Mutex::default(),
    };
    let router = Router::new()
        .route("/echo", get(echo))
        .route("/fan_out", get(fan_out))
        .route("/rooms/{room}", get(room))
        .route("/typed", get(typed))
        .route("/typed_fan_out", get(typed_fan_out))
        .with_state(Arc::new(app));
    let listener = TcpListener::bind(address).await?.tap_io(|socket| {
        let _unimportant = socket.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}
