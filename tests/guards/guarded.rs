//! The program that is counted under callgrind: the handlers of the guards on one thread, until SIGTERM. With the argument
//! `compressed`, it compresses for clients that offer it. With `unreachable`, it has a backplane that is down.

mod app;
mod unreachable;

use robyn_ws::{App, Compression, ServeError};

use crate::unreachable::Unreachable;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let app = match std::env::args().nth(1).as_deref() {
        Some("compressed") => App::new().compression(Compression::shared()),
        Some("unreachable") => App::new().backplane(Unreachable),
        _ => App::new(),
    };
    app.serve("127.0.0.1:0").await
}
