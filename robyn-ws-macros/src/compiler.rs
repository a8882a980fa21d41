//! The compiler that runs this crate, as its options tell.

use std::{env, sync::LazyLock};

/// The options of the compiler. `None` where that is not known: an editor and a unit test are not the compiler, and it may
/// read its options from a file.
pub(crate) static OPTIONS: LazyLock<Option<Vec<String>>> = LazyLock::new(|| {
    let options: Vec<String> = env::args_os().filter_map(|option| option.into_string().ok()).collect();
    options.iter().any(|option| option == "--crate-name").then_some(options)
});
