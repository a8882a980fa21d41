//! Handlers in another crate are found where that crate's sub-router is included.

#![deny(warnings)]

use robyn_ws::prelude::*;
use robyn_ws_tests::foreign::FOREIGN;

#[websocket("/here", on = "message")]
fn here() {}

/// A handler of this crate on a sub-router of the other.
#[websocket("/guest", on = "message", router = robyn_ws_tests::foreign::FOREIGN)]
fn guest() {}

fn main() -> Result<(), BuildErrors> {
    let running = App::new().include_router(&FOREIGN).build()?;
    let paths: Vec<_> = running.hub.paths().collect();
    assert!(paths.contains(&"/foreign/hello"), "{paths:?}");
    assert!(paths.contains(&"/foreign/guest"), "{paths:?}");
    assert!(paths.contains(&"/here"), "{paths:?}");
    Ok(())
}
