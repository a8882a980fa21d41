//! What is written when all is measured.

mod json;
mod table;

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

use crate::{
    chart::{Bars, Growth},
    machine::Machine,
    options::Options,
    results::Results,
};

/// Where the results of a full run go, to be committed by who wants to.
const KEPT: &str = "tests/bench/results";
/// Where those of any other go.
const SCRATCH: &str = "target/bench/results";

/// Writes the files, from the repository's root, and prints the table.
pub(crate) fn write(options: &Options, machine: &Machine, results: &Results) -> Result<()> {
    let folder = Path::new(if options.is_full() { KEPT } else { SCRATCH });
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let table = table::markdown(machine, results);
    println!("{table}");
    let mut files = vec![
        ("results.md", table),
        ("results.json", json::text(options, machine, results)?),
    ];
    match Bars::of(results) {
        Some(bars) => files.push(("results.svg", bars.svg()?)),
        None => println!("bench: no results.svg, which compares CPU per message with the floor's"),
    }
    if let Some(growth) = Growth::of(results) {
        files.push(("growth.svg", growth.svg()?));
    }
    for (name, text) in files {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("bench: wrote {}", path.display());
    }
    Ok(())
}
