//! `domcaps show`

use crate::support::{Sandbox, document, expect, valid};

#[test]
fn every_bundled_document_comes_back_byte_for_byte() {
    let sandbox = Sandbox::with_demo();
    for host in domcaps::demo::hosts() {
        for file in
            host.files.iter().filter(|file| file.path.to_string_lossy().ends_with("qemu.xml"))
        {
            let name = file.path.file_stem().unwrap().to_string_lossy().into_owned();
            let (arch, rest) = name.split_once('.').unwrap();
            let (machine, virttype) = rest.rsplit_once('.').unwrap();
            let operand = format!("{}:{arch}/{virttype}/{machine}", host.name);
            let shown = sandbox.run(&["--db", "demo.db", "show", &operand, "--format", "xml"]).ok();
            assert!(shown.as_bytes() == file.bytes, "{operand}");
        }
    }
}

#[test]
fn a_tree_a_person_can_read() {
    let sandbox = Sandbox::with_demo();
    let shown = sandbox.run(&["--db", "demo.db", "show", "debian-12:q35"]).ok();
    expect("show-debian-12-q35", &shown);
}

#[test]
fn some_paths_of_all_targets_stand_together_where_they_agree() {
    let sandbox = Sandbox::with_demo();
    let shown = sandbox.run(&["--db", "demo.db", "show", "debian-12", "disk.bus", "vcpu"]).ok();
    expect("show-paths", &shown);
    let json = ["--db", "demo.db", "show", "debian-12", "disk.bus", "--format", "json"];
    let json = sandbox.run(&json).json();
    valid("show", &json);
    assert!(json["documents"].as_array().unwrap().len() < 5);
}

#[test]
fn several_documents_where_one_is_needed_are_an_error_that_lists_them() {
    let sandbox = Sandbox::with_demo();
    let error = sandbox.run(&["--db", "demo.db", "show", "debian-12", "--format", "xml"]).fails(1);
    assert!(
        error.contains("has 58 documents; name one as HOST:TARGET: x86_64/qemu/isapc"),
        "{error}"
    );
    let error = sandbox.run(&["--db", "demo.db", "show", "debian-12:s390-ccw"]).fails(1);
    assert!(error.contains("no such target; nearest: x86_64/qemu/"), "{error}");
}

#[test]
fn a_file_is_shown_as_it_is() {
    let sandbox = Sandbox::new();
    let odd = document().replacen(
        "<domainCapabilities>",
        "<?xml version='1.0'?>\r\n<!-- x -->\n<domainCapabilities>",
        1,
    );
    sandbox.write("a.xml", &odd);
    assert_eq!(sandbox.run(&["show", "a.xml", "--format", "xml"]).ok(), odd);
    sandbox.run(&["--db", "d.db", "import", "--host", "a", "a.xml"]).ok();
    assert_eq!(sandbox.run(&["--db", "d.db", "show", "a", "--format", "xml"]).ok(), odd);
}

#[test]
fn a_host_is_shown_as_an_overview_with_a_command_that_goes_on() {
    let sandbox = Sandbox::with_demo();
    let said = sandbox.run(&["--db", "demo.db", "show", "debian-12"]);
    let hint = said.stderr.split('`').nth(1).unwrap().to_owned();
    let overview = said.ok();
    assert!(overview.starts_with("debian-12 ("), "{overview}");
    assert!(overview.contains("58 targets") && overview.contains("libvirt 9.0.0"), "{overview}");
    let words: Vec<&str> = hint.split(' ').skip(1).collect();
    assert!(!sandbox.run(&[&["--db", "demo.db"], &words[..]].concat()).ok().is_empty(), "{hint}");
    let one = sandbox.run(&["show", "snapshots/debian-12"]).ok();
    assert!(one.starts_with("snapshots/debian-12: 58 targets, "), "{one}");
}

#[test]
fn a_value_that_is_asked_for_is_in_sight() {
    let sandbox = Sandbox::with_demo();
    let shown = sandbox.run(&["--db", "demo.db", "show", "debian-12", "disk.bus"]).ok();
    let line = shown.lines().position(|line| line.contains("virtio"));
    assert!(line.is_some_and(|line| line < 2), "{shown}");
}
