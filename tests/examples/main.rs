//! Every example is started as a program, and driven over everything that it shows.

mod calls;
mod chat;
mod clients;
mod cluster;
mod deploy;
mod every;
mod from_robyn;
mod messages;
mod operation;
mod pages;
mod requests;
mod support;
mod tls;
mod view;
mod web_socket;
mod who_is_here;
