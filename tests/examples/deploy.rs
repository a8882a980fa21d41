//! The files of `examples/deploy`: each is right by the program that reads such files, and agrees with the others, the
//! example and the page of the documentation.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};

use robyn_ws_tests::{program, python_program, python_with};

use crate::support::{self, Example, root, source};

const PAGE: &str = include_str!("../../robyn-ws/src/docs/supervisors.md");
const UNIT: &str = include_str!("../../examples/deploy/deploy.service");
const DOCKERFILE: &str = include_str!("../../examples/deploy/Dockerfile");
/// The drop-ins of the unit.
const DROP_INS: [(&str, &str); 2] = [
    (
        "tls.conf",
        include_str!("../../examples/deploy/deploy.service.d/tls.conf"),
    ),
    (
        "socket.conf",
        include_str!("../../examples/deploy/deploy.service.d/socket.conf"),
    ),
];
const MANIFEST: &str = include_str!("../../examples/deploy/kubernetes.yaml");
const TOOLCHAIN: &str = include_str!("../../rust-toolchain.toml");

/// The time that a supervisor waits beyond the grace.
const MORE: Duration = Duration::from_secs(10);

/// Where the files have the program.
const INSTALLED: &str = "/usr/local/bin/deploy";

fn file(name: &str) -> PathBuf {
    root().join("examples/deploy").join(name)
}

// ---- each file, by the program that reads such files -------------------------------------------------------------------------

/// Checks that a program finds nothing to say.
fn expect_quiet(output: &Output) {
    let said = [&*output.stdout, &*output.stderr].map(String::from_utf8_lossy).concat();
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
}

/// Writes the unit with the path of a program that exists, into a folder of its own.
fn unit_for(folder: &str, unit: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    fs::create_dir_all(&folder).expect("a folder for tests");
    let path = folder.join("deploy.service");
    let built = support::program("deploy").to_str().expect("a path of text");
    fs::write(&path, unit.replace(INSTALLED, built)).expect("a file");
    path
}

#[test]
fn unit_is_one_that_systemd_takes_without_a_warning() {
    let Some(analyze) = program("systemd-analyze") else {
        return;
    };
    let verify = |folder, unit: &str| {
        let mut command = Command::new(&analyze);
        let command = command.args(["verify", "--man=no"]).arg(unit_for(folder, unit));
        command.output().expect("the program runs")
    };
    expect_quiet(&verify("unit", UNIT));
    let wrong = UNIT.replace("TimeoutStopSec=", "TimeoutStopsSec=");
    let said = verify("wrong_unit", &wrong).stderr;
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("TimeoutStopsSec"), "a mistake is told: {said}");
}

#[test]
fn drop_ins_are_ones_that_systemd_takes_without_a_warning() {
    let Some(analyze) = program("systemd-analyze") else {
        return;
    };
    let verify = |folder: &str, name: &str, drop_in: &str| {
        let unit = unit_for(folder, UNIT);
        let built = support::program("deploy").to_str().expect("a path of text");
        let of_unit = unit.with_extension("service.d");
        fs::create_dir_all(&of_unit).expect("a folder for drop-ins");
        fs::write(of_unit.join(name), drop_in.replace(INSTALLED, built)).expect("a file");
        let mut command = Command::new(&analyze);
        let command = command.args(["verify", "--man=no"]).arg(unit);
        command.output().expect("the program runs")
    };
    for (name, drop_in) in DROP_INS {
        expect_quiet(&verify(&format!("right_{name}"), name, drop_in));
        let wrong = format!("{drop_in}LoadCredentials=a:b\n");
        let said = verify(&format!("wrong_{name}"), name, &wrong).stderr;
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("LoadCredentials"), "a mistake is told: {said}");
    }
}

#[test]
fn unit_exposes_as_little_as_the_page_says() {
    let Some(analyze) = program("systemd-analyze") else {
        return;
    };
    let mut command = Command::new(analyze);
    let command = command
        .args(["security", "--offline=true", "--no-pager"])
        .arg(unit_for("exposure", UNIT));
    let output = command.output().expect("the program runs");
    let table = String::from_utf8_lossy(&output.stdout);
    let level = table.split("Overall exposure level for deploy.service: ").nth(1);
    let level = level.and_then(|rest| rest.split(' ').next()?.parse::<f32>().ok());
    let level = level.unwrap_or_else(|| panic!("no level in {table}"));
    // Versions of systemd differ a little.
    assert!(level < 2.5, "{table}");
}

#[test]
fn manifest_is_valid_for_kubernetes_and_its_schema_knows_every_field() {
    let Some(mut python) = python_with("kubernetes_validate") else {
        return;
    };
    // `preStop.sleep` is of 1.30, and the default is the newest version.
    let all = "import sys, yaml, kubernetes_validate as k\n\
               resources = list(yaml.safe_load_all(open(sys.argv[1])))\n\
               for version in ['1.30', k.latest_version()]:\n    \
                   for resource in resources: k.validate(resource, version, strict=True)\n\
               print([resource['kind'] for resource in resources])";
    let output = python.args(["-c", all]).arg(file("kubernetes.yaml")).output();
    let output = output.expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let kinds = String::from_utf8_lossy(&output.stdout);
    assert_eq!(kinds.trim(), "['Deployment', 'Service', 'PodDisruptionBudget']");
}

#[test]
fn dockerfile_is_one_that_hadolint_takes_without_a_warning() {
    let Some(mut hadolint) = python_program("hadolint") else {
        return;
    };
    let output = hadolint.arg("--no-color").arg(file("Dockerfile")).output();
    expect_quiet(&output.expect("the program runs"));
}

// ---- what they agree on ----------------------------------------------------------------------------------------------------------

/// Returns what follows the only occurrence of `key` in a line.
fn value<'t>(text: &'t str, key: &str) -> &'t str {
    let mut values = text.lines().filter_map(|line| line.trim().strip_prefix(key));
    let value = values.next().unwrap_or_else(|| panic!("no `{key}` in {text}"));
    assert_eq!(values.next(), None, "one `{key}`");
    value.trim()
}

fn seconds(text: &str) -> Duration {
    let number = text.trim_end_matches(['s', ',', '/', ' ']);
    Duration::from_secs_f64(
        number
            .parse()
            .unwrap_or_else(|_| panic!("`{text}` is a number of seconds")),
    )
}

/// Returns a time that the example sets.
fn set(limit: &str) -> Duration {
    let source = source("deploy");
    let value = value(&source, &format!(".{limit}(Duration::from_secs(")).to_owned();
    seconds(value.split(')').next().unwrap_or_default())
}

#[test]
fn supervisors_wait_longer_than_the_grace_which_is_longer_than_the_interval() {
    let (grace, interval) = (set("shutdown_grace"), set("drain_interval"));
    assert!(interval < grace);
    assert_eq!(seconds(value(UNIT, "TimeoutStopSec=")), grace + MORE);
    let stop = DOCKERFILE.split("--stop-timeout ").nth(1).expect("how to run it");
    assert_eq!(seconds(stop.split(' ').next().unwrap_or_default()), grace + MORE);
    let pause = seconds(value(MANIFEST, "seconds: "));
    assert_eq!(
        seconds(value(MANIFEST, "terminationGracePeriodSeconds: ")),
        pause + grace + MORE
    );
    let between = seconds(value(MANIFEST, "minReadySeconds: "));
    assert!(between > pause + interval, "two pods are drained at once");
}

#[test]
fn files_name_the_same_program_port_user_and_routes() {
    assert!(value(UNIT, "ExecStart=").starts_with(INSTALLED));
    assert_eq!(
        value(DOCKERFILE, "ENTRYPOINT "),
        format!("[\"{INSTALLED}\"]"),
        "no shell"
    );
    assert_eq!(value(DOCKERFILE, "CMD "), value(MANIFEST, "args: "));
    let user = value(DOCKERFILE, "USER ");
    let (of_pod, group) = (value(MANIFEST, "runAsUser: "), value(MANIFEST, "runAsGroup: "));
    assert_eq!(user, format!("{of_pod}:{group}"));
    assert_ne!(of_pod, "0");
    let port = value(DOCKERFILE, "EXPOSE ");
    assert_eq!(value(MANIFEST, "containerPort: "), port);
    assert!(value(MANIFEST, "args: ").ends_with(&format!(":{port}\"]")));
    let source = source("deploy");
    let routes = value(&source, ".health(").trim_end_matches(')').to_owned();
    let paths: Vec<_> = MANIFEST
        .lines()
        .filter_map(|line| line.trim().strip_prefix("path: "))
        .collect();
    assert_eq!(format!("\"{}\"", paths.join("\", \"")), routes);
    let files = value(UNIT, "LimitNOFILE=");
    assert!(DOCKERFILE.contains(&format!("nofile={files}:{files}")));
}

#[test]
fn image_is_built_by_the_compiler_of_the_repository_from_the_example_that_it_copies() {
    let channel = value(TOOLCHAIN, "channel = ").trim_matches('"');
    assert!(DOCKERFILE.contains(&format!("FROM rust:{channel}-bookworm AS build")));
    assert!(DOCKERFILE.contains("--package robyn-ws-examples --example deploy"));
    assert!(DOCKERFILE.contains(&format!(
        "COPY --from=build /build/target/release/examples/deploy {INSTALLED}"
    )));
}

#[test]
fn every_block_of_the_page_stands_in_its_file() {
    let [(_, tls), (_, socket)] = DROP_INS;
    let ini = [UNIT, tls, socket].join("\n");
    for (language, file, count) in [("ini", &*ini, 3), ("dockerfile", DOCKERFILE, 1), ("yaml", MANIFEST, 3)] {
        let fence = format!("```{language}\n");
        let blocks: Vec<_> = PAGE.split(&fence).skip(1).collect();
        assert_eq!(blocks.len(), count, "{language}");
        for block in blocks {
            let (block, _) = block.split_once("```").expect("a block ends");
            assert!(file.contains(block), "not in the file:\n{block}");
        }
    }
}

#[test]
fn table_of_the_page_has_the_times_of_the_files() {
    let row = |of: &str| {
        let row = PAGE.lines().find(|line| line.starts_with(&format!("| `{of}")));
        let row = row.unwrap_or_else(|| panic!("no row of `{of}`"));
        let cell = row.trim_end_matches(" |").rsplit("| ").next().unwrap_or_default();
        seconds(cell)
    };
    assert!(row("Limits::unready_grace") <= row("Limits::shutdown_grace"));
    assert_eq!(row("Limits::drain_interval"), set("drain_interval"));
    assert_eq!(row("Limits::shutdown_grace"), set("shutdown_grace"));
    assert_eq!(row("TimeoutStopSec"), seconds(value(UNIT, "TimeoutStopSec=")));
    assert_eq!(row("preStop"), seconds(value(MANIFEST, "seconds: ")));
    let whole = value(MANIFEST, "terminationGracePeriodSeconds: ");
    assert_eq!(row("terminationGracePeriodSeconds"), seconds(whole));
}

// ---- the example ---------------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn deploy_tells_how_it_is_and_sends_its_clients_away_with_1012() {
    let example = Example::start("deploy").await;
    let mut client = example.connect("/echo").await;
    client.say("hi").await;
    assert_eq!(client.text().await, "hi");
    for path in ["/healthz", "/readyz"] {
        assert_eq!(example.get(path).await.status, 200, "{path}");
    }
    example.ask_to_stop().await;
    assert_eq!(client.closed().await.0, 1012);
    example.ended().await;
}
