mod broadcasts;
mod closing;
mod dedicated;
mod messages;
mod negotiation;
mod support;
mod turns;
