//! Backplanes: what each one promises, and what happens when its server goes and comes.

mod memory;
