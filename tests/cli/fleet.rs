//! `domcaps fleet`: questions about many hosts.

use serde_json::Value;

use crate::support::{Output, Sandbox, expect, root, valid};

/// What a test does to the documents of a host.
type Edit<'e> = &'e [(&'e str, &'e str)];

/// A folder with some documents of a bundled host, edited.
fn folder(sandbox: &Sandbox, name: &str, bundled: &str, edits: Edit<'_>) {
    let from = root().join("snapshots").join(bundled);
    for file in std::fs::read_dir(from).unwrap() {
        let path = file.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        let is_wanted = file == "capabilities.xml"
            || file == "version.txt"
            || ((file.contains(".pc-q35-7.2.") || file.contains(".pc-i440fx-7.2."))
                && file.starts_with("x86_64"));
        if is_wanted && path.is_file() {
            let mut text = std::fs::read_to_string(&path).unwrap();
            for (old, new) in edits.iter().filter(|_| file != "capabilities.xml") {
                text = text.replace(old, new);
            }
            sandbox.write(&format!("{name}/{file}"), text);
        }
    }
}

/// Hosts from edited copies of a bundled host.
fn host(sandbox: &Sandbox, name: &str, bundled: &str, edits: Edit<'_>) {
    folder(sandbox, name, bundled, edits);
    import(sandbox, name, "2026-11-01T02:00:00Z", name);
}

fn import(sandbox: &Sandbox, host: &str, at: &str, folder: &str) {
    let import = ["--db", "f.db", "import", "-q", "--host", host, "--at", at];
    sandbox.run(&[&import[..], &["--group", "prod", folder]].concat()).ok();
}

fn fleet(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    sandbox.run(&[&["--db", "f.db", "fleet"], arguments].concat())
}

const SEV: &str = "<sev supported='no'/>";

/// A host with SEV, of a CPU with this identity.
fn sev(id: &str) -> String {
    format!(
        "<sev supported='yes'><cbitpos>51</cbitpos><reducedPhysBits>1</reducedPhysBits>\
         <cpu0Id>{id}</cpu0Id></sev>"
    )
}

#[test]
fn hosts_that_differ_in_what_is_unique_to_each_are_one_cohort() {
    let sandbox = Sandbox::new();
    for (name, id) in [("hv01", "AAAA"), ("hv02", "BBBB"), ("hv03", "CCCC")] {
        host(&sandbox, name, "debian-12", &[(SEV, &sev(id))]);
    }
    host(&sandbox, "hv04", "debian-12", &[(SEV, &sev("AAAA").replace("51", "47"))]);
    let cohorts = fleet(&sandbox, &["cohorts", "--format", "json"]).json();
    valid("cohorts", &cohorts);
    let cohorts = cohorts["cohorts"].as_array().unwrap();
    assert_eq!(cohorts.len(), 2);
    assert_eq!(cohorts[0]["hosts"], serde_json::json!(["hv01", "hv02", "hv03"]));
    assert_eq!(cohorts[0]["apart"], Value::Null);
    let changed = &cohorts[1]["apart"]["changed"];
    assert_eq!(changed.as_array().unwrap().len(), 1);
    assert_eq!(changed[0]["path"], "features.sev.cbitpos");
    assert_eq!((&changed[0]["old"], &changed[0]["new"]), (&51.into(), &47.into()));
}

#[test]
fn cohorts_say_what_sets_them_apart() {
    let sandbox = Sandbox::new();
    for name in ["hv01", "hv02", "hv03"] {
        host(&sandbox, name, "debian-12", &[]);
    }
    host(
        &sandbox,
        "hv04",
        "debian-12",
        &[("<value>spice</value>", ""), ("<value>qxl</value>", "")],
    );
    host(&sandbox, "hv05", "debian-13", &[]);
    let text = fleet(&sandbox, &["cohorts"]);
    assert_eq!(text.stderr, "");
    expect("fleet-cohorts", &text.ok());
    let cohorts = fleet(&sandbox, &["cohorts", "--limit", "2", "--format", "json"]).json();
    valid("cohorts", &cohorts);
    assert_eq!(cohorts["cohorts"][1]["apart"]["gained"], serde_json::json!([]));
    assert_eq!(cohorts["cohorts"][2]["apart"], Value::Null, "it is not compared");
    let text = fleet(&sandbox, &["cohorts", "--limit", "1"]).ok();
    assert!(text.contains("2 more cohorts of 1 hosts, 2 in all"), "{text}");
}

#[test]
fn hosts_that_say_less_are_named() {
    let sandbox = Sandbox::new();
    host(&sandbox, "hv01", "debian-12", &[]);
    host(&sandbox, "hv02", "debian-12", &[]);
    // A file that cannot be read makes a snapshot partial.
    folder(&sandbox, "bad", "debian-12", &[]);
    sandbox.write("bad/x86_64.broken.xml", "<domainCapabilities");
    for (host, at) in [("hv02", "2026-11-02T02:00:00Z"), ("hv03", "2026-11-02T02:00:00Z")] {
        let import = ["--db", "f.db", "import", "-q", "--host", host, "--at", at, "bad"];
        sandbox.run(&import).fails(3);
    }
    let output = fleet(&sandbox, &["cohorts", "--format", "json"]);
    let said = output.stderr.clone();
    assert!(said.contains("1 host (hv02): newer snapshots that are not complete"), "{said}");
    assert!(said.contains("1 host (hv03): left out, without a complete snapshot"), "{said}");
    let cohorts = output.json();
    valid("cohorts", &cohorts);
    assert_eq!(cohorts["hosts"], 2);
    assert_eq!(cohorts["passed_over"][0]["host"], "hv02");
    assert_eq!(cohorts["left_out"][0]["host"], "hv03");
    let error = fleet(&sandbox, &["cohorts", "hv03"]).fails(1);
    assert!(error.contains("no host has a complete snapshot"), "{error}");
}

#[test]
fn hosts_are_chosen_by_name_or_group() {
    let sandbox = Sandbox::new();
    host(&sandbox, "hv01", "debian-12", &[]);
    host(&sandbox, "hv02", "debian-12", &[]);
    let one = fleet(&sandbox, &["cohorts", "hv02", "--format", "json"]).json();
    assert_eq!(one["cohorts"][0]["hosts"], serde_json::json!(["hv02"]));
    assert_eq!(
        fleet(&sandbox, &["cohorts", "--group", "prod", "--format", "json"]).json()["hosts"],
        2
    );
    let error = fleet(&sandbox, &["cohorts", "--group", "none"]).fails(1);
    assert!(error.contains("no host is in group none"), "{error}");
    let error = fleet(&sandbox, &["cohorts", "hv09"]).fails(1);
    assert!(error.contains("no host `hv09`"), "{error}");
    let error = sandbox.run(&["--db", "none.db", "fleet", "cohorts"]).fails(1);
    assert!(error.contains("none.db"), "{error}");
}
