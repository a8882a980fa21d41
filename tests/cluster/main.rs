//! An app on several nodes, over a bus in memory.

mod absent;
mod broadcasts;
mod bus;
mod closing;
mod nodes;
mod outages;
mod presence;
mod publisher;
mod sends;
mod trust;
