//! What every example begins with: its log, and the address that it listens on.

use std::{
    env, io,
    net::{Ipv4Addr, SocketAddr},
};

use robyn_ws::ServeError;
use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan};

/// Where the examples listen if nobody says otherwise.
const DEFAULT_PORT: u16 = 8080;

/// Starts the log and gives the address to listen on: port 8080 of this machine, or the port that `--port N` or the
/// variable `PORT` asks for. With port 0 the operating system chooses a free one.
///
/// Log lines go to stderr. `RUST_LOG` chooses them, for example `RUST_LOG=robyn_ws=debug`.
///
/// # Errors
///
/// The port is no number up to 65535, or there is an argument that means nothing.
pub fn setup() -> Result<SocketAddr, ServeError> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    start_log(filter, FmtSpan::NONE);
    address()
}

/// As [`setup`], with a line for every span that ends, whatever `RUST_LOG` says.
///
/// # Errors
///
/// As [`setup`].
pub fn setup_with_spans() -> Result<SocketAddr, ServeError> {
    start_log(EnvFilter::new("info"), FmtSpan::CLOSE);
    address()
}

fn start_log(filter: EnvFilter, spans: FmtSpan) {
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_span_events(spans)
        .with_writer(io::stderr)
        .init();
}

fn address() -> Result<SocketAddr, ServeError> {
    let port = match port_argument(env::args().skip(1))? {
        Some(port) => Some(port),
        None => env::var("PORT").ok().filter(|port| !port.is_empty()),
    };
    let port = port.map_or(Ok(DEFAULT_PORT), |port| parse_port(&port))?;
    // Only this machine can connect. A server for others would listen on `Ipv4Addr::UNSPECIFIED`.
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

/// Reads `--port N` or `--port=N`.
fn port_argument(mut arguments: impl Iterator<Item = String>) -> Result<Option<String>, ServeError> {
    let mut port = None;
    while let Some(argument) = arguments.next() {
        port = Some(match argument.split_once('=') {
            Some(("--port", value)) => value.to_owned(),
            // `--port` without a value is the port ``, which is none.
            None if argument == "--port" => arguments.next().unwrap_or_default(),
            _ => {
                return Err(refuse(
                    "the address",
                    format!("`{argument}` means nothing here, expected `--port N`"),
                ));
            }
        });
    }
    Ok(port)
}

fn parse_port(port: &str) -> Result<u16, ServeError> {
    port.parse().map_err(|_| {
        refuse(
            &format!("port `{port}`"),
            "expected a number from 0 to 65535".to_owned(),
        )
    })
}

/// Words a mistake as the error of a server that could not listen, so that `main` has one kind of error.
fn refuse(address: &str, why: String) -> ServeError {
    ServeError::Bind {
        address: address.to_owned(),
        source: io::Error::new(io::ErrorKind::InvalidInput, why),
    }
}
