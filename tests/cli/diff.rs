//! `domcaps diff`

use crate::support::{Sandbox, document, expect, valid};

const SIDES: [&str; 2] = ["snapshots/debian-12", "snapshots/debian-13"];

#[test]
fn the_page_of_a_real_upgrade() {
    let page = Sandbox::with_snapshots().run(&["diff", SIDES[0], SIDES[1]]).ok();
    assert!(page.lines().count() < 60, "one screen or two");
    expect("diff-debian-12-debian-13", &page);
}

#[test]
fn files_and_database_print_the_same_report() {
    let sandbox = Sandbox::with_demo();
    let below_the_names = |page: String| page.split_once('\n').unwrap().1.to_owned();
    let of_files = sandbox.run(&["diff", SIDES[0], SIDES[1], "--full"]).ok();
    let of_database =
        sandbox.run(&["diff", "debian-12", "debian-13", "--full", "--db", "demo.db"]).ok();
    let mixed = sandbox.run(&["diff", SIDES[0], "debian-13", "--full", "--db", "demo.db"]).ok();
    let of_files = below_the_names(of_files);
    assert_eq!(of_files, below_the_names(of_database));
    assert_eq!(of_files, below_the_names(mixed));
}

#[test]
fn json_follows_its_schema_and_counts_itself() {
    let sandbox = Sandbox::with_demo();
    let report = ["--db", "demo.db", "diff", "debian-12", "debian-13", "--format", "json"];
    let report = sandbox.run(&report).json();
    valid("diff", &report);
    assert_eq!(report["old"]["taken_at"], "2026-11-01T02:00:00Z");
    let changes = report["changes"].as_array().unwrap();
    for kind in ["lost", "gained", "changed", "reported", "unreported"] {
        let count = changes.iter().filter(|change| change["kind"] == kind).count();
        assert_eq!(report["summary"][kind], count, "{kind}");
    }
    let same = |change: &serde_json::Value| {
        changes.iter().filter(|other| other["fingerprint"] == change["fingerprint"]).count()
    };
    assert!(changes.iter().all(|change| same(change) == 1), "one cause is one change");
}

#[test]
fn one_target_is_compared_with_another_whatever_they_are() {
    let sandbox = Sandbox::with_demo();
    let page = sandbox.run(&["--db", "demo.db", "diff", "debian-13:pc", "debian-13:q35"]).ok();
    expect("diff-pc-q35", &page);
}

#[test]
fn a_path_chooses_and_an_unknown_one_is_told() {
    let sandbox = Sandbox::with_demo();
    let diff = |paths: &[&str]| {
        let all = [&["--db", "demo.db", "diff", "debian-12", "debian-13"], paths].concat();
        sandbox.run(&all)
    };
    let some = diff(&["graphics", "modelType"]).ok();
    assert!(some.contains("spice") && some.contains("qxl") && !some.contains("vcpu"), "{some}");
    let none = diff(&["disk.bus"]).ok();
    assert!(none.contains("no difference"), "{none}");
    let error = diff(&["dsk.bus"]).fails(1);
    assert!(error.contains("no capability `dsk.bus`"), "{error}");
    let error = diff(&["model"]).fails(1);
    assert!(error.contains("could be") && error.contains("devices.tpm.model"), "{error}");
}

#[test]
fn two_files_and_standard_input() {
    let sandbox = Sandbox::new();
    sandbox.write("old.xml", document());
    let new = document().replace("<value>qxl</value>", "").replace("max='288'", "max='255'");
    sandbox.write("new.xml", &new);
    let page = sandbox.run(&["diff", "old.xml", "new.xml"]).ok();
    expect("diff-two-files", &page);
    let piped = sandbox.run_with(&["diff", "old.xml", "-"], new.as_bytes()).ok();
    assert_eq!(piped.replace("→ -", "→ new.xml"), page);
    assert!(sandbox.read("data/domcaps/domcaps.db").is_none(), "files alone open no database");
    let twice = sandbox.run(&["diff", "-", "-"]).fails(2);
    assert!(twice.contains("only once"), "{twice}");
}

#[test]
fn equal_sides_have_no_difference() {
    let sandbox = Sandbox::with_snapshots();
    let page = sandbox.run(&["diff", SIDES[0], SIDES[0]]).ok();
    assert!(page.contains("58 targets compared, 58 of them identical"), "{page}");
    assert!(page.contains("no difference"), "{page}");
}

#[test]
fn other_api_flags_are_context_and_features_are_not_compared() {
    let sandbox = Sandbox::new();
    sandbox.write("old.xml", document());
    sandbox.write("new.xml", document().replace("<feature policy='require' name='pku'/>", ""));
    let plain = sandbox.run(&["diff", "old.xml", "new.xml", "--format", "json"]).json();
    assert_eq!(plain["changes"][0]["path"], "cpu.mode[host-model].feature");
    assert_eq!(plain["changes"][0]["value"], "pku");
    let flags =
        ["diff", "old.xml", "new.xml", "--new-flags", "expand-cpu-features", "--format", "json"];
    let flags = sandbox.run(&flags).json();
    valid("diff", &flags);
    assert_eq!(flags["changes"].as_array().unwrap().len(), 0);
    assert_eq!(flags["context"][0]["name"], "api_flags");
    assert_eq!(flags["context"][0]["new"], "expand-cpu-features");
}

#[test]
fn unified_shows_lines_and_needs_one_document_a_side() {
    let sandbox = Sandbox::with_snapshots();
    sandbox.write("old.xml", document());
    sandbox.write("new.xml", document().replace("max='288'", "max='255'"));
    let page = sandbox.run(&["diff", "old.xml", "new.xml", "--format", "unified"]).ok();
    expect("diff-unified", &page);
    let error = sandbox.run(&["diff", SIDES[0], SIDES[1], "--format", "unified"]).fails(1);
    assert!(error.contains("has 58 documents; name one"), "{error}");
}

#[test]
fn what_a_host_says_reaches_no_terminal() {
    let sandbox = Sandbox::new();
    sandbox.write("old.xml", document());
    sandbox.write(
        "new.xml",
        document().replace("<value>qxl</value>", "<value>&#x9b;31m\u{202e}</value>"),
    );
    let page = sandbox.run(&["diff", "old.xml", "new.xml", "--color", "always"]).ok();
    assert!(!page.contains('\u{9b}') && !page.contains('\u{202e}'), "{page:?}");
    assert!(page.contains(r"\u{9b}31m\u{202e}"), "{page:?}");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let sandbox = Sandbox::with_snapshots();
    let mut command = sandbox.command(&["diff", SIDES[0], SIDES[1], "--format", "json"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn an_identity_behind_the_body_is_read_of_each_document() {
    let sandbox = Sandbox::new();
    for (file, machine) in
        [("a/1.xml", "pc-1"), ("a/2.xml", "pc-2"), ("b/1.xml", "pc-1"), ("b/2.xml", "pc-2")]
    {
        let text = format!(
            "<domainCapabilities><path>/q</path><domain>kvm</domain><arch>x86_64</arch>\
             <vcpu max='255'/><machine>{machine}</machine></domainCapabilities>"
        );
        sandbox.write(file, text);
    }
    let said = sandbox.run(&["diff", "a", "b", "--fail-on", "info"]);
    assert_eq!(said.code, Some(0), "{said}");
    assert!(said.stdout.contains("2 targets compared"), "{said}");
}
