//! An alias of `&'static str` in a view: the error is at the method.

use robyn_ws::prelude::*;

type Text = &'static str;

struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message(_msg: Text) {}
}

fn main() {}
