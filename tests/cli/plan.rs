//! `domcaps plan`: before an upgrade, by guest.

use std::process::{Command, Stdio};

use crate::support::{Sandbox, valid};

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

fn plan(sandbox: &Sandbox, more: &[&str]) -> serde_json::Value {
    let asked = ["plan", "--to", "release:debian-13", "--format", "json"];
    let plan = json(&sandbox.run(&[&asked, more].concat()).ok());
    valid("plan", &plan);
    plan
}

fn guest<'p>(plan: &'p serde_json::Value, name: &str) -> &'p serde_json::Value {
    let guests = plan["guests"].as_array().unwrap();
    guests.iter().find(|guest| guest["name"] == name).unwrap_or_else(|| panic!("{name}: {plan:#}"))
}

fn reasons(guest: &serde_json::Value) -> Vec<&serde_json::Value> {
    let results = guest["results"].as_array().unwrap().iter();
    results.flat_map(|result| result["reasons"].as_array().unwrap()).collect()
}

/// A guest of kvm with these parts.
fn domain(name: &str, machine: &str, more: &str, devices: &str) -> String {
    format!(
        "<domain type='kvm'><name>{name}</name><memory>1048576</memory><os><type arch='x86_64' \
         machine='{machine}'>hvm</type>{more}</os><cpu mode='host-passthrough'/><devices>\
         <emulator>/usr/bin/qemu-system-x86_64</emulator>{devices}</devices></domain>"
    )
}

#[test]
fn the_guests_of_the_tests_are_planned_with_the_bundled_data_alone() {
    let sandbox = Sandbox::with_snapshots();
    let plan = plan(&sandbox, &["--guests", "tests/guests"]);
    let answers = ["erp-legacy", "web-proxy-3", "win11-desk-042", "tiny"]
        .map(|name| guest(&plan, name)["answer"].as_str().unwrap());
    assert_eq!(answers, ["no", "no", "unknown", "yes"]);
    // pc-i440fx-2.1 went with QEMU 10.0; the 2M images of OVMF went with Debian 13.
    let reason = |name: &str| reasons(guest(&plan, name))[0]["element"].as_str().unwrap();
    assert_eq!(reason("erp-legacy"), "os/type machine=pc-i440fx-2.1");
    assert_eq!(reason("web-proxy-3"), "os/loader /usr/share/OVMF/OVMF_CODE.fd");
    let packages: Vec<&str> = reasons(guest(&plan, "win11-desk-042"))
        .iter()
        .filter(|reason| reason["rests_on"] == "package")
        .map(|reason| reason["change"]["command"].as_str().unwrap())
        .collect();
    assert!(packages.contains(&"apt install qemu-system-modules-spice"), "{packages:?}");
    assert!(packages.contains(&"apt install swtpm swtpm-tools"), "{packages:?}");
    assert_eq!(plan["summary"]["no"], 2);
}

/// kvm guests, whose CPU every kvm host has; each with what decides it.
#[test]
fn kvm_guests_without_a_host() {
    let sandbox = Sandbox::new();
    let spice = "<graphics type='spice'/>";
    for (name, machine, os, devices) in [
        ("stays", "pc-q35-7.2", "", "<graphics type='vnc'/>"),
        ("machine", "pc-i440fx-2.0", "", ""),
        ("jammy", "pc-q35-jammy", "", ""),
        (
            "image",
            "pc-q35-7.2",
            "<loader type='pflash'>/usr/share/OVMF/OVMF_CODE.ms.fd</loader>",
            "",
        ),
        (
            "new-image",
            "pc-q35-7.2",
            "<loader type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>",
            "",
        ),
        ("spice", "pc-q35-7.2", "", spice),
    ] {
        sandbox.write(&format!("guests/{name}.xml"), domain(name, machine, os, devices));
    }
    let found = plan(&sandbox, &["--guests", "guests"]);
    let answer = |name: &str| guest(&found, name)["answer"].as_str().unwrap();
    for (name, expected) in [
        ("stays", "yes"),
        ("machine", "no"),
        ("jammy", "no"),
        ("image", "no"),
        ("new-image", "yes"),
        ("spice", "unknown"),
    ] {
        assert_eq!(answer(name), expected, "{name}: {:#}", guest(&found, name));
    }
    // Once it is said that the package is there, nothing is open.
    let sure = plan(&sandbox, &["--guests", "guests", "--installed", "qemu-system-modules-spice"]);
    assert_eq!(guest(&sure, "spice")["answer"], "yes");
    let other = plan(&sandbox, &["--guests", "guests", "--installed", "swtpm"]);
    assert_eq!(guest(&other, "spice")["answer"], "unknown");
    // Before the split, spice was part of QEMU's own package.
    let asked = ["plan", "--to", "debian-12", "--guests", "guests", "--format", "json"];
    let before = json(&sandbox.run(&asked).ok());
    assert_eq!(guest(&before, "spice")["answer"], "yes");
    assert_eq!(guest(&before, "image")["answer"], "yes");
}

/// What is wrong behind a machine type that is gone is said too.
#[test]
fn a_guest_whose_machine_is_gone_is_judged_on_the_one_that_it_moves_to() {
    let sandbox = Sandbox::new();
    let loader = "<loader type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader>";
    sandbox.write("g.xml", domain("both", "pc-i440fx-2.0", loader, ""));
    let plan = plan(&sandbox, &["--guests", "g.xml"]);
    let elements: Vec<&str> =
        reasons(guest(&plan, "both")).iter().map(|it| it["element"].as_str().unwrap()).collect();
    assert_eq!(
        elements,
        ["os/type machine=pc-i440fx-2.0", "os/loader /usr/share/OVMF/OVMF_CODE.fd"]
    );
}

/// Each command that is printed for a guest is run on its XML, and the verdict becomes yes.
#[test]
fn the_printed_commands_make_the_verdict_yes() {
    let sandbox = Sandbox::new();
    let image = |name: &str| {
        format!("<loader type='pflash'>/usr/share/OVMF/{name}</loader><nvram>/x</nvram>")
    };
    let guests = [
        domain("machine", "pc-i440fx-2.0", "", ""),
        domain("q35", "pc-q35-jammy", "", ""),
        domain("image", "pc-q35-7.2", &image("OVMF_CODE.fd"), ""),
        domain("keys", "pc-q35-7.2", &image("OVMF_CODE.ms.fd"), ""),
        domain("both", "pc-i440fx-2.3", &image("OVMF_CODE.fd"), ""),
        domain("program", "pc-q35-7.2", "", "").replace("qemu-system-x86_64", "kvm-spice"),
    ];
    for xml in guests {
        sandbox.write("g.xml", &xml);
        let before = plan(&sandbox, &["--guests", "g.xml"]);
        let before = &before["guests"][0];
        assert_ne!(before["answer"], "yes", "{xml}");
        let mut xml = xml;
        let mut count = 0;
        for command in
            reasons(before).iter().filter_map(|reason| reason["change"]["command"].as_str())
        {
            xml = edited(&xml, command);
            count += 1;
        }
        assert!(count > 0, "{before:#}");
        sandbox.write("g.xml", &xml);
        let after = plan(&sandbox, &["--guests", "g.xml"]);
        assert_eq!(after["guests"][0]["answer"], "yes", "{xml}: {after:#}");
    }
}

/// A guest's XML after a command: as virt-xml changes it where that is installed, else as its options say.
fn edited(xml: &str, command: &str) -> String {
    let options = command.strip_prefix("virt-xml ").unwrap().split_once(' ').unwrap().1;
    let options: Vec<&str> = options.split(' ').collect();
    let virt_xml = Command::new("virt-xml")
        .args(["--connect", "test:///default", "--print-xml"])
        .args(&options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    if let Ok(mut child) = virt_xml {
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), xml.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{command}");
        return String::from_utf8(output.stdout).unwrap();
    }
    let mut xml = xml.to_owned();
    for edit in options.iter().filter(|option| option.starts_with("./")) {
        let (path, value) = edit.split_once('=').unwrap();
        xml = match path {
            "./os/type/@machine" => between(&xml, "machine='", "'", value),
            "./os/loader" => between(&xml, "<loader type='pflash'>", "</loader>", value),
            "./os/nvram/@template" => {
                xml.replace("<nvram>", &format!("<nvram template='{value}'>"))
            }
            "./devices/emulator" => between(&xml, "<emulator>", "</emulator>", value),
            other => panic!("{other}"),
        };
    }
    xml
}

fn between(text: &str, start: &str, end: &str, value: &str) -> String {
    let (before, rest) = text.split_once(start).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    format!("{before}{start}{value}{end}{after}")
}

/// The CPU is the host's, and each answer says what it rests on.
#[test]
fn a_host_is_projected_with_its_own_cpu() {
    let sandbox = Sandbox::new();
    let document = |usable: &str| {
        format!(
            "<domainCapabilities><path>/usr/bin/qemu-system-x86_64</path><domain>kvm</domain>\
             <machine>pc-q35-7.2</machine><arch>x86_64</arch><vcpu max='288'/><cpu>\
             <mode name='host-passthrough' supported='yes'/><mode name='host-model' supported='yes'>\
             <model>EPYC</model></mode><mode name='custom' supported='yes'>\
             <model usable='{usable}'>EPYC-Rome</model></mode></cpu><devices><graphics supported='yes'>\
             <enum name='type'><value>spice</value></enum></graphics></devices></domainCapabilities>"
        )
    };
    sandbox.write("has/d.xml", document("yes"));
    sandbox.write(
        "has/version.txt",
        "Running hypervisor: QEMU 7.2.0\nRunning against daemon: 9.0.0\n",
    );
    sandbox.write("lacks/d.xml", document("no"));
    let cpu = |model: &str| {
        domain("g", "pc-q35-7.2", "", "").replace(
            "<cpu mode='host-passthrough'/>",
            &format!(
                "<cpu mode='custom' check='partial'><model fallback='forbid'>{model}</model></cpu>"
            ),
        )
    };
    sandbox.write("g.xml", cpu("EPYC-Rome"));
    let there = plan(&sandbox, &["--guests", "g.xml", "has"]);
    assert_eq!(there["guests"][0]["answer"], "yes", "{there:#}");
    let both = plan(&sandbox, &["--guests", "g.xml", "has", "lacks"]);
    let results = both["guests"][0]["results"].as_array().unwrap();
    assert_eq!((both["guests"][0]["answer"].as_str(), results.len()), (Some("no"), 2));
    assert_eq!(reasons(&both["guests"][0])[0]["rests_on"], "host");
    assert_eq!(both["hosts"].as_array().unwrap().len(), 2);
    // A model that the release has and the host's QEMU does not know yet: nobody knows.
    sandbox.write("g.xml", cpu("EPYC-Genoa"));
    let new = plan(&sandbox, &["--guests", "g.xml", "has"]);
    assert_eq!(new["guests"][0]["answer"], "unknown", "{new:#}");
    // What the host offers now came with another package, which the upgrade may leave out.
    sandbox.write("g.xml", domain("g", "pc-q35-7.2", "", "<graphics type='spice'/>"));
    let split = plan(&sandbox, &["--guests", "g.xml", "has"]);
    assert_eq!(split["guests"][0]["answer"], "unknown", "{split:#}");
}

#[test]
fn every_format_and_the_exit_code() {
    let sandbox = Sandbox::with_snapshots();
    let asked = ["plan", "--to", "debian-13", "--guests", "tests/guests"];
    let run = |more: &[&str]| sandbox.run(&[&asked, more].concat());
    let text = run(&[]).ok();
    assert!(
        text.starts_with("1 guest can stay as it is, 2 must change before, 4 cannot be decided\n")
    );
    assert!(text.contains("captured 2026-11-28 (built in)"), "{text}");
    let command = "virt-xml erp-legacy --edit --xml ./os/type/@machine=pc-i440fx-7.1";
    for (format, part) in [
        ("text", command),
        ("markdown", command),
        ("html", "must change"),
        ("csv", command),
        ("ndjson", command),
        ("junit", "<failure"),
        ("sarif", "guest-must-change"),
        ("github", "::error title=erp-legacy must change::"),
    ] {
        let out = run(&["--format", format]).ok();
        assert!(out.contains(part), "{format}: {out}");
    }
    for line in run(&["--format", "ndjson"]).ok().lines() {
        valid("planned-guest", &json(line));
    }
    let changes = run(&["--by", "change"]).ok();
    assert!(
        changes
            .contains("install qemu-system-modules-spice: 2 guests (erp-legacy, win11-desk-042)"),
        "{changes}"
    );
    let host = run(&["--by", "host", "snapshots/debian-12"]).ok();
    assert!(host.contains("domcaps diff snapshots/debian-12 release:debian-13"), "{host}");
    assert_eq!(run(&["--fail-on", "breaking"]).code, Some(10));
    let stays = ["plan", "--to", "debian-12", "--guests", "tests/guests/minimal.xml"];
    assert_eq!(sandbox.run(&[&stays[..], &["--fail-on", "info"]].concat()).code, Some(0));
    sandbox.run(&["plan", "--to", "debian-13"]).fails(2);
    sandbox.run(&["plan", "--to", "nothing", "--guests", "tests/guests"]).fails(1);
    sandbox
        .run(&["plan", "--to", "debian-13", "--guests", "snapshots/debian-12/version.txt"])
        .fails(1);
}

/// Preflight on a release alone does not say that what a package adds is there, or that kvm is not.
#[test]
fn preflight_takes_a_release() {
    let sandbox = Sandbox::new();
    sandbox.write("g.xml", domain("g", "pc-q35-7.2", "", "<graphics type='spice'/>"));
    let text = sandbox.run(&["preflight", "g.xml", "release:debian-13", "release:debian-12"]).ok();
    assert!(text.contains("cannot be decided: release:debian-13"), "{text}");
    assert!(text.contains("runs: release:debian-12"), "{text}");
}
