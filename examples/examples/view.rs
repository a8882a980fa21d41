//! Views: a type that is the state of a connection and has its handlers as methods, beside the same as functions.
//! Run it: `cargo run --example view`
//! Then type `python -m websockets "ws://127.0.0.1:8080/view/den?name=bruce"` in two terminals, and there anything
//! Needs: robyn-ws, serde (derive), tokio (full), tracing-subscriber

use robyn_ws::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Name {
    name: String,
}

// ---- a chat as one type -------------------------------------------------------------------------------------------

/// One client in a room. Only `upgrade` can create it.
#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct Member {
    name: String,
    room: String,
    said: u32,
}

// The name of a method is its event. Its arguments and its reply are those of a function.
#[websocket_view("/view/{room}")]
impl Member {
    fn upgrade(
        Path(room): Path<String>,
        Query(Name { name }): Query<Name>,
    ) -> Result<Self, (StatusCode, &'static str)> {
        if name == "joker" {
            return Err((StatusCode::FORBIDDEN, "no jokers"));
        }
        Ok(Self { name, room, said: 0 })
    }

    fn connect(&self, ws: &WebSocketConnector) -> String {
        ws.join(&self.room);
        format!("Welcome to {}, {}", self.room, self.name)
    }

    async fn message(&mut self, ws: WebSocketConnector, msg: &str) {
        self.said += 1;
        ws.to(&self.room).async_broadcast(self.line(msg)).await;
    }

    // It writes a log, so it runs on a thread that may block.
    #[view(blocking)]
    fn close(&self) {
        println!("{} said {} lines in {}", self.name, self.said, self.room);
    }

    /// Not an event, so an ordinary method.
    fn line(&self, msg: &str) -> String {
        format!("{}. {}: {msg}", self.said, self.name)
    }
}

// ---- the same as functions ----------------------------------------------------------------------------------------

/// A function takes the state by its type.
#[derive(ConnectionState)]
#[connection_state(from_upgrade)]
struct Guest {
    name: String,
    room: String,
    said: u32,
}

#[websocket("/functions/{room}", on = "upgrade")]
fn admit(Path(room): Path<String>, Query(Name { name }): Query<Name>) -> Result<Guest, (StatusCode, &'static str)> {
    if name == "joker" {
        return Err((StatusCode::FORBIDDEN, "no jokers"));
    }
    Ok(Guest { name, room, said: 0 })
}

#[websocket("/functions/{room}", on = "connect")]
fn welcome(guest: &Guest, ws: &WebSocketConnector) -> String {
    ws.join(&guest.room);
    format!("Welcome to {}, {}", guest.room, guest.name)
}

#[websocket("/functions/{room}", on = "message")]
async fn say(guest: &mut Guest, ws: WebSocketConnector, msg: &str) {
    guest.said += 1;
    let line = format!("{}. {}: {msg}", guest.said, guest.name);
    ws.to(&guest.room).async_broadcast(line).await;
}

#[websocket("/functions/{room}", on = "close", blocking)]
fn gone(guest: &Guest) {
    println!("{} said {} lines in {}", guest.name, guest.said, guest.room);
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    App::new().serve(address).await
}
