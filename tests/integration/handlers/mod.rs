//! What a handler takes and returns, and what happens when it fails.

mod blocking;
mod events;
mod extractors;
mod failing_values;
mod greeting;
mod handler_timeout;
mod missing_extensions;
mod panics;
mod query;
mod replies;
mod sessions;
mod state;
mod views;
