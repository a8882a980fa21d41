//! The end of a process: signals, drains, and handlers that hold it up.

#![cfg(unix)]

mod encrypted;
mod ends;
mod handover;
mod open_files;
mod program;
mod standstill;
mod unheard;
mod upgrades;
