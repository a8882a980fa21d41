//! The results as pictures, for people. All text and ground has its own colour, so that they read on any page.

mod bars;
mod canvas;
mod growth;

pub(crate) use bars::Bars;
pub(crate) use growth::Growth;
