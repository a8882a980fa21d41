//! `start` and `listen`, as in other frameworks: the errors are at the addresses and say that an app is served.

use robyn_ws::prelude::*;

async fn start() -> Result<(), ServeError> {
    App::new().start(8080).await
}

async fn listen() -> Result<(), ServeError> {
    App::new().listen("127.0.0.1:8080").await
}

fn main() {
    drop((start(), listen()));
}
