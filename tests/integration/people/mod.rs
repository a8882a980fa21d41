//! Who a client is: identities, and what can be done with all connections of a person.

mod crowd;
mod expiry;
mod identities;
mod one_session;
mod pending;
mod presence;
mod upgrade_replies;
