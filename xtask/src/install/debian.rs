//! Programs of Debian and Ubuntu.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// Packages, each with programs of which one is enough.
const PACKAGES: [(&str, &[&str]); 12] = [
    ("valgrind", &["valgrind"]),
    ("nginx", &["nginx"]),
    ("haproxy", &["haproxy"]),
    ("caddy", &["caddy"]),
    ("nats-server", &["nats-server"]),
    ("openssl", &["openssl"]),
    // Ubuntu has no package of that name, and its machines for CI have the others.
    ("chromium", &["chromium", "chromium-browser", "google-chrome"]),
    ("nodejs", &["node"]),
    ("npm", &["npm"]),
    ("python3-venv", &["python3"]),
    ("redis-server", &["redis-server"]),
    // Brings `systemd-analyze`, which needs no running systemd.
    ("systemd", &["systemd-analyze"]),
];

/// Keeps apt from starting the servers that it installs, now and when the machine starts: tests start their own.
const SCRIPT: &str = r#"
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --yes --no-install-recommends "$@"
if command -v systemctl > /dev/null; then
    for package in "$@"; do
        if [ -e "/lib/systemd/system/$package.service" ]; then
            systemctl disable "$package.service"
        fi
    done
fi
"#;

/// Installs the packages of which no program is there.
pub(super) fn install() -> Result<()> {
    let missing: Vec<&str> = PACKAGES
        .iter()
        .filter(|(_, programs)| !programs.iter().any(|program| is_installed(program)))
        .map(|(package, _)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(", ");
    if !is_installed("apt-get") {
        bail!("there is no apt-get here: install by hand what these packages of Debian bring: {packages}");
    }
    let mut shell = if is_root()? {
        Command::new("sh")
    } else if is_installed("sudo") {
        let mut sudo = Command::new("sudo");
        sudo.arg("sh");
        sudo
    } else {
        bail!("apt-get needs root, and there is no sudo: install as root {packages}");
    };
    shell.args(["-c", SCRIPT, "sh"]).args(&missing);
    eprintln!("installing {packages}");
    let status = shell.status().context("cannot start the shell")?;
    if !status.success() {
        bail!("apt-get could not install {packages}; it has said why");
    }
    Ok(())
}

fn is_root() -> Result<bool> {
    let id = Command::new("id").arg("-u").output().context("cannot start `id`")?;
    Ok(id.stdout.trim_ascii() == b"0")
}

fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    // Servers are where only root's `PATH` looks.
    let mut folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.any(|folder| Path::new(&folder).join(program).is_file())
}
