//! Programs that compile and run, and programs with one mistake each, of which the compiler's words are compared with a
//! `.stderr` file beside them.
//!
//! `cargo xtask ui` runs only these. After an intended change of words, `cargo xtask ui --bless` writes the files anew:
//! read the difference before you commit it.

use std::fs;

#[test]
fn programs_compile_or_say_why_not() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}

/// The compiler quotes the standard library only where the component `rust-src` is installed, as for rust-analyzer, so a
/// case that has it quoted would fail elsewhere. Such a case can bring a type of its own.
#[test]
fn no_expectation_depends_on_the_sources_of_the_standard_library() {
    let cases = fs::read_dir("ui/fail").expect("the cases can be listed");
    for case in cases {
        let path = case.expect("the cases can be listed").path();
        if path.extension().is_some_and(|extension| extension == "stderr") {
            let words = fs::read_to_string(&path).expect("a case can be read");
            assert!(!words.contains("--> $RUST/"), "{} quotes it", path.display());
        }
    }
}
