//! State of a connection: each client has its own, and handlers take it as `&mut` without a lock.
//! Run it: `cargo run --example state`
//! Then type `python -m websockets ws://127.0.0.1:8080/mean`, and there some numbers; in a second terminal it starts anew
//! Needs: robyn-ws, tokio (full), tracing-subscriber

use robyn_ws::prelude::*;

/// The numbers of one client: created with `Default` for each connection, and dropped after its close handler.
#[derive(Default, ConnectionState)]
struct Numbers {
    /// How many numbers the client has sent.
    count: u32,
    /// Their sum.
    sum: f64,
}

#[websocket("/mean", on = "message")]
fn message(msg: &str, numbers: &mut Numbers) -> Result<String, HandlerError> {
    let number: f64 = msg
        .trim()
        .parse()
        .map_err(|_| HandlerError::reply(format!("`{msg}` is not a number")))?;
    numbers.count += 1;
    numbers.sum += number;
    Ok(format!("mean {}", numbers.sum / f64::from(numbers.count)))
}

/// A handler that only reads the state takes `&`.
#[websocket("/mean", on = "close")]
fn close(numbers: &Numbers) -> String {
    format!("Goodbye after {} numbers", numbers.count)
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    App::new().serve(address).await
}
