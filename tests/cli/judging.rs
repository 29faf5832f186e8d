//! What a site and its guests make of a diff, and how the command ends.

use serde_json::Value;

use crate::support::{Output, Sandbox, root, valid};

const SIDES: [&str; 2] = ["snapshots/debian-12", "snapshots/debian-13"];

fn diff(sandbox: &Sandbox, options: &[&str]) -> Output {
    sandbox.run(&[&["diff", SIDES[0], SIDES[1]], options].concat())
}

fn json(sandbox: &Sandbox, options: &[&str]) -> Value {
    let report = diff(sandbox, &[options, &["--format", "json"]].concat()).json();
    valid("diff", &report);
    report
}

fn change<'r>(report: &'r Value, value: &str) -> &'r Value {
    let changes = report["changes"].as_array().unwrap();
    changes.iter().find(|change| change["value"] == value).unwrap()
}

#[test]
fn a_site_s_severities_and_ignores_count_and_hide_nothing() {
    let sandbox = Sandbox::with_snapshots();
    let before = json(&sandbox, &[]);
    sandbox.write(
        "domcaps.toml",
        "[severity]\nmachine-deprecated = \"info\"\n\
         [[ignore]]\nrule = \"machine-removed\"\nvalue = \"pc-i440fx-1.*\"\nreason = \"OPS-1\"\n\
         [[ignore]]\npath = \"devices.*\"\nvalue = \"qxl\"\nhost = \"elsewhere\"\nreason = \"OPS-2\"\n\
         [[ignore]]\nvalue = \"spice\"\nreason = \"OPS-3\"\nexpires = 2020-01-01\n\
         [[ignore]]\npath = \"no.such\"\nreason = \"OPS-4\"\n",
    );
    let output = diff(&sandbox, &["--format", "json"]);
    for (place, why) in
        [(12, "held until 2020-01-01: OPS-3"), (16, "meets no finding any more: OPS-4")]
    {
        let warning = format!("warning: domcaps.toml:{place}: this ignore {why}");
        assert!(output.stderr.contains(&warning), "{warning} in {output}");
    }
    assert!(!output.stderr.contains("OPS-2"), "it is for another host: {output}");
    let after = output.json();
    valid("diff", &after);
    assert_eq!(after["summary"]["ignored"], 4);
    assert_eq!(change(&after, "pc-i440fx-1.4")["ignored"], "OPS-1");
    assert_eq!(change(&after, "qxl")["ignored"], Value::Null);
    assert_eq!(after["summary"]["lost"], before["summary"]["lost"], "kinds count all the same");
    let breaking = |report: &Value| report["summary"]["breaking"].as_u64().unwrap();
    assert_eq!(breaking(&after), breaking(&before) - 4);
    let print = |report: &Value| change(report, "pc-i440fx-1.4")["fingerprint"].clone();
    assert_eq!(print(&after), print(&before));
    let count = |report: &Value| report["changes"].as_array().unwrap().len();
    assert_eq!(count(&after), count(&before));
    let page = diff(&sandbox, &[]).ok();
    assert!(page.contains("4 ignored") && !page.contains("pc-i440fx-{1.4"), "{page}");
    let full = diff(&sandbox, &["--full"]).ok();
    assert!(full.contains("Ignored\n") && full.contains("ignored: OPS-1"), "{full}");
}

#[test]
fn a_path_says_nothing_of_ignores_for_others() {
    let sandbox = Sandbox::with_snapshots();
    sandbox.write("c.toml", "[[ignore]]\nvalue = \"qxl\"\nreason = \"OPS-1\"\n");
    let some = diff(&sandbox, &["disk", "--config", "c.toml"]);
    assert_eq!((some.code, some.stderr.as_str()), (Some(0), ""), "{some}");
}

#[test]
fn a_configuration_with_a_mistake_judges_nothing() {
    let sandbox = Sandbox::with_snapshots();
    sandbox.write("c.toml", "[severity]\nmachine-gone = \"info\"\n");
    let error = diff(&sandbox, &["--config", "c.toml"]).fails(1);
    assert!(error.contains("c.toml:2:1: machine-gone: no such rule"), "{error}");
    let error = diff(&sandbox, &["--config", "none.toml"]).fails(1);
    assert!(error.contains("error: none.toml: No such file"), "{error}");
}

#[test]
fn fail_on_looks_at_what_counts_and_alters_no_output() {
    let sandbox = Sandbox::with_snapshots();
    let plain = diff(&sandbox, &[]);
    for (level, code) in [("breaking", 10), ("warning", 10), ("info", 10)] {
        let failed = diff(&sandbox, &["--fail-on", level]);
        assert_eq!(failed.code, Some(code), "{level}");
        assert_eq!(failed.stdout, plain.stdout, "{level}");
    }
    sandbox.write("c.toml", "[[ignore]]\nrule = \"*\"\nreason = \"all of it\"\n");
    let ignored = diff(&sandbox, &["--fail-on", "info", "--config", "c.toml"]);
    assert_eq!(ignored.code, Some(0), "{ignored}");
    let same = ["diff", SIDES[0], SIDES[0], "--fail-on", "info"];
    assert_eq!(sandbox.run(&same).code, Some(0));
    let missing = ["diff", SIDES[0], "./none", "--fail-on", "info"];
    assert_eq!(sandbox.run(&missing).code, Some(1), "what failed found nothing");
    assert_eq!(diff(&sandbox, &["--fail-on", "bad"]).code, Some(2));
    sandbox.write("partly/good.xml", crate::support::document());
    sandbox.write("partly/bad.xml", "<domainCapabilities>");
    let partly = ["diff", "partly", SIDES[1]];
    assert_eq!(sandbox.run(&partly).code, Some(3));
    let partly = [&partly[..], &["--fail-on", "breaking"]].concat();
    assert_eq!(sandbox.run(&partly).code, Some(10), "10 wins over 3");
}

#[test]
fn severity_follows_the_guests_that_there_are() {
    let sandbox = Sandbox::with_snapshots();
    let output = diff(&sandbox, &["--used-by", "tests/guests", "--format", "json"]);
    // Neither host has kvm or aarch64, as their machine lists say: those guests start on neither.
    assert_eq!(output.code, Some(0), "{output}");
    let report: Value = serde_json::from_str(&output.stdout).unwrap();
    valid("diff", &report);
    assert_eq!(report["not_judged"], serde_json::json!([]));
    let gone = change(&report, "pc-i440fx-2.1");
    assert_eq!(gone["severity"], "breaking");
    assert_eq!(gone["used_by"], serde_json::json!(["erp-legacy"]));
    let unneeded = change(&report, "pc-i440fx-1.4");
    assert_eq!(
        (&unneeded["severity"], &unneeded["rule"]),
        (&"info".into(), &"machine-removed".into())
    );
    assert!(unneeded["reason"].as_str().unwrap().ends_with("no guest that was judged needs it"));
    let image = change(&report, "/usr/share/OVMF/OVMF_CODE.fd");
    assert_eq!(
        image["used_by"],
        serde_json::json!(["web-proxy-3"]),
        "listed for isapc, used by q35"
    );
    assert_eq!(json(&sandbox, &[])["changes"][0]["used_by"], Value::Null);
}

#[test]
fn guests_that_cannot_be_read_are_named_and_the_rest_counts() {
    let sandbox = Sandbox::with_snapshots();
    sandbox.write("guests/a.xml", "<domain type='qemu'><name>a</name>");
    let none = diff(&sandbox, &["--used-by", "guests"]).fails(1);
    assert!(none.contains("guests/a.xml:1:") && none.contains("no guest is described"), "{none}");
    let guest = std::fs::read(root().join("tests/guests/old-i440fx.xml")).unwrap();
    sandbox.write("guests/b.xml", &guest);
    sandbox.write("guests/c.xml", &guest);
    let some = diff(&sandbox, &["--used-by", "guests", "--format", "json"]);
    assert_eq!(some.code, Some(3), "{some}");
    let report: Value = serde_json::from_str(&some.stdout).unwrap();
    let users =
        report["changes"].as_array().unwrap().iter().flat_map(|it| it["used_by"].as_array());
    let users: Vec<&Value> = users.flatten().collect();
    assert!(users.contains(&&Value::from("erp-legacy (guests/b.xml)")), "{users:?}");
}

#[test]
fn several_formats_at_once_each_in_a_file() {
    let sandbox = Sandbox::with_snapshots();
    std::os::unix::fs::symlink(sandbox.path("real.csv"), sandbox.path("link.csv")).unwrap();
    sandbox.write("real.csv", "old");
    let options = [
        "--output",
        "html=r.html",
        "--output",
        "junit=r.xml",
        "--output",
        "csv=link.csv",
        "--format",
        "json",
    ];
    let report = diff(&sandbox, &options).json();
    valid("diff", &report);
    let read = |name: &str| std::fs::read_to_string(sandbox.path(name)).unwrap();
    assert!(read("r.html").starts_with("<!doctype html>"));
    assert!(read("r.xml").contains("<testsuites"));
    assert!(read("real.csv").starts_with("severity,rule,"), "the link stays and leads there");
    assert!(std::fs::symlink_metadata(sandbox.path("link.csv")).unwrap().is_symlink());
    let error = diff(&sandbox, &["--output", "csv=none/r.csv"]).fails(1);
    assert!(error.contains("error: none/r.csv: cannot write: No such file"), "{error}");
    let wrong = diff(&sandbox, &["--output", "pdf=r.pdf"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("`pdf` is no format"), "{wrong}");
    let unified = ["--format", "unified", "--fail-on", "info"];
    assert_eq!(diff(&sandbox, &unified).code, Some(2), "it judges nothing");
}
