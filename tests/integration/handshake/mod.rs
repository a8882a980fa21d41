//! From the opening request to the 101, or to a refusal.

mod addresses;
mod ghosts;
mod handshake_rules;
mod handshakes;
mod origin_rules;
mod origins;
mod request_head;
mod upgrade;
mod upgrade_handlers;
