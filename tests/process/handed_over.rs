//! A program whose clients go over to another one when it stops.
//!
//! Arguments: the interval of its drain in milliseconds; for TLS, a certificate and its key in the format PEM.

use std::{error::Error, time::Duration};

use robyn_ws::{Tls, close_code, prelude::*};

/// The time of the drain that is left for the last clients.
const REST: Duration = Duration::from_secs(20);

#[websocket("/echo", on = "message")]
fn echo(msg: &str) -> &str {
    msg
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (interval, tls) = match &*arguments {
        [interval] => (interval, None),
        [interval, certificate, key] => (interval, Some(Tls::from_pem(certificate, key)?)),
        _ => return Err("expected one argument, the interval, or three".into()),
    };
    let interval = Duration::from_millis(interval.parse()?);
    let limits = Limits::default()
        .drain_interval(interval)
        .shutdown_grace(interval + REST);
    let app = App::new()
        .limits(limits)
        .drain_code(close_code::RESTART)
        .health("/healthz", "/readyz");
    let app = match tls {
        Some(tls) => app.tls(tls),
        None => app,
    };
    app.serve("127.0.0.1:0").await?;
    Ok(())
}
