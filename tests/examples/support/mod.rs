//! Starts examples as processes, and talks to them as a stranger would.

mod build;
mod client;
mod http;
mod process;

pub(crate) use self::{
    build::{names, program, root, servers, source},
    client::Client,
    http::Answer,
    process::{Example, run_to_its_end, run_to_its_end_with},
};
