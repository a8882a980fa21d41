//! Ends of a connection: by whom, with which code, and what follows.

mod close;
mod closing_code;
mod closing_once;
mod disconnected;
mod ending_table;
mod endings;
mod half_close;
mod overdue;
mod reaping;
mod silence;
mod stream_end;
