//! Each `Params` has all parameters: the error is at the second one.

use robyn_ws::prelude::*;

#[websocket("/floor", on = "call", method = "order")]
fn order(Params(_symbol): Params<String>, Params(_amount): Params<u32>) {}

#[derive(Default, ConnectionState)]
pub struct Floor;

#[websocket_view("/floor/view")]
impl Floor {
    #[call]
    fn sell(&mut self, _symbol: Params<String>, _amount: Result<Params<u32>, Rejection>) {}
}

fn main() {}
