//! The example `many`, which serves nobody but its own clients, and ends by itself.

use std::{
    fs,
    process::{Output, Stdio},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
};

use crate::examples_support::{program, run_to_its_end, soon};

#[tokio::test]
async fn many_tells_the_cost_of_every_phase_in_which_nothing_was_lost() {
    // Fewer open files than it needs.
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -Sn 256 && exec \"$0\" \"$@\""])
        .arg(program("many"))
        .args(["--connections=300", "--ping-seconds", "2", "--idle-seconds", "3"])
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = soon("the end of `many`", command.output())
        .await
        .expect("`sh` can be run");
    let (table, errors) = texts(&output);
    assert!(output.status.success(), "{}: {errors}\n{table}", output.status);
    assert_eq!(errors, "");

    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("open files: up to 256, raised to "), "{table}");
    assert!(
        lines[1].starts_with("connections: 300; this machine allows "),
        "{table}"
    );
    for (phase, cost, seen) in [
        ("connect ", " µs per handshake ", "300 connections, "),
        ("connect ", " µs per handshake ", " a second, 15 rooms"),
        ("memory ", " bytes per connection ", " MiB in all"),
        ("idle ", " µs per second and connection ", " pings, "),
        ("chat ", " µs per delivery ", " 1 chatted, 10 heard, 1,000 deliveries"),
        ("broadcast ", " µs per delivery ", " 10 to all; the last had it after "),
        ("drain ", " µs per connection ", " 300 were told 1001, 0 were cut"),
    ] {
        let row = row(&table, phase);
        assert!(
            row.contains(cost) && row.contains(seen),
            "`{cost}` and `{seen}` in `{row}`"
        );
    }
    // One falls into the 3 s, unless the machine is busy with something else, and then there may be more.
    let pings = row(&table, "idle ").split_once(" pings").expect("a number of pings").0;
    let pings = pings.rsplit(' ').next().and_then(|number| number.parse::<u32>().ok());
    assert!(pings.is_some_and(|pings| pings > 0), "{table}");
    assert_eq!(lines.last(), Some(&"nothing was lost"));
}

/// More than one task of the courier's writes to.
#[tokio::test]
async fn broadcasts_to_thousands_reach_everyone_once_and_in_order() {
    let output = run_to_its_end("many", None, &["--connections", "5000", "--idle-seconds", "1"]).await;
    let (table, errors) = texts(&output);
    if errors.contains("this machine allows") {
        robyn_ws_tests::skip(&format!("no broadcast to thousands: {}", errors.trim()));
        return;
    }
    assert!(output.status.success(), "{}: {errors}\n{table}", output.status);
    assert!(row(&table, "broadcast ").contains(" 10 to all; "), "{table}");
    assert_eq!(table.lines().last(), Some("nothing was lost"));
}

#[tokio::test]
async fn many_fails_and_says_why_when_its_clients_are_gone() {
    let mut many = Command::new(program("many"))
        .args(["--connections", "20", "--idle-seconds", "60"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("`many` can be run");
    let mut rows = BufReader::new(many.stdout.take().expect("stdout is piped")).lines();
    loop {
        let row = soon("everybody to connect", rows.next_line()).await.expect("UTF-8");
        if row.expect("`many` runs").starts_with("connect ") {
            break;
        }
    }
    let kill = Command::new("kill").args(["-KILL", &clients_of(&many)]).status();
    assert!(kill.await.expect("`kill` can be run").success());
    let mut rest = String::new();
    let read = soon("the end of `many`", rows.into_inner().read_to_string(&mut rest)).await;
    read.expect("UTF-8");
    let output = soon("the end of `many`", many.wait_with_output()).await;
    let output = output.expect("`many` can be waited for");
    let (_, errors) = texts(&output);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.starts_with("error: the process of the clients "), "{errors}");
    assert!(!rest.contains("nothing was lost"), "{rest}");
}

#[tokio::test]
async fn many_says_what_is_wrong_with_an_argument() {
    for (arguments, expected) in [
        (
            &["--connections", "1"][..],
            "`--connections 1`: expected a number of at least 2",
        ),
        (
            &["--connections=all"],
            "`--connections all`: expected a number of at least 2",
        ),
        (
            &["--idle-seconds"],
            "`--idle-seconds `: expected a number from 1 to 3600",
        ),
        (
            &["--ping-seconds", "0"],
            "`--ping-seconds 0`: expected a number from 1 to 3600",
        ),
        (
            &["--port", "0"],
            "`--port` means nothing here, expected `--connections N`, ",
        ),
        (
            &["--connections", "1000000000"],
            "`--connections 1000000000`: this machine allows ",
        ),
    ] {
        let output = run_to_its_end("many", None, arguments).await;
        let (table, errors) = texts(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {errors}");
        assert!(
            errors.starts_with(&format!("error: {expected}")),
            "{arguments:?}: {errors}"
        );
        assert_eq!(
            (errors.lines().count(), table.as_str()),
            (1, ""),
            "{arguments:?}: {errors}"
        );
    }
}

fn row<'a>(table: &'a str, phase: &str) -> &'a str {
    let row = table.lines().find(|line| line.starts_with(phase));
    row.unwrap_or_else(|| panic!("no `{phase}` in:\n{table}"))
}

/// Gives the process of the clients, which is the only one that `many` starts.
fn clients_of(many: &Child) -> String {
    let id = many.id().expect("`many` runs");
    let threads = fs::read_dir(format!("/proc/{id}/task")).expect("`many` runs");
    let children = threads.filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("children")).ok());
    children.collect::<String>().trim().to_owned()
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}
