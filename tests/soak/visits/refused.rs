//! Asks for what is refused: with a status, before any connection is made.

use fastrand::Rng;
use robyn_ws_tests::Request;

use super::pick;
use crate::{
    client::{Client, Outcome, check, tcp},
    world::World,
};

/// An origin that may connect: the request's own host.
const OWN: &str = "http://localhost";

pub(super) async fn visit(world: &World, choices: &mut Rng) -> Outcome {
    let (target, origin, status) = pick(
        choices,
        &[
            ("/echo?who=0", "http://elsewhere.example", " 403 "),
            ("/echo?who=nobody", OWN, " 400 "),
            ("/echo", OWN, " 400 "),
            ("/nowhere?who=0", OWN, " 404 "),
            ("/quiet?who=-1", OWN, " 400 "),
        ],
    );
    let stream = tcp(world.address, None).await?;
    let request = Request::upgrade(target).header("origin", origin);
    let (line, _client) = Client::ask(stream, &request).await?;
    check(line.contains(status), || {
        format!("expected{status}for {target}, got {line}")
    })
}
