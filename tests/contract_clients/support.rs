//! Programs of Node that tests run to their end.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use robyn_ws_tests::{node_program, node_with};
use tokio::{process::Command, time::timeout};

/// Interpreters take their time to start on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(3);

/// All that a project may ask of its modules.
const STRICT: [&str; 14] = [
    "--strict",
    "--noUncheckedIndexedAccess",
    "--exactOptionalPropertyTypes",
    "--noImplicitOverride",
    "--noImplicitReturns",
    "--noFallthroughCasesInSwitch",
    "--noPropertyAccessFromIndexSignature",
    "--noUnusedLocals",
    "--noUnusedParameters",
    "--erasableSyntaxOnly",
    "--isolatedModules",
    "--pretty",
    "false",
    "--target",
];

/// A new folder for the files of one test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("contract_{name}"));
        let _ = fs::remove_dir_all(&folder); // An earlier run may have left it.
        fs::create_dir_all(&folder).expect("the folder can be made");
        Self(folder)
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.0.join(file), text).expect("the file can be written");
    }

    /// Checks files in the most careful way, for these libraries. Returns `false` if there is no compiler.
    pub(crate) async fn compile(&self, libraries: &[&str], files: &[&str]) -> bool {
        let Some(mut compiler) = node_program("typescript", "tsc") else {
            return false;
        };
        compiler.args(STRICT).arg("es2022").args(["--module", "nodenext"]);
        compiler.args(libraries).args(files).current_dir(&self.0);
        passes(compiler.into()).await;
        true
    }

    /// Runs a script that was compiled, with an argument.
    pub(crate) async fn run(&self, script: &str, argument: &str) {
        if let Some(mut node) = node_with("ws") {
            node.arg(self.0.join(script)).arg(argument);
            passes(node.into()).await;
        }
    }
}

async fn passes(mut command: Command) {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(PATIENCE, output).await.expect("the program ends");
    let output = output.expect("the program can be run");
    let texts = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{}\n{}{}", output.status, texts[0], texts[1]);
}
