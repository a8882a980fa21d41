mod broadcasts;
mod dedicated;
mod messages;
mod negotiation;
mod support;
mod turns;
