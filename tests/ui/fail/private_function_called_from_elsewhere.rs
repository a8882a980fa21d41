//! A handler stays as private as it was written: the error is the compiler's own.

pub mod league {
    use robyn_ws::prelude::*;

    #[websocket("/chat", on = "message")]
    fn chat(_msg: String) {}
}

fn main() {
    league::chat("hi".to_owned());
}
