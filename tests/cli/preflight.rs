//! `domcaps preflight`

use crate::support::{Sandbox, expect, root, valid};

const HOSTS: [&str; 2] = ["snapshots/debian-12", "snapshots/debian-13"];

/// The bundled hosts, and the guests of `tests/guests`: all that `virsh dumpxml` would print, and
/// valid by the schema of libvirt 11.3.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_snapshots();
    std::os::unix::fs::symlink(root().join("tests/guests"), sandbox.path("guests")).unwrap();
    sandbox
}

/// With the bundled hosts in a database.
fn demo() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    std::os::unix::fs::symlink(root().join("tests/guests"), sandbox.path("guests")).unwrap();
    sandbox
}

fn guest(name: &str) -> String {
    format!("guests/{name}.xml")
}

/// A host like Debian 13's whose emulator has KVM, under this name.
fn with_kvm(sandbox: &Sandbox, name: &str, edit: impl Fn(String) -> String) {
    for file in ["capabilities.xml", "x86_64.pc-q35-7.2.qemu.xml", "x86_64.pc-q35-10.0.qemu.xml"] {
        let text = std::fs::read_to_string(root().join("snapshots/debian-13").join(file)).unwrap();
        let text = text.replace("<domain>qemu", "<domain>kvm").replace("type='qemu'", "type='kvm'");
        sandbox.write(&format!("{name}/{file}"), edit(text));
    }
}

#[test]
fn every_guest_before_and_after_the_upgrade() {
    let sandbox = sandbox();
    let mut pages = String::new();
    for name in ["minimal", "old-i440fx", "ovmf-2m", "windows-11", "aarch64-virt", "sev"] {
        pages += &sandbox.run(&["preflight", &guest(name), HOSTS[0], HOSTS[1]]).ok();
    }
    with_kvm(&sandbox, "kvm", |text| text);
    for name in ["windows-11", "big-passthrough", "sev"] {
        pages += &sandbox.run(&["preflight", &guest(name), "./kvm"]).ok();
    }
    expect("preflight", &pages);
    assert!(sandbox.read("data/domcaps/domcaps.db").is_none(), "files alone open no database");
}

#[test]
fn there_and_back() {
    let sandbox = sandbox();
    let cpu = "<mode name='host-passthrough' supported='yes'><enum name='hostPassthroughMigratable'>\
        <value>on</value><value>off</value></enum></mode>";
    let able = |text: String| {
        text.replace("<mode name='host-passthrough' supported='no'/>", cpu).replace(
            "<enum name='pciBackend'/>",
            "<enum name='pciBackend'><value>vfio</value></enum>",
        )
    };
    with_kvm(&sandbox, "hv01", able);
    with_kvm(&sandbox, "hv04", able);
    with_kvm(&sandbox, "hv02", |text| {
        able(text).replace("<vcpu max='4096'/>", "<vcpu max='255'/>")
    });
    with_kvm(&sandbox, "hv03", |text| able(text).replace("stepping='1'", "stepping='2'"));
    let mut pages = String::new();
    for host in ["./hv02", "./hv03", "./hv04"] {
        let file = guest("big-passthrough");
        pages += &sandbox.run(&["preflight", &file, host, "--migrate-from", "./hv01"]).ok();
    }
    let file = guest("windows-11");
    pages += &sandbox.run(&["preflight", &file, "./hv02", "--migrate-from", "./hv01"]).ok();
    let way = ["preflight", &guest("minimal"), HOSTS[1], "--migrate-from", HOSTS[0]];
    pages += &sandbox.run(&way).ok();
    expect("preflight-migrate", &pages);
}

#[test]
fn json_follows_its_schema_and_counts_itself() {
    let sandbox = demo();
    let all = ["--db", "demo.db", "preflight", &guest("old-i440fx"), "--all", "--format", "json"];
    let all = sandbox.run(&all).json();
    valid("preflight", &all);
    assert_eq!(all["results"].as_array().unwrap().len(), 2);
    assert_eq!(all["results"][0]["host"]["host"], "debian-13");
    assert_eq!(all["results"][1]["target"]["machine"], "pc-i440fx-2.1");
    assert_eq!(all["results"][0]["reasons"][0]["answer"], "no");
    assert_eq!((&all["summary"]["no"], &all["summary"]["unknown"]), (&1.into(), &1.into()));
    let moved = [
        "--db",
        "demo.db",
        "preflight",
        &guest("minimal"),
        HOSTS[0],
        "--format",
        "json",
        "--migrate-from",
        "debian-13",
    ];
    let moved = sandbox.run(&moved).json();
    valid("preflight", &moved);
    assert_eq!(moved["results"][0]["question"], "migrate");
    assert_eq!(moved["results"][0]["from"]["host"], "debian-13");
    assert_eq!(moved["results"][0]["host"]["source"], HOSTS[0]);
    assert_eq!(moved["summary"]["yes"], 2);
}

#[test]
fn the_exit_code_says_how_bad_it_is() {
    let sandbox = sandbox();
    let code = |name: &str, hosts: &[&str], level: &[&str]| {
        let file = guest(name);
        sandbox.run(&[&["preflight", &file], hosts, level].concat()).code
    };
    let (breaking, warning) = (["--fail-on", "breaking"], ["--fail-on", "warning"]);
    assert_eq!(code("minimal", &HOSTS, &warning), Some(0));
    assert_eq!(code("old-i440fx", &HOSTS, &[]), Some(0));
    assert_eq!(code("old-i440fx", &HOSTS, &breaking), Some(10));
    assert_eq!(code("old-i440fx", &[HOSTS[0]], &breaking), Some(0));
    assert_eq!(code("aarch64-virt", &[HOSTS[1]], &breaking), Some(0));
    assert_eq!(code("aarch64-virt", &[HOSTS[1]], &warning), Some(10));
    assert_eq!(code("minimal", &[HOSTS[0], "./nowhere"], &breaking), Some(3));
    assert_eq!(code("old-i440fx", &[HOSTS[1], "./nowhere"], &breaking), Some(10), "10 over 3");
    assert_eq!(code("minimal", &["./nowhere"], &breaking), Some(1), "1 over 10");
    assert_eq!(code("minimal", &["./nowhere", "./neither"], &breaking), Some(1));
}

#[test]
fn hosts_are_named_or_taken_from_the_database() {
    let sandbox = demo();
    let run = |arguments: &[&str]| {
        sandbox.run(&[&["--db", "demo.db", "preflight", &guest("minimal")], arguments].concat())
    };
    let all = run(&["--all"]).ok();
    assert!(all.contains("runs: debian-12, debian-13\n"), "{all}");
    sandbox.run(&["--db", "demo.db", "host", "set", "debian-13", "--group", "new"]).ok();
    let group = run(&["--group", "new"]).ok();
    assert!(group.contains("runs: debian-13\n"), "{group}");
    let moved = run(&["--all", "--migrate-from", "debian-12"]).ok();
    let ways = "migrates: debian-12 → debian-13\nmigrates: debian-13 → debian-12\n";
    assert!(moved.ends_with(ways), "{moved}");
    let error = run(&["--group", "new", "--migrate-from", "debian-13"]).fails(1);
    assert!(error.contains("no other host to move to"), "{error}");
    let error = run(&["--group", "none"]).fails(1);
    assert!(error.contains("no host is in group none"), "{error}");
    for wrong in [&[][..], &["debian-12", "--all"], &["--group", "new", "--all"]] {
        assert_eq!(run(wrong).code, Some(2), "{wrong:?}");
    }
    // What a file is called is no matter to --all.
    sandbox.write("debian-12", "no folder");
    assert_eq!(run(&["--all"]).ok(), all);
}

#[test]
fn many_hosts_of_one_answer_stand_in_one_line() {
    let sandbox = sandbox();
    let operands: Vec<&str> = (0..12).map(|nth| HOSTS[nth % 2]).collect();
    let page = sandbox.run(&[&["preflight", &guest("minimal")], &operands[..]].concat()).ok();
    assert!(page.contains("… (12 hosts)"), "{page}");
    assert!(page.lines().count() < 6, "{page}");
    let way = ["--migrate-from", "./snapshots/debian-12"];
    let file = guest("minimal");
    let ways = [&["preflight", &file], &operands[..], &way[..]].concat();
    let page = sandbox.run(&ways).ok().replace("\n    ", " ");
    assert!(page.contains("migrates: ./snapshots/debian-12 → snapshots/debian-12,"), "{page}");
    assert!(page.contains("… (12 hosts) → ./snapshots/debian-12"), "{page}");
}

#[test]
fn the_guest_comes_from_standard_input_too() {
    let sandbox = sandbox();
    let xml = sandbox.read("guests/minimal.xml").unwrap();
    let page = sandbox.run_with(&["preflight", "-", HOSTS[0]], &xml).ok();
    assert!(page.starts_with("tiny  x86_64/qemu/pc-q35-7.2\n"), "{page}");
    let twice = sandbox.run(&["preflight", "-", "-"]).fails(2);
    assert!(twice.contains("only once"), "{twice}");
}

#[test]
fn what_is_no_guest_is_told_with_its_place() {
    let sandbox = sandbox();
    sandbox.write("cut.xml", "<domain type='kvm'>\n  <name>x");
    let error = sandbox.run(&["preflight", "cut.xml", HOSTS[0]]).fails(1);
    assert!(error.contains("cut.xml:2:") && error.contains("virsh dumpxml"), "{error}");
    let document = format!("{}/x86_64.pc-q35-7.2.qemu.xml", HOSTS[0]);
    let error = sandbox.run(&["preflight", &document, HOSTS[0]]).fails(1);
    assert!(error.contains("root is <domainCapabilities>, not <domain>"), "{error}");
    let error = sandbox.run(&["preflight", "none.xml", HOSTS[0]]).fails(1);
    assert!(error.contains("none.xml: No such file"), "{error}");
}

#[test]
fn what_a_guest_says_reaches_no_terminal() {
    let sandbox = sandbox();
    let xml = String::from_utf8(sandbox.read("guests/minimal.xml").unwrap()).unwrap();
    let xml = xml.replace("tiny", "&#x9b;31m").replace("pc-q35-7.2", "&#x9b;\u{202e}");
    sandbox.write("evil.xml", xml);
    let page = sandbox.run(&["preflight", "evil.xml", HOSTS[0], "--color", "always"]).ok();
    assert!(!page.contains('\u{9b}') && !page.contains('\u{202e}'), "{page:?}");
}

#[test]
fn a_build_that_may_look_for_other_images_does_not_prove_one_missing() {
    let sandbox = Sandbox::new();
    let guest = std::fs::read_to_string(root().join("tests/guests/ovmf-2m.xml")).unwrap();
    sandbox.write("debian.xml", &guest);
    let enterprise = ["/usr/bin/qemu-system-x86_64", "/usr/libexec/qemu-kvm"];
    sandbox.write("el.xml", guest.replace(enterprise[0], enterprise[1]));
    for file in std::fs::read_dir(root().join("snapshots/debian-13")).unwrap() {
        let file = file.unwrap().path();
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        sandbox.write(&format!("debian/{name}"), &text);
        sandbox.write(&format!("el/{name}"), text.replace(enterprise[0], enterprise[1]));
    }
    let loader = |guest: &str, host: &str| {
        let page = sandbox.run(&["preflight", guest, host, "--format", "json"]).json();
        let reasons = page["results"][0]["reasons"].as_array().unwrap().clone();
        let loader = reasons.into_iter().find(|reason| reason["path"] == "os.loader.value");
        loader.map(|reason| reason["answer"].clone())
    };
    assert_eq!(loader("debian.xml", "debian"), Some("no".into()));
    assert_eq!(loader("el.xml", "el"), Some("unknown".into()));
}
