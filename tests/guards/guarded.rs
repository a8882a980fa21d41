//! The program that is counted under callgrind: the handlers of the guards on one thread, until SIGTERM. With an argument,
//! it compresses for clients that offer it.

mod app;

use robyn_ws::{App, Compression, ServeError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let compression = match std::env::args().nth(1) {
        Some(_) => Compression::shared(),
        None => Compression::off(),
    };
    App::new().compression(compression).serve("127.0.0.1:0").await
}
