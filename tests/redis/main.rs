//! An app on several nodes, over a Redis server.

#![cfg(unix)]

mod access;
mod broadcasts;
mod endings;
mod nodes;
mod outages;
mod promises;
mod rooms;
