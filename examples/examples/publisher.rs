//! A process without sockets that sends to the clients of the example `cluster`.
//! Run it: `cargo run --example publisher`
//! Then look at the page of the example `cluster`, which must be open. Both need `nats-server`
//! Needs: robyn-ws (nats), serde (derive), tokio (full)

use std::{env, error::Error};

use robyn_ws::{BackplaneKey, Message, Nats, Publisher};
use serde::Serialize;

/// What the page of the example `cluster` shows.
#[derive(Serialize)]
struct Said {
    name: &'static str,
    text: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let text = env::args().nth(1).unwrap_or("dinner is ready".into());
    let broker = env::var("NATS_URL").unwrap_or("nats://127.0.0.1:4222".into());
    let publisher = Publisher::new(Nats::connect(&broker).await?).key(BackplaneKey::new("only for this example"));
    let name = "the cook";
    let said = Message::json(&Said { name, text })?;
    // Under the path of the endpoint, as its handlers write it.
    publisher.endpoint("/chat/{room}").to("kitchen").broadcast(said).await?;
    Ok(())
}
