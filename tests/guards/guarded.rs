//! The program that is counted under callgrind: the handlers of the guards on one thread, until SIGTERM.

mod app;

use robyn_ws::{App, ServeError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    App::new().serve("127.0.0.1:0").await
}
