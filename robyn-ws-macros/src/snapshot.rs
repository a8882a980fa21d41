//! For tests: compares an expansion with a file in `tests/expansion`.
//!
//! After an intended change, write the files anew with `ROBYN_WS_MACROS_BLESS=1 cargo test -p robyn-ws-macros` and read
//! the difference.

use std::{env, fs, path::Path};

use proc_macro2::TokenStream;

pub(crate) fn check(name: &str, expansion: TokenStream) {
    let file = syn::parse2(expansion).expect("an expansion is a list of items");
    let actual = prettyplease::unparse(&file);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/expansion/{name}.rs"));
    if env::var_os("ROBYN_WS_MACROS_BLESS").is_some() {
        fs::write(&path, actual).expect("the snapshot can be written");
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        actual,
        expected,
        "{} differs; src/snapshot.rs says what to do",
        path.display()
    );
}
