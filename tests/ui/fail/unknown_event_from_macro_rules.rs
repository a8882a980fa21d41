//! A misspelt event that a `macro_rules!` is given: the error is at the event, where the macro is called.

use robyn_ws::prelude::*;

macro_rules! handler {
    ($on:literal) => {
        #[websocket("/chat", on = $on)]
        fn chat(_msg: String) {}
    };
}

handler!("mesage");

fn main() {}
