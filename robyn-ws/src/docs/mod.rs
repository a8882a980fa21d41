//! The pages of the documentation, one module each, without items.
//!
//! | page | for |
//! |---|---|
//! | [Getting started](getting_started) | a first server, step by step |
//! | [Handlers](handlers) | events, arguments, replies, sessions |
//! | [From Robyn](from_robyn) | the counterparts of Robyn's WebSockets |
//! | [From axum](from_axum) | endpoints in an axum app, HTTP routes beside endpoints |
//! | [State and dependencies](state_and_dependencies) | values of a connection, of the app, of a sub-router |
//! | [Rooms and broadcasts](rooms_and_broadcasts) | audiences, the hub, slow clients |
//! | [People](people) | identities, all connections of a person, ends of tokens, who is in a room, one session at a time |
//! | [Newest values](newest_values) | broadcasts of which at most one of each key waits for a slow client |
//! | [Calls](calls) | JSON-RPC 2.0: methods of the server and of clients, notifications |
//! | [Contracts](contracts) | a description of all endpoints, AsyncAPI, clients in TypeScript and Python, and a test against breaking changes |
//! | [Errors and closing](errors_and_closing) | failing handlers, close codes, close handlers |
//! | [Several nodes](several_nodes) | an app on more than one machine, over NATS, Redis or a bus of your own |
//! | [Testing](testing) | unit tests, and tests of an app without a port |
//! | [Behind a proxy](behind_a_proxy) | settings for nginx, HAProxy, Caddy and development servers |
//! | [TLS and HTTP/2](tls_and_http2) | certificates, their renewal, sockets that share a connection |
//! | [Deployment and drain](deployment_and_drain) | signals, health, reconnecting clients |
//! | [Logs and metrics](logs_and_metrics) | spans, warnings, counters |
//! | [Supervisors](supervisors) | files for systemd, Docker and Kubernetes |
//! | [Performance](performance) | costs and tuning |
//! | [Security](security) | threats, every limit, and your part |

#[doc = include_str!("behind_a_proxy.md")]
pub mod behind_a_proxy {}

#[doc = include_str!("calls.md")]
pub mod calls {}

#[cfg(feature = "contract")]
#[doc = include_str!("contracts.md")]
pub mod contracts {}

#[doc = include_str!("deployment_and_drain.md")]
pub mod deployment_and_drain {}

#[doc = include_str!("errors_and_closing.md")]
pub mod errors_and_closing {}

#[doc = include_str!("from_axum.md")]
pub mod from_axum {}

#[doc = include_str!("from_robyn.md")]
pub mod from_robyn {}

#[doc = include_str!("getting_started.md")]
pub mod getting_started {}

#[doc = include_str!("handlers.md")]
pub mod handlers {}

#[doc = include_str!("logs_and_metrics.md")]
pub mod logs_and_metrics {}

#[doc = include_str!("newest_values.md")]
pub mod newest_values {}

#[doc = include_str!("people.md")]
pub mod people {}

#[doc = include_str!("performance.md")]
pub mod performance {}

#[doc = include_str!("rooms_and_broadcasts.md")]
pub mod rooms_and_broadcasts {}

#[doc = include_str!("security.md")]
pub mod security {}

#[cfg(feature = "backplane")]
#[doc = include_str!("several_nodes.md")]
pub mod several_nodes {}

#[doc = include_str!("state_and_dependencies.md")]
pub mod state_and_dependencies {}

#[doc = include_str!("supervisors.md")]
pub mod supervisors {}

#[doc = include_str!("testing.md")]
pub mod testing {}

#[doc = include_str!("tls_and_http2.md")]
pub mod tls_and_http2 {}
