//! Keyed broadcasts, of which a client needs only the newest message of each key.
#![expect(
    clippy::needless_pass_by_value,
    reason = "handlers here have the shapes that users write, whether or not their bodies need them"
)]

mod compressed;
mod connecting;
mod full_queues;
mod model;
mod prices;
mod publishers;
mod replacing;
