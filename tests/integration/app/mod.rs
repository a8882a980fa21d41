//! The app: what it is built of, and how it is served.

mod app_state;
mod build_errors;
mod debug_output;
mod dependencies;
mod early_endpoints;
mod health;
mod http_routes;
mod only;
mod parameters;
mod path_mistakes;
mod runtimes;
mod serving;
mod settings;
mod sub_routers;
mod surface;
mod taken_twice;
mod telemetry;
mod wiring_places;
mod wiring_words;
