//! More parameters than axum has room for: the error gives both numbers.

use robyn_ws::prelude::*;

#[websocket("/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}/{j}/{k}/{l}/{m}/{n}/{o}/{p}/{q}/{r}/{s}/{t}/{u}/{v}/{w}/{x}/{y}/{z}")]
async fn chat(_socket: WebSocket) {}

fn main() {}
