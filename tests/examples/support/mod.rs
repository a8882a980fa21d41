//! Starts examples as processes, and talks to them as a stranger would.

mod build;
mod client;
mod http;
mod process;

pub(crate) use self::{
    build::{names, program, root, source},
    client::Client,
    http::Answer,
    process::{Example, run_to_its_end},
};

use std::time::Duration;

use tokio::time::timeout;

/// How long anything may take. It is far longer than anything does, so only what never comes is waited for so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for what has to happen, but not forever.
pub(crate) async fn soon<T>(what: &str, happens: impl Future<Output = T>) -> T {
    let outcome = timeout(PATIENCE, happens).await;
    outcome.unwrap_or_else(|_elapsed| panic!("waited {} s in vain for {what}", PATIENCE.as_secs()))
}
