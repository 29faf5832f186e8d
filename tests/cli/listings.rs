//! `domcaps hosts`, `host set`, `snapshots` and `machines`

use crate::support::{Sandbox, document, expect, valid};

#[test]
fn hosts_and_their_groups() {
    let sandbox = Sandbox::with_demo();
    expect("hosts", &sandbox.run(&["--db", "demo.db", "hosts"]).ok());
    let set = [
        "host",
        "set",
        "debian-12",
        "--group",
        "old",
        "--no-group",
        "demo",
        "--uri",
        "qemu:///system",
    ];
    sandbox.run(&[&["--db", "demo.db"], &set[..]].concat()).ok();
    let hosts =
        sandbox.run(&["--db", "demo.db", "hosts", "--group", "old", "--format", "json"]).json();
    valid("hosts", &hosts);
    assert_eq!(hosts["hosts"].as_array().unwrap().len(), 1);
    assert_eq!(hosts["hosts"][0]["groups"], serde_json::json!(["old"]));
    assert_eq!(hosts["hosts"][0]["uri"], "qemu:///system");
    let error =
        sandbox.run(&["--db", "demo.db", "host", "set", "debian-14", "--group", "x"]).fails(1);
    assert!(error.contains("no host `debian-14`: there are debian-12, debian-13"), "{error}");
}

#[test]
fn snapshots_with_identical_follow_ups_collapsed() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    sandbox.write("b.xml", document().replace("max='288'", "max='1'"));
    for (day, file) in [(1, "a.xml"), (2, "a.xml"), (3, "a.xml"), (4, "b.xml"), (5, "a.xml")] {
        let at = format!("2026-11-0{day}T02:00:00Z");
        sandbox.run(&["--db", "d.db", "import", "--host", "hv01", "--at", &at, file]).ok();
    }
    expect("snapshots", &sandbox.run(&["--db", "d.db", "snapshots", "hv01"]).ok());
    let listed = sandbox.run(&["--db", "d.db", "snapshots", "--format", "json"]).json();
    let id = listed["snapshots"][1]["snapshot"].as_str().unwrap();
    let by_id = format!("hv01@id:{}", &id[..7]);
    let shown = sandbox.run(&["--db", "d.db", "show", &by_id, "vcpu"]).ok();
    assert!(shown.contains("max  1"), "{shown}");
    let error = sandbox.run(&["--db", "d.db", "show", "hv01@id:0123456789"]).fails(1);
    assert!(
        error.contains("no snapshot id:0123456789: it has 5, from 2026-11-01T02:00:00Z"),
        "{error}"
    );
}

#[test]
fn machines_with_aliases_and_deprecation() {
    let sandbox = Sandbox::with_demo();
    let deprecated = ["--db", "demo.db", "machines", "debian-12:x86_64/*/*", "--deprecated"];
    expect("machines", &sandbox.run(&deprecated).ok());
    let all = sandbox.run(&["--db", "demo.db", "machines", "debian-13", "--format", "json"]).json();
    valid("machines", &all);
    let is_alias =
        |machine: &&serde_json::Value| machine["machine"] == "q35" && machine["arch"] == "x86_64";
    let alias = all["machines"].as_array().unwrap().iter().find(is_alias).unwrap();
    assert_eq!(alias["canonical"], "pc-q35-10.0");
    let files = sandbox.run(&["machines", "snapshots/debian-13", "--format", "json"]).json();
    assert_eq!(files["machines"], all["machines"]);
}

#[test]
fn without_a_machine_list_the_documents_tell() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    let said = sandbox.run(&["machines", "a.xml"]);
    assert!(said.stderr.contains("was not collected"), "{said}");
    assert!(said.ok().contains("pc-q35-7.2"));
}
