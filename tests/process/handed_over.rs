//! A program whose clients go over to another one when it stops.
//!
//! Argument: the interval of its drain in milliseconds.

use std::{error::Error, time::Duration};

use robyn_ws::{close_code, prelude::*};

/// The time of the drain that is left for the last clients.
const REST: Duration = Duration::from_secs(20);

#[websocket("/echo", on = "message")]
fn echo(msg: &str) -> &str {
    msg
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let interval = std::env::args().nth(1).ok_or("expected an argument: the interval")?;
    let interval = Duration::from_millis(interval.parse()?);
    let limits = Limits::default()
        .drain_interval(interval)
        .shutdown_grace(interval + REST);
    App::new()
        .limits(limits)
        .drain_code(close_code::RESTART)
        .health("/healthz", "/readyz")
        .serve("127.0.0.1:0")
        .await?;
    Ok(())
}
