//! `domcaps collect`: one host, and what becomes of it.

use crate::support::{Fakes, Output, valid};

fn json(said: &Output, code: i32) -> serde_json::Value {
    assert_eq!(said.code, Some(code), "{said}");
    let collected = serde_json::from_str(&said.stdout).unwrap();
    valid("collect", &collected);
    collected
}

#[test]
fn a_host_is_stored_as_its_files_would_be() {
    let fakes = Fakes::new();
    let said =
        fakes.collect("a", "snapshots/debian-12?", &["--arch", "x86_64", "--format", "json"]);
    let host = &json(&said, 0)["hosts"][0];
    assert_eq!((&host["outcome"], &host["documents"]), (&"stored".into(), &58.into()));
    let diff = fakes.run(&["diff", "a", "snapshots/debian-12"]).ok();
    assert!(diff.contains("no difference"), "{diff}");
    let name = "snapshots/debian-12/x86_64.pc-q35-7.2.qemu.xml";
    let xml = fakes.run(&["show", "a:q35", "--format", "xml"]).ok();
    assert_eq!(xml, std::fs::read_to_string(fakes.sandbox.path(name)).unwrap());
    let listed = fakes.run(&["snapshots", "a", "--format", "json"]).json();
    let context = &listed["snapshots"][0]["context"];
    assert_eq!(context["libvirt"], "9.0.0");
    assert_eq!(context["microcode"], "16777317");
    assert!(context["uri"].as_str().unwrap().starts_with("fake:///"));
    assert!(context["kernel"].is_null(), "another machine's kernel is not known");
    // Another architecture's documents are its own.
    let said = fakes.collect("b", "snapshots/debian-12?", &[]);
    assert!(said.ok().contains("b     stored   116"));
}

#[test]
fn the_same_again_is_one_small_row() {
    let fakes = Fakes::new();
    let collect = |outcome: &str| {
        let said = fakes
            .collect("a", "snapshots/debian-12?", &["--machine", "pc", "--arch", "x86_64"])
            .ok();
        assert!(said.contains(&format!("1 host: 1 {outcome}")), "{said}");
    };
    collect("stored");
    let size = || std::fs::metadata(fakes.sandbox.path("d.db")).unwrap().len();
    let before = size();
    const RUNS: u64 = 100;
    (0..RUNS).for_each(|_| collect("unchanged"));
    let each = (size() - before) / RUNS;
    assert!(each < 500, "{each} bytes a run");
}

#[test]
fn a_change_is_told_of() {
    let fakes = Fakes::new();
    fakes.copy("snapshots/debian-12", "later");
    fakes.edit("later/x86_64.pc-q35-7.2.qemu.xml", "<value>usb</value>", "<value>usb2</value>");
    let narrow = [
        "--arch",
        "x86_64",
        "--machine",
        "q35",
        "--on-change",
        "cat > told.json; echo $DOMCAPS_HOST > host",
    ];
    fakes.collect("a", "snapshots/debian-12?", &narrow).ok();
    assert!(fakes.sandbox.read("host").is_none(), "the first of all changes nothing");
    let later = [&narrow[..], &["--format", "json"]].concat();
    let collected = json(&fakes.collect("a", "later?", &later), 0);
    assert_eq!(collected["hosts"][0]["outcome"], "changed");
    let told: serde_json::Value =
        serde_json::from_slice(&fakes.sandbox.read("told.json").unwrap()).unwrap();
    valid("diff", &told);
    assert_eq!(
        told["changes"].as_array().unwrap().len() as u64,
        collected["hosts"][0]["changes"].as_u64().unwrap()
    );
    assert_eq!(told["new"]["snapshot"], collected["hosts"][0]["snapshot"]);
    assert_eq!(fakes.sandbox.read("host").unwrap(), b"a\n");
    let failing = ["--arch", "x86_64", "--machine", "q35", "--on-change", "exit 7"];
    let said = fakes.collect("a", "snapshots/debian-12?", &failing).fails(3);
    assert!(
        said.contains("error: a: the command of --on-change failed (exit status: 7)"),
        "{said}"
    );
}

#[test]
fn a_machine_that_is_gone_is_lost_and_one_that_is_asked_is_answered() {
    let fakes = Fakes::new();
    fakes.copy("snapshots/debian-12", "later");
    fakes.edit(
        "later/capabilities.xml",
        "<machine maxCpus='255' deprecated='yes'>pc-i440fx-2.1</machine>",
        "",
    );
    fakes.edit("later/capabilities.xml", "<machine maxCpus='255'>pc-i440fx-2.1</machine>", "");
    fakes.collect("a", "snapshots/debian-12?", &["--arch", "x86_64"]).ok();
    fakes.collect("a", "later?", &["--arch", "x86_64"]).ok();
    let diff = fakes.run(&["diff", "a@prev", "a"]).ok();
    assert!(diff.contains("pc-i440fx-2.1"), "{diff}");
    let asked = ["--machine", "pc-0.1", "--machine", "pc", "--arch", "x86_64", "--format", "json"];
    let collected = json(&fakes.collect("b", "later?", &asked), 0);
    assert_eq!(collected["hosts"][0]["errors"]["unsupported"], 1);
}

#[test]
fn cpu_flags_are_part_of_what_was_asked() {
    let fakes = Fakes::new();
    let narrow = ["--machine", "pc", "--arch", "x86_64"];
    let flags = [&narrow[..], &["--expand-cpu-features"]].concat();
    let said = fakes.collect("a", "snapshots/debian-12?", &flags).fails(1);
    assert!(said.contains("this virsh has no --expand-cpu-features"), "{said}");
    fakes.collect("a", "snapshots/debian-12?flags", &flags).ok();
    // Without the flag it is another question: nothing to compare with.
    let plain = fakes.collect("a", "snapshots/debian-12?flags", &narrow).ok();
    assert!(plain.contains("a     stored"), "{plain}");
    let again = fakes.collect("a", "snapshots/debian-12?flags", &flags).ok();
    assert!(again.contains("a     unchanged"), "{again}");
    let listed = fakes.run(&["snapshots", "a", "--format", "json"]).json();
    assert_eq!(listed["snapshots"][0]["context"]["api_flags"], "expand-cpu-features");
    assert!(listed["snapshots"][1]["context"]["api_flags"].is_null());
}

#[test]
fn answers_that_cannot_be_true_are_marked() {
    let fakes = Fakes::new();
    fakes.copy("snapshots/debian-12", "kvm");
    fakes.edit(
        "kvm/capabilities.xml",
        "<domain type='qemu'/>",
        "<domain type='qemu'/><domain type='kvm'/>",
    );
    fakes.copy("kvm/x86_64.pc-q35-7.2.qemu.xml", "kvm/x86_64.pc-q35-7.2.kvm.xml");
    fakes.edit("kvm/x86_64.pc-q35-7.2.kvm.xml", "<domain>qemu</domain>", "<domain>kvm</domain>");
    let narrow = ["--machine", "q35", "--arch", "x86_64"];
    fakes.collect("a", "kvm?", &narrow).ok();
    fakes.edit(
        "kvm/x86_64.pc-q35-7.2.kvm.xml",
        "usable='yes' vendor='unknown'>kvm64",
        "usable='no' vendor='unknown'>kvm64",
    );
    let said = fakes.collect("a", "kvm?", &narrow).fails(3);
    assert!(said.contains("warning: a: suspect: kvm answers cannot be true"), "{said}");
    let shown = fakes.run(&["show", "a:q35", "cpu"]);
    assert!(shown.stderr.contains("passed over the suspect snapshot"), "{shown}");
}

#[test]
fn a_narrowed_collection_takes_no_whole_one_s_place() {
    let fakes = Fakes::new();
    let whole = ["--arch", "x86_64", "--on-change", "echo told"];
    fakes.collect("a", "snapshots/debian-12?", &["--arch", "x86_64"]).ok();
    fakes.copy("snapshots/debian-12", "later");
    fakes.edit("later/x86_64.pc-q35-7.2.qemu.xml", "<value>usb</value>", "<value>usb2</value>");
    // All that was asked was answered, so it is no failure; and the whole one stays the latest.
    let narrow =
        ["--arch", "x86_64", "--machine", "q35", "--on-change", "echo told", "--format", "json"];
    let said = fakes.collect("a", "later?", &narrow);
    let host = &json(&said, 0)["hosts"][0];
    assert_eq!((&host["outcome"], &host["changes"]), (&"partial".into(), &6.into()));
    let narrowed =
        "a: partial: narrowed: 57 targets of the newest complete snapshot were not asked";
    assert!(said.stderr.contains(narrowed), "{said}");
    assert!(!said.stderr.contains("told"), "it is told when all is asked again");
    let latest = fakes.run(&["show", "a", "vcpu", "--format", "json"]).json();
    let documents = latest["documents"].as_array().unwrap().iter();
    assert_eq!(documents.map(|each| each["targets"].as_array().unwrap().len()).sum::<usize>(), 58);
    let said = fakes.collect("a", "later?", &whole);
    assert!(said.stderr.contains("told"), "{said}");
    assert!(said.ok().contains("a     changed  58"));
    // One that is always narrowed is as good as any, but for a narrower one.
    for (machine, outcome) in
        [("q35", "stored"), ("q35", "unchanged"), ("pc", "partial"), ("q35", "unchanged")]
    {
        let narrow = ["--arch", "x86_64", "--machine", machine, "--machine", "pc"];
        let said = fakes.collect("b", "later?", &narrow).ok();
        assert!(said.contains(&format!("1 {outcome}")), "{machine}: {said}");
    }
}

#[test]
fn a_choice_that_means_nothing_is_an_error_and_one_that_is_refused_an_answer() {
    let fakes = Fakes::new();
    let said = fakes.collect("a", "snapshots/debian-12?", &["--machine", "nosuch*"]).fails(1);
    assert!(
        said.contains(": none of its 116 targets fits --arch, --virttype or --machine"),
        "{said}"
    );
    assert!(fakes.sandbox.read("d.db").is_none());
    let asked = ["--machine", "pc-0.1", "--arch", "x86_64", "--format", "json"];
    let said = fakes.collect("a", "snapshots/debian-12?", &asked);
    let host = &json(&said, 3)["hosts"][0];
    assert_eq!((&host["outcome"], &host["errors"]["unsupported"]), (&"partial".into(), &1.into()));
    let words =
        "warning: a: partial: x86_64/qemu/pc-0.1: invalid argument: the machine 'pc-0.1' is";
    assert!(said.stderr.contains(words), "{said}");
}

#[test]
fn one_that_is_always_narrowed_follows_its_aliases() {
    let fakes = Fakes::new();
    let collect = |folder: &str, narrow: &[&str]| {
        fakes.collect("a", folder, &[&["--arch", "x86_64", "--format", "json"], narrow].concat())
    };
    let outcome = |said: &Output| json(said, 0)["hosts"][0]["outcome"].clone();
    let state = || {
        let listed = fakes.run(&["snapshots", "a", "--format", "json"]).json();
        listed["snapshots"].as_array().unwrap().last().unwrap()["state"].clone()
    };
    let aliases = ["--aliases-only"];
    assert_eq!(
        (outcome(&collect("snapshots/debian-12?", &aliases)), state()),
        ("stored".into(), "complete".into())
    );
    // Of the machines that the aliases pointed to most are still there, and not asked any more.
    assert_eq!(
        (outcome(&collect("snapshots/debian-13?", &aliases)), state()),
        ("changed".into(), "complete".into())
    );
    assert_eq!(
        (outcome(&collect("snapshots/debian-13?", &["--machine", "pc"])), state()),
        ("partial".into(), "partial".into())
    );
    assert_eq!(
        (outcome(&collect("snapshots/debian-13?", &[])), state()),
        ("unchanged".into(), "complete".into())
    );
    assert_eq!(
        (outcome(&collect("snapshots/debian-13?", &aliases)), state()),
        ("partial".into(), "partial".into())
    );
}
