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
    let (bars, growth) = (Bars::of(results), Growth::of(results));
    if bars.is_none() {
        println!("bench: there is no results.svg: it compares CPU per message with the floor's");
    }
    for (name, text) in [
        ("results.md", Some(table)),
        ("results.json", Some(json::text(options, machine, results)?)),
        ("results.svg", bars.map(|bars| bars.svg()).transpose()?),
        ("growth.svg", growth.map(|growth| growth.svg()).transpose()?),
    ] {
        let path = folder.join(name);
        if let Some(text) = text {
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            println!("bench: wrote {}", path.display());
        } else if path.exists() {
            // It is of an earlier run.
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}
