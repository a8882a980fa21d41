//! Programs that compile and run, and programs with one mistake each, of which the compiler's words are compared with a
//! `.stderr` file beside them.
//!
//! `cargo xtask ui` runs only these. After an intended change of words, `cargo xtask ui --bless` writes the files anew:
//! read the difference before you commit it.

#[test]
fn programs_compile_or_say_why_not() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}
