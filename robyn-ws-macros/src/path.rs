//! The path of an endpoint as the attribute has it: the mistakes of a literal, told at the literal.

mod foreign;
mod rules;

use syn::LitStr;

use crate::diagnostics::Diagnostics;

pub(crate) fn check(path: &LitStr, errors: &mut Diagnostics) {
    for mistake in rules::mistakes(&path.value()) {
        errors.report(path, mistake.problem, mistake.help);
    }
}

#[cfg(test)]
mod tests;
