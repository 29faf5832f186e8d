//! `domcaps report upgrade`: many hosts, each compared with itself.

use serde_json::Value;

use crate::support::{Output, Sandbox, expect, valid};

const BEFORE: &str = "2026-11-01T02:00:00Z";
const AFTER: &str = "2026-11-02T02:00:00Z";

/// Three hosts that were upgraded, one that was not asked again, one that stayed as it was, and one
/// that is new.
fn fleet() -> Sandbox {
    let sandbox = Sandbox::with_snapshots();
    let import = |host: &str, at: &str, folder: &str| {
        let folder = format!("snapshots/{folder}");
        let import =
            ["--db", "f.db", "import", "-q", "--host", host, "--at", at, "--group", "prod"];
        sandbox.run(&[&import[..], &[&folder]].concat()).ok();
    };
    for host in ["hv01", "hv02", "hv03", "hv04", "hv05"] {
        import(host, BEFORE, "debian-12");
    }
    for host in ["hv01", "hv02", "hv03"] {
        import(host, AFTER, "debian-13");
    }
    import("hv05", AFTER, "debian-12");
    import("hv06", AFTER, "debian-13");
    sandbox
}

fn report(sandbox: &Sandbox, options: &[&str]) -> Output {
    let report = ["--db", "f.db", "report", "upgrade", "--from", "2026-11-01"];
    sandbox.run(&[&report[..], options].concat())
}

#[test]
fn the_same_finding_on_many_hosts_is_one() {
    let sandbox = fleet();
    let output = report(&sandbox, &["--all"]);
    assert_eq!(output.code, Some(3), "two hosts cannot be compared: {output}");
    for (host, why) in
        [("hv04", "it has no snapshot since"), ("hv06", "has no snapshot at or before")]
    {
        assert!(output.stderr.contains(&format!("warning: {host}: not compared: ")), "{output}");
        assert!(output.stderr.contains(why), "{output}");
    }
    expect("report-upgrade", &output.stdout);
    let one = report(&sandbox, &["hv01", "--format", "json"]).json();
    let all = report(&sandbox, &["hv01", "hv02", "hv03", "hv05", "--format", "json"]).json();
    valid("report", &one);
    valid("report", &all);
    assert_eq!(one["changes"], all["changes"], "one host's findings are all hosts'");
    assert_eq!(all["groups"].as_array().unwrap().len(), 2);
    assert_eq!(all["groups"][0]["hosts"].as_array().unwrap().len(), 3);
    let hosts = |name: &str| all["summary"][name].as_u64().unwrap();
    assert_eq!((hosts("hosts"), hosts("hosts_changed")), (4, 3));
}

#[test]
fn a_report_of_one_host_says_what_diff_says() {
    let sandbox = fleet();
    let report = report(&sandbox, &["hv01", "--format", "json"]).json();
    let diff = ["--db", "f.db", "diff", "hv01@2026-11-01", "hv01", "--format", "json"];
    let diff = sandbox.run(&diff).json();
    for name in
        ["lost", "gained", "changed", "reported", "unreported", "breaking", "warning", "info"]
    {
        assert_eq!(report["summary"][name], diff["summary"][name], "{name}");
    }
    let without_places = |document: &Value| -> Vec<Value> {
        let changes = document["changes"].as_array().unwrap().iter().cloned();
        changes
            .map(|mut change| {
                change
                    .as_object_mut()
                    .unwrap()
                    .retain(|name, _| name != "targets" && name != "seen");
                change
            })
            .collect()
    };
    assert_eq!(without_places(&report), without_places(&diff));
}

#[test]
fn an_ignore_for_some_hosts_leaves_the_finding_of_the_others() {
    let sandbox = fleet();
    sandbox.write("c.toml", "[[ignore]]\nvalue = \"qxl\"\nhost = \"hv01\"\nreason = \"OPS-1\"\n");
    let report = report(&sandbox, &["--group", "prod", "--config", "c.toml", "--format", "json"]);
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    valid("report", &report);
    let qxl = report["changes"].as_array().unwrap().iter().filter(|it| it["value"] == "qxl");
    let qxl: Vec<&Value> = qxl.collect();
    assert_eq!(qxl.len(), 2);
    let hosts = |change: &Value| -> usize {
        let seen = change["seen"].as_array().unwrap().iter();
        seen.map(|seen| {
            let group = usize::try_from(seen["group"].as_u64().unwrap()).unwrap();
            report["groups"][group]["hosts"].as_array().unwrap().len()
        })
        .sum()
    };
    for change in qxl {
        assert_eq!(hosts(change), if change["ignored"] == "OPS-1" { 1 } else { 2 });
    }
    assert_eq!(report["ignores"][0]["matched"], 1);
}

#[test]
fn an_ignore_for_a_host_that_is_gone_is_stale() {
    let sandbox = fleet();
    sandbox.write("c.toml", "[[ignore]]\nvalue = \"qxl\"\nhost = \"hv99\"\nreason = \"OPS-1\"\n");
    let stale = "c.toml:1: this ignore meets no finding any more: OPS-1";
    let all = report(&sandbox, &["--all", "--config", "c.toml"]);
    assert!(all.stderr.contains(stale), "{all}");
    let one = report(&sandbox, &["hv01", "--config", "c.toml"]);
    assert!(!one.stderr.contains(stale), "it may be for another host: {one}");
}

#[test]
fn where_nothing_can_be_compared_it_says_why() {
    let sandbox = fleet();
    let error = report(&sandbox, &["hv04"]).fails(1);
    assert!(error.contains("no host can be compared; hv04: it has no snapshot since"), "{error}");
    let error = report(&sandbox, &["--group", "none"]).fails(1);
    assert!(error.contains("no host is in group none"), "{error}");
    let error = report(&sandbox, &["hv99"]).fails(1);
    assert!(error.contains("no host `hv99`"), "{error}");
    assert_eq!(report(&sandbox, &[]).code, Some(2), "it must be said which hosts");
    let found = report(&sandbox, &["hv01", "--fail-on", "breaking"]);
    assert_eq!(found.code, Some(10));
}

/// "Before the last change" of a host that never changed is what it was first.
#[test]
fn a_host_that_never_changed_is_compared_and_equal() {
    let sandbox = Sandbox::with_snapshots();
    for at in [BEFORE, AFTER] {
        let import = ["--db", "f.db", "import", "-q", "--host", "a", "--at", at];
        sandbox.run(&[&import[..], &["snapshots/debian-12"]].concat()).ok();
    }
    for from in ["prev", "-1", "-3", "run-1"] {
        let upgrade =
            ["--db", "f.db", "report", "upgrade", "a", "--fail-on", "info", "--from", from];
        let said = sandbox.run(&upgrade).ok();
        assert!(said.contains("no difference"), "{from}: {said}");
        assert!(said.contains("snapshots of 2026-11-01 → 2026-11-02"), "{from}: {said}");
    }
    let json = ["--db", "f.db", "report", "upgrade", "a", "--from", "prev", "--format", "json"];
    let json = sandbox.run(&json).json();
    assert_eq!(json["changes"], serde_json::json!([]));
    assert_eq!(json["not_compared"], serde_json::json!([]));
    // A host with one snapshot has nothing to be compared with.
    let import =
        ["--db", "f.db", "import", "-q", "--host", "b", "--at", AFTER, "snapshots/debian-12"];
    sandbox.run(&import).ok();
    sandbox.run(&["--db", "f.db", "report", "upgrade", "b", "--from", "prev"]).fails(1);
}

#[test]
fn a_report_names_the_days_that_it_compares() {
    let sandbox = fleet();
    for format in ["text", "markdown", "html"] {
        let said = report(&sandbox, &["hv01", "hv02", "--format", format]).ok();
        for day in ["2026-11-01", "2026-11-02"] {
            assert!(said.contains(day), "{format} does not name {day}: {said}");
        }
    }
}

#[test]
fn messages_point_to_the_fault() {
    let sandbox = fleet();
    let fails = |arguments: &[&str]| sandbox.run(&[&["--db", "f.db"], arguments].concat()).fails(1);
    sandbox.run(&["--db", "f.db", "tag", "hv01@2026-11-01", "pre-upgrade"]).ok();
    sandbox.run(&["--db", "f.db", "tag", "hv01@2026-11-02", "gold"]).ok();
    let error = fails(&["diff", "hv01@pre-upgade", "hv01"]);
    assert!(error.contains("; its tags are pre-upgrade, gold"), "{error}");
    let error = fails(&["diff", "snapshots/debian-12", "snapshots/debian-99"]);
    assert!(error.contains("snapshots/debian-99: no such file or folder"), "{error}");
    assert!(!error.contains("hv01"), "{error}");
    for arguments in [&["tag", "hv99", "x"][..], &["snapshots", "hv99"]] {
        let error = fails(arguments);
        assert!(error.contains("hv99") && !error.contains(".xml"), "{error}");
    }
    assert!(fails(&["diff", "hv99", "hv01"]).contains("a path must exist"));
    let upgrade = ["report", "upgrade", "hv01", "--from", "2026-11-01", "--output"];
    let error = fails(&[&upgrade[..], &["html=nowhere/x.html"]].concat());
    assert!(error.contains("nowhere/x.html: ") && !error.contains("tmp"), "{error}");
    let error = fails(&["backup", "nowhere/b.db"]);
    assert!(
        error.contains("No such file or directory: nowhere") && !error.contains("--db"),
        "{error}"
    );
    let error = fails(&["report", "upgrade", "hv01", "--from", "2030-01-01"]);
    assert!(error.contains("(--from 2030-01-01)"), "{error}");
}
