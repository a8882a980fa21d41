//! Handlers with the names of imports that are no functions, and of types that other items mention.

#![deny(warnings)]

use std::{fmt, time};

use robyn_ws::prelude::*;

#[websocket("/time", on = "message")]
#[websocket("/clock", on = "message")]
fn time(_msg: &str) -> String {
    format!("{:?}", time::Duration::ZERO)
}

#[websocket("/fmt", on = "message")]
fn fmt(_msg: &str) -> String {
    let write: fn(&u8, &mut fmt::Formatter<'_>) -> fmt::Result = fmt::Display::fmt;
    let _ = write;
    String::new()
}

const WORD: &'static str = "word";

#[websocket("/str", on = "message")]
#[websocket("/word", on = "message")]
fn str() -> &'static str {
    WORD
}

fn main() -> Result<(), BuildErrors> {
    assert_eq!(App::new().build()?.hub.paths().count(), 5);
    Ok(())
}
