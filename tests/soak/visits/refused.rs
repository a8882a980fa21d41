//! Asks for what is refused: with a status, before any connection is made.

use fastrand::Rng;

use super::pick;
use crate::{
    client::{Client, Outcome, check, request, tcp},
    world::World,
};

pub(super) async fn visit(world: &World, choices: &mut Rng) -> Outcome {
    let origin = "origin: http://elsewhere.example\r\n";
    let (target, more, status) = pick(
        choices,
        &[
            ("/echo?who=0", origin, " 403 "),
            ("/echo?who=nobody", "", " 400 "),
            ("/echo", "", " 400 "),
            ("/nowhere?who=0", "", " 404 "),
            ("/quiet?who=-1", "", " 400 "),
        ],
    );
    let stream = tcp(world.address, None).await?;
    let (line, _client) = Client::ask(stream, &request(target, more)).await?;
    check(line.contains(status), || {
        format!("expected{status}for {target}, got {line}")
    })
}
