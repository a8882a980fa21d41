//! Limits: what they bound, and which values they take.

mod admission;
mod contradictions;
mod limit_edges;
mod limit_values;
mod storms;
