//! An app on several nodes, each a process of its own, over a real broker.

#![cfg(unix)]

mod app;
mod broadcasts;
mod broker;
mod churn;
mod ends;
mod outages;
mod proxy;
mod slow_broker;
mod standstill;
mod strangers;
