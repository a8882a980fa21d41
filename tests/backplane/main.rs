//! Backplanes: what each one promises, and what happens when its server goes and comes.

mod memory;
#[cfg(unix)]
mod nats;
#[cfg(unix)]
mod nats_outages;
#[cfg(unix)]
mod nats_refusals;
