//! The medians as tables, for people.

use crate::{
    machine::Machine,
    peer::Peer,
    results::{Outcome, Results},
    samples::Metric,
    scenario::{Kind, grouped},
    work::GROWING,
};

/// Whom robyn-ws is compared with in the last columns.
const YARDSTICKS: [&str; 2] = ["floor", "axum"];
const NOTHING: &str = "–";

pub(crate) fn markdown(machine: &Machine, results: &Results) -> String {
    let mut notes = Notes::default();
    let paragraphs = [
        format!("{machine}."),
        versions(results),
        "Medians. Lower is better.".to_owned(),
        scenarios(results, &mut notes),
        growth(results, &mut notes),
        notes.text(),
    ];
    let paragraphs = paragraphs.into_iter().filter(|paragraph| !paragraph.is_empty());
    paragraphs.collect::<Vec<_>>().join("\n\n") + "\n"
}

/// One row for each metric of a scenario, one column for each peer.
fn scenarios(results: &Results, notes: &mut Notes) -> String {
    let mut titles = vec![String::new()];
    titles.extend(results.peers().map(|peer| peer.title.to_owned()));
    titles.extend(YARDSTICKS.map(|yardstick| format!("robyn-ws ÷ {yardstick}")));
    let mut rows = vec![titles];
    for outcome in &results.outcomes {
        if outcome.scenario.kind != Kind::Growth {
            let metrics = outcome.scenario.work.rows().into_iter();
            rows.extend(metrics.map(|metric| scenario(results, outcome, metric, notes)));
        }
    }
    table(&rows)
}

fn scenario(results: &Results, outcome: &Outcome, metric: Metric, notes: &mut Notes) -> Vec<String> {
    let title = format!("{}: {}", outcome.scenario.title, metric.row().unwrap_or_default());
    let mut row = vec![title];
    row.extend(results.peers().map(|peer| cell(outcome, peer, metric, notes)));
    row.extend(YARDSTICKS.map(|yardstick| {
        let both = outcome
            .median("robyn_ws", metric)
            .zip(outcome.median(yardstick, metric));
        let both = both.filter(|&(_, other)| other > 0.0);
        both.map_or_else(|| NOTHING.to_owned(), |(own, other)| shown(own / other))
    }));
    row
}

/// One row for each number of connections, and each metric's columns side by side.
fn growth(results: &Results, notes: &mut Notes) -> String {
    let peers = results.peers().filter(|peer| peer.takes_part_in(Kind::Growth));
    let columns = GROWING
        .into_iter()
        .flat_map(|metric| peers.clone().map(move |peer| (peer, metric)));
    let titles = columns.clone();
    let titles = titles.map(|(peer, metric)| format!("{}: {}", peer.title, metric.row().unwrap_or_default()));
    let mut rows: Vec<Vec<String>> = vec![["connections".to_owned()].into_iter().chain(titles).collect()];
    for outcome in &results.outcomes {
        if let Some(connections) = outcome.scenario.work.grown_to() {
            let cells = columns.clone().map(|(peer, metric)| cell(outcome, peer, metric, notes));
            rows.push([grouped(connections)].into_iter().chain(cells).collect());
        }
    }
    table(&rows)
}

/// The first row has the titles. Without any other there is no table.
fn table(rows: &[Vec<String>]) -> String {
    let [titles, _, ..] = rows else {
        return String::new();
    };
    let mut lines: Vec<String> = rows.iter().map(|row| format!("| {} |", row.join(" | "))).collect();
    lines.insert(1, format!("|---|{}", "---:|".repeat(titles.len() - 1)));
    lines.join("\n")
}

fn cell(outcome: &Outcome, peer: &Peer, metric: Metric, notes: &mut Notes) -> String {
    let value = outcome.median(peer.name, metric);
    value.map_or_else(|| notes.cell(outcome, peer), shown)
}

/// Whose numbers these are, and whose are missing.
fn versions(results: &Results) -> String {
    let measured = results.peers.iter().filter_map(|participant| {
        let version = participant.version.as_ref()?;
        Some(format!("{} {version}", participant.peer.title))
    });
    let missing = results
        .missing
        .iter()
        .map(|peer| format!("not installed: {}", peer.title));
    let all: Vec<String> = measured.chain(missing).collect();
    if all.is_empty() {
        String::new()
    } else {
        all.join("; ") + "."
    }
}

/// Why cells are empty. Each reason has a number.
#[derive(Default)]
struct Notes {
    reasons: Vec<String>,
}

impl Notes {
    fn cell(&mut self, outcome: &Outcome, peer: &Peer) -> String {
        let Some(reason) = outcome.why_not(peer) else {
            return NOTHING.to_owned();
        };
        let reason = format!("{}: {reason}", peer.title);
        let known = self.reasons.iter().position(|own| *own == reason);
        let index = known.unwrap_or_else(|| {
            self.reasons.push(reason);
            self.reasons.len() - 1
        });
        format!("{NOTHING} ({})", index + 1)
    }

    fn text(&self) -> String {
        let lines = (1..)
            .zip(&self.reasons)
            .map(|(number, reason)| format!("({number}) {reason}."));
        // Lines of one paragraph flow together unless they end so.
        lines.collect::<Vec<_>>().join("\\\n")
    }
}

/// With two digits behind the point, or as many as say something.
fn shown(value: f64) -> String {
    match value {
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cores::Cores,
        results::made_up::{outcome, peer, results},
    };

    fn machine() -> Machine {
        Machine {
            processor: "a processor".to_owned(),
            kernel: "6.1".to_owned(),
            compiler: "rustc 1.95".to_owned(),
            open_files: 1024,
            cores: Cores {
                generator: 0,
                servers: vec![1],
            },
        }
    }

    #[test]
    fn every_empty_cell_has_its_reason_below_the_table() {
        let echo = [("floor", 2.0), ("robyn_ws", 3.0)];
        let mut echo = outcome("echo 64 B, 1 in flight", Metric::CpuPerMessage, &echo);
        echo.failed.push((peer("robyn"), "messages are LOST".to_owned()));
        let rooms = [("floor", 4.0), ("robyn_ws", 123.4)];
        let rooms = outcome("fan-out in 1,000 rooms of 10", Metric::CpuPerDelivery, &rooms);
        let results = results(&["floor", "robyn_ws", "axum_mpsc", "robyn"], vec![echo, rooms]);
        let text = markdown(&machine(), &results);
        let lines: Vec<&str> = text.lines().collect();
        let rows = [
            "|  | floor | robyn-ws | axum, a queue each | Robyn | robyn-ws ÷ floor | robyn-ws ÷ axum |",
            "|---|---:|---:|---:|---:|---:|---:|",
            "| echo 64 B, 1 in flight: CPU-µs per message | 2.00 | 3.00 | – (1) | – (2) | 1.50 | – |",
            "| fan-out in 1,000 rooms of 10: CPU-µs per delivery | 4.00 | 123 | – | – (3) | 30.9 | – |",
            "",
            "(1) axum, a queue each: what is no broadcast is as for axum.\\",
            "(2) Robyn: messages are LOST.\\",
            "(3) Robyn: it has neither rooms nor parameters in the path of a WebSocket.",
        ];
        assert!(lines.ends_with(&rows), "{text}");
    }

    #[test]
    fn an_open_loop_has_a_row_for_each_percentile() {
        let mut echo = outcome(
            "echo 64 B, 1,000 per second",
            Metric::CpuPerMessage,
            &[("robyn_ws", 30.0)],
        );
        echo.measured[0].1[0].extend([
            (Metric::LatencyMedian, 40.0),
            (Metric::LatencyTail, 250.0),
            (Metric::LatencyFarTail, 1_250.5),
        ]);
        let text = markdown(&machine(), &results(&["robyn_ws"], vec![echo]));
        let lines: Vec<&str> = text.lines().collect();
        let rows = [
            "| echo 64 B, 1,000 per second: CPU-µs per message | 30.0 | – | – |",
            "| echo 64 B, 1,000 per second: p50, µs | 40.0 | – | – |",
            "| echo 64 B, 1,000 per second: p99, µs | 250 | – | – |",
            "| echo 64 B, 1,000 per second: p99.9, µs | 1250 | – | – |",
        ];
        assert!(lines.ends_with(&rows), "{text}");
    }

    #[test]
    fn versions_are_told_and_who_is_missing() {
        let mut results = results(&["robyn_ws", "ws"], Vec::new());
        results.missing.push(peer("robyn"));
        let text = markdown(&machine(), &results);
        assert!(text.starts_with("a processor, Linux 6.1, rustc 1.95; up to 1024 open files each; load on core 0"));
        assert!(
            text.contains("\n\nrobyn-ws 1.2.3; node ws 1.2.3; not installed: Robyn.\n\n"),
            "{text}"
        );
    }

    #[test]
    fn only_an_optional_peer_may_fail() {
        let mut echo = outcome("echo 64 B, 1 in flight", Metric::CpuPerMessage, &[]);
        for name in ["robyn", "axum"] {
            echo.failed.push((peer(name), "it ended".to_owned()));
        }
        let failures = results(&["axum", "robyn"], vec![echo]).failures();
        assert_eq!(failures, ["echo 64 B, 1 in flight: axum: it ended"]);
    }
}
