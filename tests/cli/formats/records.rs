//! Formats with a record for each finding.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Format, fleet, hostile, nothing, small, upgrade, written};
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

#[test]
fn test_results() {
    expect("formats-junit", &written(Format::Junit, &small()));
    let text = written(Format::Junit, &nothing());
    assert!(text.contains(r#"tests="1" failures="0" errors="0""#), "{text}");
    let text = written(Format::Junit, &fleet());
    assert!(text.contains(r#"<testsuite name="hv01, hv02""#), "{text}");
    assert!(text.contains(r#"<error message="no snapshot of that time" type="not-compared">"#));
}

#[test]
fn test_cases_have_names_of_their_own() {
    let text = written(Format::Junit, &upgrade(None));
    let names: Vec<&str> = text.split("<testcase name=\"").skip(1).collect();
    let names: Vec<&str> = names.iter().map(|rest| rest.split('"').next().unwrap()).collect();
    let distinct: BTreeSet<&&str> = names.iter().collect();
    assert_eq!(names.len(), upgrade(None).findings.len());
    assert_eq!(names.len(), distinct.len());
}

#[test]
fn results_of_code_scanning() {
    let log: Value = serde_json::from_str(&written(Format::Sarif, &small())).unwrap();
    expect("formats-sarif", &format!("{:#}", log["runs"][0]["results"]));
    let report = upgrade(None);
    let log: Value = serde_json::from_str(&written(Format::Sarif, &report)).unwrap();
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), report.findings.len());
    for (result, finding) in results.iter().zip(&report.findings) {
        let level = match finding.severity.name() {
            "breaking" => "error",
            "warning" => "warning",
            _ => "note",
        };
        assert_eq!(result["level"], level);
        let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(run["tool"]["driver"]["rules"][at]["id"], result["ruleId"]);
        assert_eq!(result["suppressions"].is_array(), finding.ignored.is_some());
        // Folders are no files.
        assert!(result["locations"][0].get("physicalLocation").is_none());
    }
}
