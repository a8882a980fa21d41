//! Finds the runtime crate under the name that the user's `Cargo.toml` gives it.

use std::{env, sync::LazyLock};

use proc_macro_crate::{Error, FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::diagnostics::Diagnostics;

/// Returns the path of the runtime crate, where the user does not give it with `crate = ..`.
pub(crate) fn path() -> TokenStream {
    match find() {
        Ok(FoundCrate::Name(name)) => {
            let name = Ident::new(&name, Span::call_site());
            quote!(::#name)
        }
        // Its own examples and tests know it by its own name. So does, most likely, a crate without a manifest.
        Ok(FoundCrate::Itself) | Err(_) => quote!(::robyn_ws),
    }
}

/// Reports that the user's crate does not depend on the runtime crate, as where another crate re-exports it. Returns
/// `true` if there is nothing to report.
pub(crate) fn check(attribute: &str, errors: &mut Diagnostics) -> bool {
    let is_missing = matches!(find(), Err(Error::CrateNotFound { .. }));
    if is_missing {
        let help = format!(
            "add it to the `[dependencies]` of this crate, or say which crate re-exports it: `{attribute}crate = facade::robyn_ws)]`"
        );
        errors.report(
            &TokenStream::new(),
            "`robyn-ws` is not a dependency of this crate",
            help,
        );
    }
    !is_missing
}

fn find() -> Result<FoundCrate, Error> {
    // Unit tests run outside of the compiler, for no crate.
    if !proc_macro::is_available() || is_known_by_its_own_name() {
        return Ok(FoundCrate::Itself);
    }
    crate_name("robyn-ws")
}

/// Returns `true` if the compiler has been given the crate by its own name, as most often: then no manifest has to be read,
/// for which Cargo would be started.
fn is_known_by_its_own_name() -> bool {
    static IS_KNOWN: LazyLock<bool> = LazyLock::new(|| {
        let mut options = env::args_os().filter_map(|option| option.into_string().ok());
        options.any(|option| option.trim_start_matches("--extern=").starts_with("robyn_ws="))
    });
    *IS_KNOWN
}
