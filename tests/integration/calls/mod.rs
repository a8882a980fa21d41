//! Calls in JSON-RPC 2.0.

mod batch_turns;
mod batches;
mod failures;
mod foreign;
mod hostile;
mod notifications;
mod parameters;
mod specification;
mod to_clients;
mod unanswered;
mod waiting;
mod wiring;
mod wrong_parameters;
