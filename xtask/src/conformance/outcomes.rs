//! What became of the cases, seen or expected, and how the two differ.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::json;

/// What a server may do. `NON-STRICT` is right, but later than it could be; `INFORMATIONAL` leaves the server the choice.
const GOOD: [&str; 3] = ["OK", "NON-STRICT", "INFORMATIONAL"];

/// What a case found about the server, as kosoku reports it.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    behavior: String,
    behavior_close: String,
}

impl Outcome {
    fn is_good(&self) -> bool {
        [&self.behavior, &self.behavior_close]
            .iter()
            .all(|verdict| GOOD.contains(&verdict.as_str()))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, closing {}", self.behavior, self.behavior_close)
    }
}

/// The number of a case. 9.1.10 stands behind 9.1.9.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "String")]
struct Case(Vec<u32>);

impl TryFrom<String> for Case {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let numbers: Result<_, _> = text.split('.').map(str::parse).collect();
        numbers.map(Self).map_err(|_| format!("`{text}` is not a case"))
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

/// The outcomes of all cases.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcomes(BTreeMap<Case, Outcome>);

impl Outcomes {
    /// Reads a report, which has the outcomes of one server.
    pub(super) fn from_report(text: &str) -> Result<Self> {
        let servers: BTreeMap<String, BTreeMap<Case, Outcome>> = serde_json::from_str(text)?;
        let outcomes = servers.into_values().next().unwrap_or_default();
        ensure!(!outcomes.is_empty(), "the report has no cases");
        Ok(Self(outcomes))
    }

    /// Reads what [`Self::to_json`] writes.
    pub(super) fn from_json(text: &str) -> Result<Self> {
        let outcomes: BTreeMap<Case, [String; 2]> = serde_json::from_str(text)?;
        let outcomes = outcomes.into_iter().map(|(case, [behavior, behavior_close])| {
            let outcome = Outcome {
                behavior,
                behavior_close,
            };
            (case, outcome)
        });
        Ok(Self(outcomes.collect()))
    }

    /// One line a case, in the order of their numbers, so that a difference is a line of a diff.
    pub(super) fn to_json(&self) -> String {
        let lines = self.0.iter().map(|(case, outcome)| {
            let [behavior, close] = [&outcome.behavior, &outcome.behavior_close].map(|verdict| json!(verdict));
            format!("  \"{case}\": [{behavior}, {close}]")
        });
        format!("{{\n{}\n}}\n", lines.collect::<Vec<_>>().join(",\n"))
    }

    /// The cases that found a mistake of the server, whatever is expected.
    pub(super) fn failures(&self) -> Vec<String> {
        let bad = self.0.iter().filter(|(_, outcome)| !outcome.is_good());
        bad.map(|(case, outcome)| format!("{case}: {outcome}")).collect()
    }

    /// Compares what was expected with what was seen. Failures are not repeated.
    pub(super) fn differences(&self, seen: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        for (case, expected) in &self.0 {
            match seen.0.get(case) {
                None => differences.push(format!("{case}: expected {expected}, but it was not run")),
                Some(outcome) if outcome != expected && outcome.is_good() => {
                    differences.push(format!("{case}: expected {expected}, but it is {outcome}"));
                }
                Some(_) => {}
            }
        }
        let unknown = seen.0.iter().filter(|(case, _)| !self.0.contains_key(case));
        differences.extend(
            unknown
                .filter(|(_, outcome)| outcome.is_good())
                .map(|(case, outcome)| format!("{case}: {outcome}, but nothing is expected")),
        );
        differences
    }
}

impl fmt::Display for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for outcome in self.0.values() {
            *counts.entry(&outcome.behavior).or_default() += 1;
        }
        let mut text = format!("{} cases", self.0.len());
        for (behavior, count) in counts {
            write!(text, ", {count} {behavior}")?;
        }
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::*;

    /// Reads a report of cases, each with its behavior and its closing.
    fn outcomes(cases: &[[&str; 3]]) -> Outcomes {
        let cases = cases.iter().map(|[case, behavior, close]| {
            let outcome = json!({ "behavior": behavior, "behaviorClose": close, "duration": 1 });
            ((*case).to_owned(), outcome)
        });
        let cases: Map<String, Value> = cases.collect();
        Outcomes::from_report(&json!({ "echo": cases }).to_string()).unwrap()
    }

    #[test]
    fn what_is_written_is_read_again_and_has_one_line_a_case_in_their_order() {
        let seen = outcomes(&[
            ["9.1.10", "OK", "OK"],
            ["9.1.9", "NON-STRICT", "OK"],
            ["10.1.1", "OK", "INFORMATIONAL"],
        ]);
        let json = seen.to_json();
        let expected = "{\n  \"9.1.9\": [\"NON-STRICT\", \"OK\"],\n  \"9.1.10\": [\"OK\", \"OK\"],\n  \"10.1.1\": [\"OK\", \"INFORMATIONAL\"]\n}\n";
        assert_eq!(json, expected);
        assert_eq!(Outcomes::from_json(&json).unwrap(), seen);
    }

    #[test]
    fn as_expected_is_no_finding() {
        let expected = outcomes(&[["1.1.1", "OK", "OK"], ["7.1.6", "INFORMATIONAL", "INFORMATIONAL"]]);
        assert!(expected.differences(&expected).is_empty());
        assert!(expected.failures().is_empty());
        assert_eq!(expected.to_string(), "2 cases, 1 INFORMATIONAL, 1 OK");
    }

    #[test]
    fn every_way_to_differ_is_one_finding() {
        let expected = outcomes(&[
            ["1.1.1", "OK", "OK"],
            ["1.1.2", "OK", "OK"],
            ["1.1.3", "OK", "OK"],
            ["1.1.4", "NON-STRICT", "OK"],
        ]);
        let seen = outcomes(&[
            ["1.1.1", "FAILED", "OK"],
            ["1.1.2", "OK", "INFORMATIONAL"],
            ["1.1.4", "OK", "OK"],
            ["1.1.5", "OK", "OK"],
        ]);
        assert_eq!(seen.failures(), ["1.1.1: FAILED, closing OK"]);
        assert_eq!(
            expected.differences(&seen),
            [
                "1.1.2: expected OK, closing OK, but it is OK, closing INFORMATIONAL",
                "1.1.3: expected OK, closing OK, but it was not run",
                "1.1.4: expected NON-STRICT, closing OK, but it is OK, closing OK",
                "1.1.5: OK, closing OK, but nothing is expected",
            ]
        );
    }

    #[test]
    fn a_failure_is_one_even_if_it_is_expected_and_whatever_its_name() {
        for verdict in ["FAILED", "WRONG CODE", "UNCLEAN", "ERROR", "UNIMPLEMENTED", "ok", ""] {
            let seen = outcomes(&[["1.1.1", verdict, "OK"], ["1.1.2", "OK", verdict]]);
            assert_eq!(seen.failures().len(), 2, "{verdict}");
            assert!(seen.differences(&seen).is_empty());
        }
    }

    #[test]
    fn what_cannot_be_understood_is_refused() {
        let case = r#"{"echo": {"one": {"behavior": "OK", "behaviorClose": "OK"}}}"#;
        for report in [
            "",
            "[]",
            "{}",
            r#"{"echo": {}}"#,
            r#"{"echo": {"1.1.1": {"behavior": "OK"}}}"#,
            case,
        ] {
            assert!(Outcomes::from_report(report).is_err(), "{report:?}");
        }
        for json in [
            "",
            "[]",
            "{\n  \"1.1.1\": \"OK\"\n}",
            "{\n  \"1.1.1\": [\"OK\", \"OK\"]]\n}",
        ] {
            assert!(Outcomes::from_json(json).is_err(), "{json:?}");
        }
    }
}
