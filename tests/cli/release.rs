//! Releases of the catalogue: as selectors, as a table, as files.

use crate::support::{Sandbox, root, valid};

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_catalogue_is_listed_with_versions_age_and_origin() {
    let sandbox = Sandbox::new();
    let list = sandbox.run(&["release", "list"]).ok();
    let debian = list.lines().find(|line| line.starts_with("debian-13 ")).unwrap();
    for part in ["Debian 13", "11.3.0", "10.0.13", "450", "2026-11-28", "built in"] {
        assert!(debian.contains(part), "{part}: {debian}");
    }
    let list = json(&sandbox.run(&["release", "list", "--format", "json"]).ok());
    valid("releases", &list);
    assert_eq!(list["releases"].as_array().unwrap().len(), 8);
    let sid = json(&sandbox.run(&["release", "show", "debian-sid", "--format", "json"]).ok());
    valid("release", &sid);
    assert_eq!(sid["becomes"], "Debian 14");
    let show = sandbox.run(&["release", "show", "release:debian-13"]).ok();
    assert!(show.contains("qemu-system-modules-spice adds\n"), "{show}");
    assert!(show.contains("  devices.graphics.type=spice\n"), "{show}");
    assert!(sandbox.read("data").is_none(), "no database is made");
}

#[test]
fn a_release_is_a_selector() {
    let sandbox = Sandbox::with_snapshots();
    let shown = sandbox.run(&["show", "release:debian-12:q35", "vcpu.max"]);
    assert!(shown.stderr.contains("captured 2026-11-28 (built in)"), "{shown}");
    let machines = sandbox.run(&["machines", "release:debian-13:pc"]).ok();
    assert!(machines.contains("pc-i440fx-10.0"), "{machines}");
    // Byte for byte as libvirt printed it.
    let xml = sandbox.run(&["show", "release:debian-12:x86_64/qemu/pc-q35-7.2", "--format", "xml"]);
    assert!(
        xml.ok().starts_with("<domainCapabilities>\n  <path>/usr/bin/qemu-system-x86_64</path>")
    );
    let error = sandbox.run(&["show", "release:debian-31"]).fails(1);
    assert!(error.contains("no release 'debian-31'") && error.contains("debian-13"), "{error}");
    sandbox.run(&["show", "release:"]).fails(2);
    sandbox.run(&["show", "release:debian-13:nothing"]).fails(1);
}

#[test]
fn two_releases_are_compared() {
    let sandbox = Sandbox::new();
    let short =
        sandbox.run(&["release", "diff", "debian-12", "debian-13", "--format", "json"]).ok();
    let long =
        sandbox.run(&["diff", "release:debian-12", "release:debian-13", "--format", "json"]).ok();
    assert_eq!(short, long);
    let diff = json(&short);
    valid("diff", &diff);
    assert_eq!(diff["old"]["source"], "release:debian-12");
    assert_eq!(diff["old"]["taken_at"], "2026-11-28T00:00:00Z");
    let lost = |value: &str| {
        let changes = diff["changes"].as_array().unwrap();
        changes.iter().any(|change| change["kind"] == "lost" && change["value"] == value)
    };
    assert!(lost("pc-i440fx-2.1") && !lost("pc-i440fx-7.1"));
    let page = sandbox.run(&["release", "diff", "debian-12", "debian-13"]).ok();
    assert!(page.contains("release:debian-12 (captured 2026-11-28)"), "{page}");
}

/// A host of emulation beside a release is that host on the release: its own CPU under kvm stays, and kvm is not lost.
#[test]
fn a_host_beside_a_release_is_meant_as_it_would_be_on_it() {
    let sandbox = Sandbox::new();
    let document = |virttype: &str, models: &str| {
        format!(
            "<domainCapabilities><path>/usr/bin/qemu-system-x86_64</path><domain>{virttype}</domain>\
             <machine>pc-q35-7.2</machine><arch>x86_64</arch><vcpu max='288'/><cpu>\
             <mode name='host-passthrough' supported='yes'/><mode name='custom' supported='yes'>{models}</mode>\
             </cpu><features><sev supported='no'/></features></domainCapabilities>"
        )
    };
    sandbox.write("host/kvm.xml", document("kvm", "<model usable='yes'>EPYC</model>"));
    sandbox.write("host/qemu.xml", document("qemu", "<model usable='no'>EPYC</model>"));
    let diff = sandbox.run(&["diff", "host", "release:debian-13", "--format", "json"]).ok();
    let diff = json(&diff);
    let paths: Vec<&str> =
        diff["changes"].as_array().unwrap().iter().map(|it| it["path"].as_str().unwrap()).collect();
    assert!(!paths.contains(&"virttype"), "{paths:?}");
    assert!(!paths.iter().any(|path| path.ends_with("model[EPYC].usable")), "{paths:?}");
}

#[test]
fn which_is_a_table_of_expressions_and_releases() {
    let sandbox = Sandbox::new();
    let asked =
        ["release", "which", "machine = pc-q35-4.1", "graphics.type", "not machine ~ pc-q35-2.*"];
    let which = json(&sandbox.run(&[&asked[..], &["--format", "json"]].concat()).ok());
    valid("which", &which);
    let answer = |expression: &str, release: &str| {
        let rows = which["rows"].as_array().unwrap();
        let row = rows.iter().find(|row| row["expression"] == expression).unwrap();
        row["answers"][release].as_str().unwrap().to_owned()
    };
    // QEMU 10.1 starts at 4.2.
    assert_eq!(answer("machine = pc-q35-4.1", "debian-13"), "yes");
    assert_eq!(answer("machine = pc-q35-4.1", "ubuntu-26.04"), "no");
    assert_eq!(answer("graphics.type = spice", "debian-13"), "yes");
    assert_eq!(answer("graphics.type = dbus", "debian-11"), "no");
    let csv = sandbox.run(&[&asked[..], &["--format", "csv"]].concat()).ok();
    assert!(csv.starts_with("expression,debian-11,ubuntu-22.04,"), "{csv}");
    let html = sandbox.run(&[&asked[..], &["--format", "html"]].concat()).ok();
    assert!(html.contains("<td data-is=\"no\"><bdi>no</bdi></td>") && !html.contains("<script"));
    let text = sandbox.run(&asked).ok();
    assert!(text.lines().count() == which["rows"].as_array().unwrap().len() + 1, "{text}");
    let error = sandbox.run(&["release", "which", "disk.buss = ide"]).fails(1);
    assert!(error.contains("nearest") && error.contains("devices.disk.bus"), "{error}");
    sandbox.run(&["release", "which", "machine ="]).fails(2);
}

#[test]
fn releases_are_shared_as_files_and_a_newer_one_goes_first() {
    let sandbox = Sandbox::new();
    sandbox.run(&["release", "export", "debian-13", "d13.release"]).ok();
    let file = sandbox.read("d13.release").unwrap();
    assert_eq!(file, std::fs::read(root().join("releases/debian-13.release")).unwrap());
    sandbox.run(&["release", "import", "d13.release"]).ok();
    assert!(sandbox.read("data/domcaps/releases/debian-13.release").is_some());
    let list = sandbox.run(&["release", "list"]).ok();
    let debian = list.lines().find(|line| line.starts_with("debian-13 ")).unwrap();
    assert!(debian.ends_with("imported"), "{debian}");
    sandbox.write("bad.release", &file[..file.len() - 9]);
    let error = sandbox.run(&["release", "import", "bad.release"]).fails(1);
    assert!(error.contains("bad.release: damaged"), "{error}");
    sandbox.write("other.release", "a text");
    sandbox.run(&["release", "import", "other.release"]).fails(1);
    sandbox.run(&["release", "import", "none.release"]).fails(1);
    // One that was damaged later is named, and does not stand for the one that is built in.
    sandbox.write("data/domcaps/releases/debian-13.release", "a text");
    sandbox.run(&["show", "release:debian-13"]).fails(1);
    sandbox.run(&["show", "release:debian-12"]).ok();
}

/// What is packed is what is read back, from a folder as `import` reads it.
#[test]
fn a_capture_is_packed() {
    let sandbox = Sandbox::with_snapshots();
    for file in std::fs::read_dir(root().join("snapshots/debian-12")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        sandbox.write(&format!("capture/{name}"), std::fs::read(&path).unwrap());
    }
    sandbox.run(&["release", "pack", "capture", "x.release"]).fails(1);
    sandbox.write(
        "capture/manifest.toml",
        "name = 'mine'\ndistribution = 'debian'\nrelease = '12'\nlabel = 'Mine'\ncaptured = '2020-01-02'\n\
         accelerator = 'tcg'\n",
    );
    sandbox.run(&["release", "pack", "capture", "x.release"]).ok();
    sandbox.run(&["release", "import", "x.release"]).ok();
    let diff = sandbox.run(&["diff", "release:mine", "capture"]).ok();
    assert!(diff.contains("no difference"), "{diff}");
    let old = sandbox.run(&["show", "release:mine:q35", "vcpu.max"]);
    assert!(old.stderr.contains("days ago: capture it anew"), "{old}");
}

#[test]
fn the_calendar_says_what_falls_out_when() {
    let sandbox = Sandbox::with_snapshots();
    let calendar = ["release", "calendar"];
    let run = |more: &[&str]| sandbox.run(&[&calendar, more].concat()).ok();
    let all = json(&run(&["--format", "json"]));
    valid("calendar", &all);
    let families = all["families"].as_array().unwrap();
    let q35 =
        families.iter().find(|it| it["arch"] == "x86_64" && it["family"] == "pc-q35").unwrap();
    let state = |machine: &str, release: &str| {
        let machines = q35["machines"].as_array().unwrap();
        let machine = machines.iter().find(|it| it["name"] == machine).unwrap();
        machine["states"][release].as_str().unwrap().to_owned()
    };
    let states = ["debian-12", "debian-13", "ubuntu-26.04"].map(|it| state("pc-q35-4.1", it));
    assert_eq!(states, ["kept", "deprecated", "removed"]);
    assert_eq!(state("pc-q35-8.2", "debian-12"), "absent");
    assert_eq!(state("pc-q35-8.2", "ubuntu-24.04"), "new");
    // With guests: which of them, by policy and by capture.
    let guests = json(&run(&["--guests", "tests/guests", "--format", "json"]));
    valid("calendar", &guests);
    let event = |with: &str| {
        let events = guests["events"].as_array().unwrap();
        events.iter().find(|it| it["with"] == with).unwrap_or_else(|| panic!("{with}: {guests:#}"))
    };
    assert_eq!(event("QEMU 11.2")["guests"], serde_json::json!(["web-proxy-3"]));
    assert_eq!(event("QEMU 11.2")["when"], "expected December 2026");
    assert_eq!(event("Debian 13")["guests"], serde_json::json!(["erp-legacy", "web-proxy-3"]));
    assert!(run(&[]).contains("QEMU 11.2 (expected December 2026"));
    assert!(run(&["--format", "csv"]).starts_with("machine types,debian-11,"));
    let full = run(&["--full", "--format", "html"]);
    assert!(full.contains("data-is=\"removed\"") && full.contains("x86_64 pc-q35-4.1"));
    sandbox.run(&["release", "calendar", "--guests", "snapshots/README.md"]).fails(1);
}

/// A release and a stored host of the same documents answer alike, also of what was not collected.
#[test]
fn which_answers_as_query_does() {
    let sandbox = Sandbox::new();
    let folder = root().join("snapshots/debian-12");
    for name in ["capabilities.xml", "version.txt", "x86_64.pc-q35-7.2.qemu.xml"] {
        if let Ok(bytes) = std::fs::read(folder.join(name)) {
            sandbox.write(&format!("capture/{name}"), bytes);
        }
    }
    let manifest = "name = 'mine'\ndistribution = 'debian'\nrelease = '12'\nlabel = 'Mine'\n\
                    captured = '2026-01-02'\naccelerator = 'tcg'\n";
    sandbox.run(&["--db", "d.db", "import", "--host", "a", "capture"]).ok();
    sandbox.write("capture/manifest.toml", manifest);
    sandbox.run(&["release", "pack", "capture", "x.release"]).ok();
    sandbox.run(&["release", "import", "x.release"]).ok();
    let mut seen = std::collections::BTreeSet::new();
    for expression in [
        "machine = pc-q35-7.2",
        "not machine = pc-q35-7.2",
        "machine != pc-q35-7.2",
        "not not machine = pc-q35-7.2",
        "machine = pc-q35-99.0",
        "machine != pc-q35-99.0",
        "alias = q35 and disk.bus = virtio",
        "machine = pc and disk.bus = virtio",
        "not (machine = pc and disk.bus = virtio)",
        "not (machine = pc-q35-7.2 and disk.bus = nothing)",
        "disk.bus = virtio",
        "not disk.bus = virtio",
        "deprecated",
        "not deprecated",
        "virttype != qemu",
        "arch = riscv64 or disk.bus = nothing",
    ] {
        let listed = ["--no", "--unknown", "--format", "json"];
        let query = [&["--db", "d.db", "query", expression], &listed[..]].concat();
        let query = sandbox.run(&query).json();
        let stored = query["hosts"][0]["answer"].as_str().unwrap().to_owned();
        let which = sandbox.run(&["release", "which", expression, "--format", "csv"]).ok();
        let mut lines = which.lines().map(|line| line.rsplit(',').map(str::to_owned));
        let (names, answers) = (lines.next().unwrap(), lines.next().unwrap());
        let mine = names.zip(answers).find(|(name, _)| name == "mine").unwrap().1;
        // A cell is empty where the documents do not say.
        let mine = if mine.is_empty() { "unknown" } else { &mine };
        assert_eq!(mine, stored, "{expression}");
        seen.insert(stored);
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
}
