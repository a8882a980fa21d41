//! What clients send: frames, messages and their order.

mod fairness;
mod frames;
mod headers;
mod in_place;
mod order;
mod partial_frames;
mod payloads;
mod protocol;
