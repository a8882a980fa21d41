//! Crates of their own, whose `Cargo.toml` gives robyn-ws another name or none: the macros find it, or say how to name it.

use std::path::PathBuf;

use robyn_ws_tests::{cargo, compile_errors, runtime_crate, write_crate};

/// The same handlers in each crate.
const HANDLERS: &str = r#"
#[derive(Default, ConnectionState)]
pub struct Session;

#[websocket("/chat", on = "message")]
pub fn chat(msg: String, _session: &mut Session) -> String {
    msg
}
"#;

/// A crate in a folder of its own.
struct Project(PathBuf);

impl Project {
    fn new(name: &str, dependency: &str, code: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let manifest = format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[dependencies]\n{dependency}\n\n[workspace]\n"
        );
        write_crate(&folder, &manifest, Some(code));
        Self(folder)
    }

    /// Compiles it with the shared dependencies, and returns the compiler's errors.
    fn errors(&self) -> Vec<String> {
        let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("manifests");
        let mut check = cargo();
        check.args(["check", "--offline", "--quiet", "--message-format=json"]);
        let output = check.current_dir(&self.0).env("CARGO_TARGET_DIR", target).output();
        let output = output.expect("cargo runs");
        let errors: Vec<_> = compile_errors(&output.stdout)
            .iter()
            .map(|error| error["message"]["message"].to_string())
            .collect();
        let is_explained = output.status.success() == errors.is_empty();
        assert!(is_explained, "{errors:?}\n{}", String::from_utf8_lossy(&output.stderr));
        errors
    }
}

fn on_robyn_ws(name: &str) -> String {
    let path = runtime_crate();
    format!("{name} = {{ package = \"robyn-ws\", path = \"{}\" }}", path.display())
}

#[test]
fn a_renamed_dependency_is_found() {
    let code = format!("use ws::prelude::*;\n{HANDLERS}");
    let project = Project::new("renamed", &on_robyn_ws("ws"), &code);
    assert_eq!(project.errors(), Vec::<String>::new());
}

#[test]
fn a_crate_behind_a_facade_is_told_once_at_each_place() {
    let facade = Project::new("facade", &on_robyn_ws("robyn-ws"), "pub use robyn_ws;\n");
    let dependency = format!("facade = {{ path = {:?} }}", facade.0);

    let code = format!("use facade::robyn_ws::prelude::*;\n{HANDLERS}");
    let project = Project::new("behind_a_facade", &dependency, &code);
    let errors = project.errors();
    let places = [
        "#[websocket(.., crate = facade::robyn_ws)]",
        "#[connection_state(crate = facade::robyn_ws)]",
    ];
    assert_eq!(errors.len(), places.len(), "{errors:?}");
    for place in places {
        assert!(
            errors.iter().any(|error| error.contains(place)),
            "no {place} in {errors:?}"
        );
    }

    let named = code
        .replace("\"message\"", "\"message\", crate = facade::robyn_ws")
        .replace(
            "pub struct",
            "#[connection_state(crate = facade::robyn_ws)]\npub struct",
        );
    let project = Project::new("behind_a_named_facade", &dependency, &named);
    assert_eq!(project.errors(), Vec::<String>::new());
}
