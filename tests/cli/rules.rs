//! The rule table: every rule has a pair of folders in `tests/rules` on which it fires.

use serde_json::Value;

use crate::support::{Sandbox, expect, root, valid};

/// All rules, as the program tells them.
fn rules() -> Vec<Value> {
    let told = Sandbox::new().run(&["rules", "--format", "json"]).json();
    valid("rules", &told);
    told["rules"].as_array().unwrap().clone()
}

/// The folders of `tests/rules`: each rule's own, and further shapes of it.
fn fixtures() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("tests/rules")).unwrap().map(|it| it.unwrap());
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> =
        folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Rule and severity of every change, from `old` to `new` of a fixture.
fn judged(fixture: &str, old: &str, new: &str) -> Vec<(String, String)> {
    let side = |name: &str| root().join("tests/rules").join(fixture).join(name);
    let (old, new) = (side(old), side(new));
    let diff = ["diff", old.to_str().unwrap(), new.to_str().unwrap(), "--format", "json"];
    let report = Sandbox::new().run(&diff).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let changes = report["changes"].as_array().unwrap().iter();
    changes.map(|change| (text(&change["rule"]), text(&change["severity"]))).collect()
}

#[test]
fn every_rule_fires_on_its_pair_and_on_no_other_s() {
    let rules = rules();
    let fixtures = fixtures();
    for rule in &rules {
        let (id, severity) = (rule["id"].as_str().unwrap(), rule["severity"].as_str().unwrap());
        assert!(fixtures.iter().any(|fixture| fixture == id), "{id} has no pair in tests/rules");
        for fixture in fixtures.iter().filter(|it| it.split('.').next() == Some(id)) {
            let judged = judged(fixture, "old", "new");
            let fired = judged.iter().filter(|(rule, _)| rule == id).collect::<Vec<_>>();
            assert!(!fired.is_empty(), "{fixture}: {judged:?}");
            assert!(fired.iter().all(|(_, it)| it == severity), "{fixture}: {judged:?}");
            // What a change cannot come without may stand beside it; nothing worse may.
            let others = judged.iter().filter(|(rule, _)| rule != id);
            let may = [
                "gained",
                "value-changed",
                "alias-moved",
                "cpu-model-unusable",
                "loader-default-changed",
                "virttype-changed",
                "firmware-lost",
                // The pairs of documents that cannot be true disable what the model has.
                "cpu-feature-lost",
            ];
            for (other, _) in others {
                assert!(may.contains(&other.as_str()), "{fixture} fires {other} too");
            }
        }
    }
    let is_known = |fixture: &&String| {
        rules.iter().any(|rule| fixture.split('.').next() == rule["id"].as_str())
    };
    assert_eq!(fixtures.iter().find(|fixture| !is_known(fixture)), None, "a pair without a rule");
}

#[test]
fn the_change_back_falls_under_the_mirror() {
    for rule in rules() {
        let id = rule["id"].as_str().unwrap();
        let back = judged(id, "new", "old");
        match rule["mirror"].as_str() {
            Some(mirror) => {
                assert!(back.iter().any(|(rule, _)| rule == mirror), "{id} back: {back:?}");
            }
            None => assert!(!rule["no_mirror"].as_str().unwrap().is_empty(), "{id}"),
        }
    }
}

#[test]
fn the_list_and_one_rule_as_a_person_reads_them() {
    let sandbox = Sandbox::new();
    expect("rules", &sandbox.run(&["rules"]).ok());
    expect("rules-loader-renamed", &sandbox.run(&["rules", "loader-renamed"]).ok());
    let unknown = sandbox.run(&["rules", "loader-gone"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stderr.contains("nearest: loader-removed"), "{unknown}");
}
