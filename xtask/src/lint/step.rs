//! How a step ends.

use anyhow::Result;

/// How a step ended that did not fail.
pub(crate) enum Outcome {
    Passed,
    /// It could not be done here, for this reason.
    Skipped(&'static str),
}

pub(crate) type Step = fn() -> Result<Outcome>;
