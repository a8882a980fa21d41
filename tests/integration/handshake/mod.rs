//! From the opening request to the 101, or to a refusal.

mod addresses;
mod asked_for;
mod ghosts;
mod handshake_rules;
mod handshakes;
mod origin_rules;
mod origins;
mod proxy_protocol;
mod request_head;
mod retry_after;
mod trusted_proxies;
mod upgrade;
mod upgrade_handlers;
