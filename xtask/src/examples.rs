//! `cargo xtask examples`: lists the examples with the first line of each, then builds them.

use std::fs;

use anyhow::{Context as _, Result};

use crate::process::{self, cargo};
use crate::workspace;

pub(crate) fn run() -> Result<()> {
    let examples = workspace::targets("Cargo.toml", "example")?;
    let width = examples.iter().map(|example| example.name.len()).max().unwrap_or(0);
    println!("run one with `cargo run --example NAME`:");
    for example in examples {
        let source = &example.src_path;
        let text = fs::read_to_string(source).with_context(|| format!("cannot read {}", source.display()))?;
        println!("  {:<width$}  {}", example.name, first_comment_line(&text));
    }
    // Without a package, as in `cargo run --example NAME`, so that nothing is built again when one is run.
    process::run(&mut cargo("build --examples"))
}

fn first_comment_line(text: &str) -> &str {
    let first = text.lines().next().unwrap_or_default();
    first.trim_start_matches(['/', '!']).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_comment_say_what_an_example_shows() {
        for text in [
            "//! A chat with rooms.\n//! Run it.",
            "// A chat with rooms.\n\nfn main() {}",
        ] {
            assert_eq!(first_comment_line(text), "A chat with rooms.");
        }
        assert_eq!(first_comment_line(""), "");
    }
}
