//! Clients, proxies and other programs from elsewhere.

mod behind_a_proxy;
mod programs;
mod real_clients;
