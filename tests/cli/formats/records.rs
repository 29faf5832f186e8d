//! Formats with a record for each finding.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Format, fleet, hostile, nothing, upgrade, written};
use crate::support::{expect, valid};

/// The lines about devices, which are few enough to read.
fn devices(text: &str) -> String {
    let is_head = |line: &str| line.starts_with("severity,");
    let about = text.lines().filter(|line| line.contains("devices.") || is_head(line));
    about.map(|line| format!("{line}\n")).collect()
}

#[test]
fn lines_of_json() {
    let report = upgrade(None);
    let text = written(Format::Ndjson, &report);
    assert_eq!(text.lines().count(), report.findings.len());
    for line in text.lines() {
        valid("finding", &serde_json::from_str(line).unwrap());
    }
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    expect("formats-ndjson", &format!("{first:#}"));
    for line in written(Format::Ndjson, &hostile()).lines() {
        valid("finding", &serde_json::from_str(line).unwrap());
    }
    assert_eq!(written(Format::Ndjson, &nothing()), "");
}

#[test]
fn lines_of_json_of_a_fleet_name_the_hosts() {
    let text = written(Format::Ndjson, &fleet());
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    valid("finding", &first);
    assert_eq!(first["hosts"], serde_json::json!(["hv01", "hv02"]));
    assert_eq!(first["sides"], serde_json::json!({"old": "pre-upgrade", "new": "latest"}));
}

#[test]
fn rows() {
    let text = written(Format::Csv, &upgrade(None));
    expect("formats-csv", &devices(&text));
    assert_eq!(written(Format::Csv, &nothing()).lines().count(), 1, "the names of the columns");
    let text = written(Format::Csv, &fleet());
    assert!(text.contains(",2,hv01; hv02,"), "{text}");
}

#[test]
fn annotations() {
    expect("formats-github", &written(Format::Github, &upgrade(None)));
    expect("formats-github-nothing", &written(Format::Github, &nothing()));
}

#[test]
fn one_object_of_two_sides_or_of_a_fleet() {
    let of_two: Value = serde_json::from_str(&written(Format::Json, &upgrade(None))).unwrap();
    valid("diff", &of_two);
    let report = fleet();
    let of_fleet: Value = serde_json::from_str(&written(Format::Json, &report)).unwrap();
    valid("report", &of_fleet);
    assert_eq!(of_fleet["summary"]["hosts"], 3);
    assert_eq!(of_fleet["summary"]["hosts_changed"], 2);
    assert_eq!(of_fleet["not_compared"][0]["host"], "hv04");
    assert_eq!(of_fleet["changes"].as_array().unwrap().len(), report.findings.len());
}

#[test]
fn positions_name_the_targets_of_a_group() {
    let report = fleet();
    let object: Value = serde_json::from_str(&written(Format::Json, &report)).unwrap();
    let list = object["groups"][0]["targets"]["list"].as_array().unwrap();
    let changes = object["changes"].as_array().unwrap();
    let mut of_all = 0;
    for (change, finding) in changes.iter().zip(&report.findings) {
        let seen = &change["seen"][0];
        let Some(positions) = seen["targets"].as_array() else {
            of_all += 1;
            let pairs: BTreeSet<_> = report.groups[0].pairs.iter().collect();
            assert!(finding.targets().collect::<BTreeSet<_>>() == pairs, "{}", change["path"]);
            continue;
        };
        let named =
            positions.iter().map(|at| &list[usize::try_from(at.as_u64().unwrap()).unwrap()]);
        let mut named: Vec<&str> =
            named.map(|it| it["machine"]["new"].as_str().unwrap_or("")).collect();
        let expected = finding.seen[0].targets.iter();
        let mut expected: Vec<&str> =
            expected.map(|it| it.new_machine.as_deref().unwrap_or("")).collect();
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected);
    }
    assert!(of_all > 10 && of_all < changes.len());
}
