//! Tests of a [`Backplane`]: the promises that each one keeps, and a bus in memory with faults on request.
//!
//! Needs the features `backplane` and `test-util`. A backplane of your own should pass [`conformance()`]:
//!
//! ```
//! use robyn_ws::test_util::backplane::{MemoryBus, conformance};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let bus = MemoryBus::new();
//! conformance(async || bus.node()).await;
//! # }
//! ```
//!
//! [`Backplane`]: crate::Backplane

mod conformance;
mod faults;
mod memory_bus;
mod memory_node;
mod test_node;

use std::pin::pin;

use futures_util::future::poll_immediate;
use uuid::Uuid;

pub use self::{
    conformance::conformance, faults::Faults, memory_bus::MemoryBus, memory_node::MemoryNode, test_node::TestNode,
};
use crate::{
    backplane::Subject,
    test_util::{expectation::Outcome, watchdog},
};

/// Returns a subject that no other test uses. It is in a partition.
pub fn subject() -> Subject {
    // The version of a random id is not in its first byte, which is the partition.
    Subject::of_hash(Uuid::new_v4().into_bytes())
}

/// Awaits `future`, and fails after [`TIMEOUT`](crate::test_util::TIMEOUT). It costs nothing if `future` is ready.
async fn within<T>(what: &str, future: impl Future<Output = T>) -> Outcome<T> {
    let mut future = pin!(future);
    match poll_immediate(&mut future).await {
        Some(value) => Ok(value),
        None => watchdog::within(what, future).await,
    }
}
