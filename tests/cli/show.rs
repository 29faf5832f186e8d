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
    for arguments in [&["show", "debian-12"][..], &["show", "debian-12", "--format", "xml"]] {
        let error = sandbox.run(&[&["--db", "demo.db"], arguments].concat()).fails(1);
        assert!(
            error.contains("has 58 documents; name one as HOST:TARGET: x86_64/qemu/isapc"),
            "{error}"
        );
    }
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
