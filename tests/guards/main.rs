//! Guards of speed that count instead of timing, so that they say the same on every machine. Each prints what it counted
//! beside its bound. A bound is what it was when it was set, and a tenth; raising one needs a reason in the commit.

mod allocations;
mod app;
mod clients;
mod instructions;
mod report;
mod writes;
