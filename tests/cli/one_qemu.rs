//! One QEMU under several versions of libvirt: an upgrade of libvirt alone breaks nothing, and asks
//! nobody to decide anything.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Sandbox, root};

/// A sandbox with the folders of `tests/one-qemu`, named `qemu-VERSION_libvirt-VERSION`; and those
/// of one QEMU, by its version, from the oldest libvirt to the newest.
fn captures() -> (Sandbox, BTreeMap<String, Vec<String>>) {
    let sandbox = Sandbox::new();
    let pack = std::fs::read(root().join("tests/one-qemu/one-qemu.pack.zst")).unwrap();
    let mut by_qemu: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (folder, file, bytes) in domcaps::demo::unpack(&pack).unwrap() {
        sandbox.write(&format!("{folder}/{file}"), bytes);
        let (qemu, _) = folder.split_once("_libvirt-").unwrap();
        let folders = by_qemu.entry(qemu.to_owned()).or_default();
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    for folders in by_qemu.values_mut() {
        folders.sort_by_key(|folder| {
            let (_, version) = folder.rsplit_once('-').unwrap();
            version.split('.').map(|part| part.parse::<u32>().unwrap()).collect::<Vec<_>>()
        });
    }
    assert!(by_qemu.len() >= 3 && by_qemu.values().all(|folders| folders.len() >= 3));
    (sandbox, by_qemu)
}

fn changes(sandbox: &Sandbox, old: &str, new: &str) -> Vec<Value> {
    let report = sandbox.run(&["diff", old, new, "--format", "json"]).json();
    assert!(report["targets"]["compared"].as_u64().unwrap() > 10, "{old} {new}");
    report["changes"].as_array().unwrap().clone()
}

/// libvirt 10.0.0, 11.6.0 and 12.0.0 are Ubuntu's, the others Debian's: they are built to look for
/// other firmware files.
fn is_other_distribution(change: &Value) -> bool {
    change["rule"] == "loader-unlisted"
}

#[test]
fn an_upgrade_of_libvirt_alone_breaks_nothing() {
    let (sandbox, by_qemu) = captures();
    let mut compared = 0;
    for folders in by_qemu.values() {
        for (at, old) in folders.iter().enumerate() {
            for new in &folders[at + 1..] {
                let worse = changes(&sandbox, old, new)
                    .into_iter()
                    .find(|change| change["severity"] != "info" && !is_other_distribution(change));
                assert_eq!(worse, None, "{old} → {new}");
                compared += 1;
            }
        }
    }
    assert!(compared > 30);
}

#[test]
fn where_the_versions_are_not_known_it_says_so() {
    let (sandbox, _) = captures();
    let document = "x86_64.pc-q35-7.2.qemu.xml";
    let old = format!("qemu-7.2.22_libvirt-9.0.0/{document}");
    let new = format!("qemu-7.2.22_libvirt-12.8.0/{document}");
    let all = changes_of_files(&sandbox, &[&old, &new]);
    let handle = all.iter().find(|change| change["value"] == "handle").unwrap();
    // A loss is excused only by what is known.
    assert_eq!(
        (&handle["severity"], &handle["rule"]),
        (&"breaking".into(), &"enum-value-lost".into())
    );
    let reason = handle["reason"].as_str().unwrap();
    assert!(reason.ends_with(", if this is a libvirt upgrade"), "{reason}");

    let told = ["--old-libvirt", "9.0.0", "--new-libvirt", "12.8.0"];
    let all = changes_of_files(&sandbox, &[&[old.as_str(), new.as_str()], &told[..]].concat());
    let handle = all.iter().find(|change| change["value"] == "handle").unwrap();
    assert!(!handle["reason"].as_str().unwrap().contains("if this is"));
    assert_eq!(handle["severity"], "info");

    let told = ["--old-libvirt", "12.2.0", "--new-libvirt", "12.8.0"];
    let all = changes_of_files(&sandbox, &[&[old.as_str(), new.as_str()], &told[..]].concat());
    let handle = all.iter().find(|change| change["value"] == "handle").unwrap();
    assert_eq!(handle["severity"], "breaking", "no reporting changed between these");
}

fn changes_of_files(sandbox: &Sandbox, arguments: &[&str]) -> Vec<Value> {
    let diff = [&["diff"], arguments, &["--format", "json"]].concat();
    sandbox.run(&diff).json()["changes"].as_array().unwrap().clone()
}

#[test]
fn newly_listed_names_stay_gained_and_are_summed_up() {
    let (sandbox, _) = captures();
    let sides = ["qemu-7.2.22_libvirt-9.0.0", "qemu-7.2.22_libvirt-11.3.0"];
    let all = changes(&sandbox, sides[0], sides[1]);
    let versioned = all.iter().find(|change| change["value"] == "EPYC-v1").unwrap();
    assert_eq!(versioned["kind"], "gained");
    assert_eq!(versioned["rule"], "reporting-changed");
    let page = sandbox.run(&["diff", sides[0], sides[1]]).ok();
    assert!(page.contains("\nnothing breaks") && !page.contains("to decide"), "{page}");
    assert!(!page.contains("EPYC-v1") && page.contains("nothing gained"), "{page}");
}
