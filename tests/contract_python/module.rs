//! The module of an app, in a folder of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use robyn_ws::App;
use tokio::process;

use robyn_ws_tests::python_with;

/// A folder with the module `contract`. It is removed in the end.
pub(crate) struct Module(PathBuf);

impl Module {
    /// Writes the module of an app, or returns `None` where the test has to be skipped, which is told.
    pub(crate) fn of(app: &App, name: &str) -> Option<Self> {
        python_with("mypy")?;
        python_with("websockets")?;
        let folder = format!("contract_python_{name}_{}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
        fs::create_dir_all(&folder).expect("the folder can be created");
        let module = Self(folder);
        module.write("contract.py", &app.contract().python());
        Some(module)
    }

    /// Writes another file beside the module.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).expect("the file can be written");
    }

    /// Returns what mypy says of a file that imports the module.
    pub(crate) async fn mypy(&self, file: &str) -> String {
        let arguments = [
            "-m",
            "mypy",
            "--strict",
            "--python-version",
            "3.10",
            "--no-error-summary",
        ];
        let output = self.run(&[&arguments[..], &[file]].concat()).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        said + &String::from_utf8_lossy(&output.stderr)
    }

    /// Runs Python to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = python_with("mypy").expect("it is installed");
        command.args(arguments);
        self.output(command).await
    }

    async fn output(&self, command: Command) -> Output {
        let output = process::Command::from(command)
            .current_dir(&self.0)
            .env("PYTHONPATH", &self.0)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(crate::clients::PATIENCE, output).await;
        output.expect("Python ends").expect("Python can be run")
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // It is in the folder of builds.
    }
}
