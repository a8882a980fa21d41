//! Helpers for the tests of robyn-ws: a server on a free port, clients that say what they expect, and waits with an end.

pub mod foreign;

mod asking;
mod cargo;
mod certificate;
mod child_server;
mod client;
mod compression;
mod fixture;
mod gate;
mod generated_crate;
mod log;
mod memory;
mod nats;
mod port;
mod probe;
mod programs;
mod raw;
mod redis;
mod request;
mod server;
mod stream;
mod wait;

pub use self::{
    asking::Asking,
    cargo::cargo,
    certificate::Certificate,
    client::Client,
    compression::{COMPRESSED, Codec},
    fixture::Fixture,
    gate::Gate,
    generated_crate::{compile_errors, runtime_crate, write_crate},
    log::Log,
    memory::memory_kib,
    nats::NatsServer,
    port::free_address,
    probe::{Probe, Seen, probe},
    programs::{browser, node_program, node_with, program, python_program, python_with, skip},
    raw::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, RawClient, TEXT, close_payload, frame},
    redis::RedisServer,
    request::{ACCEPT, KEY, Request, Response},
    server::{Pipe, Server, Transport, announced_address},
    stream::{Http2, Stream},
    wait::{PATIENCE, until, within},
};
