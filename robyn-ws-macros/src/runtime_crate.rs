//! Finds the runtime crate under the name that the user's `Cargo.toml` gives it: in the options of the compiler, which
//! Cargo passes. To read the manifest would take a parser of TOML, which every user would compile.

use std::{path::Path, sync::LazyLock};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::{compiler::OPTIONS, diagnostics::Diagnostics};

const OWN_NAME: &str = "robyn_ws";

/// Returns the path of the runtime crate, where the user does not give it with `crate = ..`.
pub(crate) fn path() -> TokenStream {
    let name = NAME.as_deref().unwrap_or(OWN_NAME);
    let name = Ident::new(name, Span::call_site());
    quote!(::#name)
}

/// Reports that the user's crate does not depend on the runtime crate, as where another crate re-exports it. Returns
/// `true` if there is nothing to report.
pub(crate) fn check(attribute: &str, errors: &mut Diagnostics) -> bool {
    let is_found = NAME.is_some();
    if !is_found {
        let help = format!(
            "add it to the `[dependencies]` of this crate, or say which crate re-exports it: `{attribute}crate = facade::robyn_ws)]`"
        );
        errors.report(
            &TokenStream::new(),
            "`robyn-ws` is not a dependency of this crate",
            help,
        );
    }
    is_found
}

/// The name of the runtime crate in the crate that is compiled. `None` if that does not depend on it.
static NAME: LazyLock<Option<String>> = LazyLock::new(|| match &*OPTIONS {
    Some(options) => name_in(options),
    None => Some(OWN_NAME.to_owned()),
});

/// Returns the name in `--extern NAME=PATH`, whose path is that of the runtime crate.
fn name_in(options: &[String]) -> Option<String> {
    let externs = options.iter().filter_map(|option| {
        let option = option.strip_prefix("--extern=").unwrap_or(option);
        let (name, path) = option.split_once('=')?;
        // Before the name there may be options: `priv:NAME`.
        let name = name.rsplit(':').next().unwrap_or(name);
        (name == OWN_NAME || is_runtime(Path::new(path))).then_some(name)
    });
    // Its own name is first, in case that there are two versions.
    externs.min_by_key(|name| *name != OWN_NAME).map(str::to_owned)
}

/// Returns `true` for a path such as `librobyn_ws-0123456789abcdef.rmeta`.
fn is_runtime(path: &Path) -> bool {
    let is_library = path
        .extension()
        .is_some_and(|extension| extension == "rmeta" || extension == "rlib");
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let name = stem.split_once('-').map_or(stem, |(name, _hash)| name);
    is_library && name.strip_prefix("lib") == Some(OWN_NAME)
}

#[cfg(test)]
mod tests {
    use super::name_in;

    fn name(options: &[&str]) -> Option<String> {
        let options: Vec<_> = options.iter().map(ToString::to_string).collect();
        name_in(&options)
    }

    #[test]
    fn a_dependency_is_found_under_every_name() {
        for options in [
            &["--extern", "ws=/deps/librobyn_ws-0a1b.rmeta"][..],
            &["--extern=ws=/deps/librobyn_ws-0a1b.rlib"],
            &["--extern", "priv,noprelude:ws=librobyn_ws.rlib"],
            &["--cfg", "feature=\"x\"", "--extern", "ws=/deps/librobyn_ws-0a1b.rmeta"],
        ] {
            assert_eq!(name(options).as_deref(), Some("ws"), "{options:?}");
        }
        let both = [
            "--extern",
            "old=/a/librobyn_ws-1.rmeta",
            "--extern",
            "robyn_ws=/a/librobyn_ws-2.rmeta",
        ];
        assert_eq!(name(&both).as_deref(), Some("robyn_ws"));
    }

    #[test]
    fn other_crates_are_not_taken_for_it() {
        for path in [
            "/deps/librobyn_ws_macros-0a1b.so",
            "/deps/librobyn_ws_tests-0a1b.rmeta",
            "librobyn-ws.rmeta",
        ] {
            assert_eq!(name(&["--extern", &format!("x={path}")]), None, "{path}");
        }
        assert_eq!(name(&["-o", "robyn_ws", "--crate-type=lib"]), None);
    }
}
