//! Who a client is: identities, and what can be done with all connections of a person.

mod expiry;
mod identities;
mod pending;
mod upgrade_replies;
