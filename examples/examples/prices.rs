//! Prices that change faster than some clients read: at most one of each symbol waits in the server's queue of a client.
//! Run it: `cargo run --example prices`
//! Then type `python -m websockets ws://127.0.0.1:8080/prices`, and there: BTC
//! Needs: robyn-ws, tokio (full), tracing-subscriber

use std::time::Duration;

use robyn_ws::prelude::*;

const SYMBOLS: [&str; 3] = ["BTC", "ETH", "LTC"];

/// A client names the symbols that it wants.
#[websocket("/prices", on = "message")]
fn subscribe(ws: &WebSocketConnector, symbol: &str) -> String {
    if !SYMBOLS.contains(&symbol) {
        return format!("Unknown: {symbol}");
    }
    ws.join(symbol);
    format!("Subscribed to {symbol}")
}

/// Publishes a price of each symbol a thousand times a second.
async fn publish(prices: HubEndpoint) {
    let mut ticks = tokio::time::interval(Duration::from_millis(1));
    for cents in 0_u64.. {
        ticks.tick().await;
        for symbol in SYMBOLS {
            // The key is the symbol: the price replaces one of the same symbol that still waits in a client's queue.
            prices
                .to(symbol)
                .keyed(symbol)
                .sync_broadcast(format!("{symbol} {}.{:02}", cents / 100, cents % 100));
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let app = App::new();
    tokio::spawn(publish(app.hub().endpoint("/prices")));
    app.serve(address).await
}
