//! What clients are sent, and what happens if they do not take it.

mod one_turn;
mod overflow;
mod slow_clients;
mod targets;
