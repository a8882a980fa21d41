//! The line that says where this was measured.

use std::{fmt, fs, process::Command};

use crate::cores::Cores;

#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) kernel: String,
    pub(crate) compiler: String,
    pub(crate) open_files: u64,
    pub(crate) cores: Cores,
}

impl Machine {
    pub(crate) fn look(cores: Cores, open_files: u64) -> Self {
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = processors.lines().find(|line| line.starts_with("model name"));
        let model = model
            .and_then(|line| line.split(": ").nth(1))
            .unwrap_or("unknown processor");
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let compiler = Command::new("rustc").arg("--version").output();
        let compiler = compiler.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
        Self {
            processor: model.trim().to_owned(),
            kernel: kernel.trim().to_owned(),
            compiler: compiler.unwrap_or_else(|_| "unknown compiler".to_owned()),
            open_files,
            cores,
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            processor,
            kernel,
            compiler,
            open_files,
            cores,
        } = self;
        write!(
            f,
            "{processor}, Linux {kernel}, {compiler}; up to {open_files} open files each; {cores}"
        )
    }
}
