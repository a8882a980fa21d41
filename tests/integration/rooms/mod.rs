//! Who is connected, who is in which room, and whom a broadcast reaches.

mod broadcasting;
mod hub;
mod membership;
mod narrowing;
mod room_costs;
mod room_memory;
mod room_names;
mod storm;
