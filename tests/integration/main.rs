//! Integration tests: real sockets, the public surface, one module per theme. Each test is named as what it proves.

#![expect(
    clippy::needless_pass_by_value,
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "handlers here have the shapes that users write, whether or not their bodies need them"
)]

mod addresses;
mod app;
mod behind_a_proxy;
mod blocking;
mod broadcasting;
mod build_errors;
mod closing;
mod closing_code;
mod closing_once;
mod debug_output;
mod dependencies;
mod disconnected;
mod drain;
mod early_endpoints;
mod ending_table;
mod endings;
mod events;
mod extractors;
mod failing_values;
mod fairness;
mod frames;
mod ghosts;
mod greeting;
mod half_close;
mod handler_timeout;
mod handshake_rules;
mod handshakes;
mod headers;
mod hub;
mod in_place;
mod limit_edges;
mod limit_values;
mod limits;
mod narrowing;
mod one_turn;
mod only;
mod order;
mod origin_rules;
mod origins;
mod overdue;
mod overflow;
mod panics;
mod partial_frames;
mod payloads;
mod programs;
mod protocol;
mod query;
mod real_clients;
mod reaping;
mod replies;
mod request_head;
mod room_costs;
mod room_memory;
mod room_names;
mod rooms;
mod runtimes;
mod sending;
mod sessions;
mod shutdown;
mod silence;
mod slow_clients;
mod state;
mod storm;
mod stream_end;
mod sub_routers;
mod surface;
mod telemetry;
mod test_app;
mod test_socket;
mod upgrade;
mod upgrade_handlers;
