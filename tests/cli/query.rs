//! `domcaps query`, `paths`, and the completion of both

use std::process::Command;

use crate::support::{Sandbox, document, expect, output, project_file, valid};

fn query(sandbox: &Sandbox, arguments: &[&str]) -> crate::support::Output {
    sandbox.run(&[&["--db", "demo.db", "query"], arguments].concat())
}

/// The hosts of a listing in JSON, with their answers.
fn hosts(sandbox: &Sandbox, arguments: &[&str]) -> Vec<(String, String)> {
    let all = [arguments, &["--no", "--unknown", "--format", "json"]].concat();
    let answers = query(sandbox, &all).json();
    valid("query", &answers);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let hosts = answers["hosts"].as_array().unwrap();
    hosts.iter().map(|host| (text(&host["host"]), text(&host["answer"]))).collect()
}

#[test]
fn each_way_to_ask() {
    let sandbox = Sandbox::with_demo();
    for (expression, debian_12, debian_13) in [
        ("graphics.type = spice", "yes", "no"),
        ("graphics.type != spice", "no", "yes"),
        ("not graphics.type = spice", "no", "yes"),
        ("vcpu.max >= 512", "no", "yes"),
        ("model[EPYC].usable", "no", "no"),
        ("model[EPYC-Milan-v1].usable = no", "no", "yes"),
        ("model[EPYC-Milan-v1].usable != yes", "yes", "yes"),
        ("model[EPYC*].usable = yes", "no", "no"),
        ("os.loader.value ~ \"*secboot*\"", "yes", "yes"),
        ("libvirt < 10.9", "yes", "no"),
        ("hypervisor >= 8.0", "no", "yes"),
        ("kernel > 1", "unknown", "unknown"),
        ("not kernel > 1", "unknown", "unknown"),
        ("context.kernel is unreported", "yes", "yes"),
        ("machine = pc-i440fx-2.1", "yes", "no"),
        ("machine = q35 and machine = pc-q35-7.2", "yes", "no"),
        ("machine < pc-q35-2.5", "yes", "yes"),
        ("deprecated and machine ~ \"pc-i440fx*\"", "yes", "yes"),
        ("arch = aarch64", "no", "yes"),
        ("host = debian-12 or state != complete", "yes", "no"),
        ("in group demo and group ~ \"d*\"", "yes", "yes"),
        ("crypto is reported", "no", "yes"),
        ("crypto = no", "unknown", "no"),
        ("crypto.type = qemu or libvirt < 1", "unknown", "yes"),
        ("crypto.type = qemu and libvirt < 10", "unknown", "no"),
    ] {
        let expected = [("debian-12", debian_12), ("debian-13", debian_13)];
        let expected = expected.map(|(host, answer)| (host.to_owned(), answer.to_owned()));
        assert_eq!(hosts(&sandbox, &[expression]), expected, "{expression}");
    }
}

#[test]
fn targets_are_counted_and_chosen() {
    let sandbox = Sandbox::with_demo();
    let answers = hosts(&sandbox, &["vcpu.max >= 512", "--every"]);
    assert_eq!(answers[1].1, "no");
    let answers = hosts(&sandbox, &["vcpu.max >= 288", "--every", "--machine", "q35"]);
    assert!(answers.iter().all(|(_, answer)| answer == "yes"), "{answers:?}");
    let machine = ["disk.bus = fdc", "--machine", "q35", "--machine", "*/*/isapc", "--targets"];
    let json = query(&sandbox, &[&machine[..], &["--format", "json"]].concat()).json();
    valid("query", &json);
    let matching = json["hosts"][0]["matching"].as_array().unwrap();
    let machines: Vec<&str> = matching.iter().map(|it| it["machine"].as_str().unwrap()).collect();
    assert_eq!(machines, ["isapc", "pc-q35-7.2"]);
    let said = query(&sandbox, &["disk.bus = fdc", "--machine", "pc-q36"]);
    assert!(said.stderr.contains("--machine means no target"), "{said}");
    assert_eq!(said.ok(), "");
}

#[test]
fn formats() {
    let sandbox = Sandbox::with_demo();
    let kernel = ["crypto.type = qemu or machine = q35", "--unknown"];
    expect("query", &query(&sandbox, &["crypto.type = qemu", "--unknown", "--no"]));
    for line in query(&sandbox, &[&kernel[..], &["--format", "ndjson"]].concat()).ok().lines() {
        valid("answer", &serde_json::from_str(line).unwrap());
    }
    let csv =
        query(&sandbox, &["disk.bus = fdc", "--machine", "q35", "--targets", "--format", "csv"])
            .ok();
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("host,snapshot,taken_at,answer,yes,no,unknown,why,emulator,"));
    assert!(lines[1].ends_with("x86_64,qemu,pc-q35-7.2"), "{csv}");
    assert_eq!(lines.len(), 3);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let sandbox = Sandbox::with_demo();
    for (expression, code, expected) in [
        (
            "vcpu.max > 1 and disk.bsu = x",
            1,
            "column 18: no capability `disk.bsu`: nearest is devices.disk.bus\nhint: vcpu.max > 1 and disk.bsu = x\nhint:                  ^\n",
        ),
        ("disk.bus =", 2, "column 11: it ends where a value"),
        ("bus = ide", 1, "column 1: `bus` could be devices.disk.bus or devices."),
        ("devices = yes", 1, "`devices` has no value itself; below it are channel, "),
        ("libvirt", 1, "`libvirt` alone asks nothing"),
        ("context.colour = x", 1, "no context `colour`: there are libvirt, "),
        ("model[Cray].usable", 1, "no capability `model[Cray].usable`"),
    ] {
        let error = query(&sandbox, &[expression]).fails(code);
        assert!(error.contains(expected), "{expression}: {error}");
    }
    for (expression, expected) in [
        (
            "disk.bus = stat",
            "no stored document has `stat` at devices.disk.bus: there are fdc, ide, sata,",
        ),
        ("disk.bus = s*", "`disk.bus ~ \"s*\"` asks for what fits"),
        ("in group prod", "no host is in group `prod`: there is demo"),
    ] {
        let said = query(&sandbox, &[expression]);
        assert!(said.stderr.contains(expected), "{expression}: {said}");
        assert_eq!(said.ok(), "");
    }
    let said = query(&sandbox, &["vcpu.max > 123456"]);
    assert_eq!(said.stderr, "0 hosts yes, 2 no, 0 unknown\n");
}

#[test]
fn other_moments_and_hosts_that_do_not_answer() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    sandbox.write("b.xml", document().replace("max='288'", "max='1'"));
    for (host, day, file) in [("a", 1, "a.xml"), ("a", 2, "b.xml"), ("b", 2, "b.xml")] {
        let at = format!("2026-11-0{day}T02:00:00Z");
        sandbox.run(&["--db", "demo.db", "import", "--host", host, "--at", &at, file]).ok();
    }
    let answers = |arguments: &[&str]| {
        let all = hosts(&sandbox, arguments);
        all.into_iter().map(|(_, answer)| answer).collect::<Vec<_>>()
    };
    assert_eq!(answers(&["vcpu.max = 288"]), ["no", "no"]);
    assert_eq!(answers(&["vcpu.max = 288", "--at", "prev"]), ["yes", "unknown"]);
    assert_eq!(answers(&["vcpu.max = 288", "--at", "2026-11-01"]), ["yes", "unknown"]);
    assert_eq!(answers(&["not host = b and vcpu.max = 1", "--at", "2026-11-01"]), ["no", "no"]);
    let said = query(&sandbox, &["vcpu.max = 288", "--at", "2026-11-01", "--unknown"]);
    assert!(said.ok().contains("no snapshot with an answer"));
    sandbox.write("bad.xml", "<domainCapabilities><path>/q</path><arch>x86_64</arch><machine>pc</machine><domain>kvm</domain>");
    let at = ["--at", "2026-11-03T02:00:00Z"];
    sandbox
        .run(
            &[&["--db", "demo.db", "import", "--host", "b"], &at[..], &["bad.xml", "b.xml"]]
                .concat(),
        )
        .fails(3);
    // A bad file makes a snapshot partial, whether or not it says its target.
    let said = query(&sandbox, &["vcpu.max = 1", "--format", "json"]);
    assert!(said.stderr.contains("newer snapshots were passed over"), "{said}");
    let answers = said.json();
    assert_eq!(
        answers["hosts"][1]["targets"],
        serde_json::json!({"yes": 1, "no": 0, "unknown": 0})
    );
}

#[test]
fn paths_with_their_values() {
    let sandbox = Sandbox::with_demo();
    expect("paths", &sandbox.run(&["--db", "demo.db", "paths"]).ok());
    let all = sandbox.run(&["--db", "demo.db", "paths", "model[EPYC*].usable", "--format", "json"]);
    let all = all.json();
    valid("paths", &all);
    assert_eq!(all["paths"][0]["path"], "cpu.mode[custom].model[EPYC-Genoa-v1].usable");
    let said = sandbox.run(&["--db", "demo.db", "paths", "nothing"]);
    assert!(said.stderr.contains("no path fits `nothing`"), "{said}");
}

#[test]
fn completion_knows_the_database() {
    let sandbox = Sandbox::with_demo();
    let complete = |line: &str| {
        let said = sandbox.run(&["--db", "demo.db", "complete", "--breaks", "=:", "--line", line]);
        assert_eq!(said.stderr, "");
        said.ok().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complete("domcaps show de"), ["debian-12", "debian-13"]);
    assert_eq!(complete("domcaps show debian-12 disk.b"), ["disk.bus"]);
    assert_eq!(complete("domcaps query 'disk.bus = vi"), ["disk.bus = virtio"]);
    assert_eq!(complete("domcaps query disk.bus=vi"), ["virtio"]);
    assert_eq!(complete("domcaps query 'disk.bus = ide and libv"), ["disk.bus = ide and libvirt"]);
    assert_eq!(complete("domcaps query --group "), ["demo"]);
    assert_eq!(complete("domcaps query 'in group d"), ["in group demo"]);
    let nothing = sandbox.run(&["--db", "none.db", "complete", "--line", "domcaps show "]);
    assert_eq!((nothing.stderr.as_str(), nothing.stdout.as_str()), ("", ""));
    assert_eq!(nothing.code, Some(0));
    assert!(sandbox.read("none.db").is_none());
}

/// The script in a real bash, as it would be asked on Tab.
#[test]
fn bash_completes() {
    let sandbox = Sandbox::with_demo();
    sandbox.write("completion.bash", sandbox.run(&["completions", "bash"]).ok());
    let script = r#"source completion.bash
        COMP_LINE='domcaps query disk.bus=vi' COMP_POINT=25 COMP_WORDS=(domcaps query disk.bus = vi)
        COMP_CWORD=4; _domcaps_stored "$DOMCAPS" vi =; echo "${COMPREPLY[@]}"
        COMP_LINE='domcaps snap' COMP_POINT=12 COMP_WORDS=("$DOMCAPS" snap) COMP_CWORD=1
        _domcaps_stored "$DOMCAPS" snap domcaps; echo "${COMPREPLY[@]}""#;
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", script]).current_dir(sandbox.path(""));
    bash.env_clear().env("PATH", "/usr/bin:/bin").env("DOMCAPS_DB", sandbox.path("demo.db"));
    bash.env("DOMCAPS", env!("CARGO_BIN_EXE_domcaps"));
    assert_eq!(output(bash).ok(), "virtio\nsnapshots snapshot\n");
}

#[test]
fn what_is_listed_and_was_not_asked_is_unknown() {
    let sandbox = Sandbox::new();
    for file in ["capabilities.xml", "version.txt", "x86_64.pc-q35-7.2.qemu.xml"] {
        sandbox
            .write(&format!("listed/{file}"), project_file(&format!("snapshots/debian-12/{file}")));
    }
    sandbox.write("bare.xml", document());
    for (host, from) in [("a", "listed"), ("b", "bare.xml")] {
        sandbox.run(&["--db", "demo.db", "import", "--host", host, from]).ok();
    }
    for (expression, machine, a, b) in [
        ("disk.bus = fdc", "pc-q35-7.2", "yes", "yes"),
        ("disk.bus = fdc", "pc-i440fx-2.1", "unknown", "unknown"),
        ("not disk.bus = fdc", "pc-i440fx-2.1", "unknown", "unknown"),
        ("disk.bus = fdc and libvirt < 1", "pc-i440fx-2.1", "no", "unknown"),
        ("arch = aarch64", "x86_64/*/pc-i440fx-2.1", "no", "unknown"),
        ("disk.bus = fdc", "pc-0.1", "no", "unknown"),
        ("libvirt < 10", "pc-0.1", "yes", "unknown"),
        ("not libvirt < 10", "pc-0.1", "no", "unknown"),
        ("libvirt < 10", "pc-i440fx-2.1", "yes", "unknown"),
    ] {
        let expected = [("a", a), ("b", b)].map(|(h, answer)| (h.to_owned(), answer.to_owned()));
        let answers = hosts(&sandbox, &[expression, "--machine", machine]);
        assert_eq!(answers, expected, "{expression} on {machine}");
    }
    let why = |arguments: &[&str]| {
        let all = [arguments, &["--unknown", "--format", "json"]].concat();
        query(&sandbox, &all).json()["hosts"][0]["why"].clone()
    };
    let unasked = ["disk.bus = fdc", "--machine", "pc-i440fx-2.1"];
    assert_eq!(why(&unasked), serde_json::json!(["2 targets not collected"]));
    let unknown = ["libvirt < 10 and not host = a", "--machine", "pc-0.1"];
    assert_eq!(why(&unknown), serde_json::json!(["not known: libvirt"]));
}

#[test]
fn the_plain_call_has_no_flags() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    let import = ["--db", "demo.db", "import", "a.xml", "--host"];
    sandbox.run(&[&import[..], &["a"]].concat()).ok();
    sandbox.run(&[&import[..], &["b", "--api-flags", "expand-cpu-features"]].concat()).ok();
    for (expression, a, b) in [
        ("api_flags = expand-cpu-features", "no", "yes"),
        ("api_flags != expand-cpu-features", "yes", "no"),
        ("api_flags = \"\"", "yes", "no"),
        ("api_flags is reported", "yes", "yes"),
        ("uri = x", "unknown", "unknown"),
    ] {
        let expected = [("a", a), ("b", b)].map(|(h, answer)| (h.to_owned(), answer.to_owned()));
        assert_eq!(hosts(&sandbox, &[expression]), expected, "{expression}");
    }
}

#[test]
fn a_moment_that_no_host_has_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    let import = ["--db", "demo.db", "import", "a.xml", "--at", "2026-11-02T02:00:00Z", "--host"];
    sandbox.run(&[&import[..], &["a"]].concat()).ok();
    let at = |when: &str| query(&sandbox, &["vcpu.max > 1", "--at", when]).fails(1);
    assert!(at("foo").contains("host a has no snapshot tagged foo: it has one, of 2026-11-02"));
    sandbox.run(&[&import[..], &["b"]].concat()).ok();
    let hint = "\nhint: `domcaps snapshots HOST` lists them\n";
    assert_eq!(at("foo"), format!("error: none of 2 hosts has a snapshot tagged foo{hint}"));
    let early = at("2020-01-01");
    assert!(early.contains("none of 2 hosts has a snapshot at or before 2020-01-01"), "{early}");
    sandbox.run(&["--db", "demo.db", "tag", "a", "foo"]).ok();
    let said = query(&sandbox, &["vcpu.max > 1", "--at", "foo"]);
    assert!(said.stderr.contains("1 host yes, 0 no, 1 unknown"), "{said}");
}

#[test]
fn hosts_whose_newer_snapshots_do_not_count_are_named() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    sandbox.write("bad.xml", "<domainCapabilities><path>/q</path>");
    for host in ["a", "b", "c", "d"] {
        let import = ["--db", "demo.db", "import", "--host", host, "--at"];
        sandbox.run(&[&import[..], &["2026-11-01T02:00:00Z", "a.xml"]].concat()).ok();
        sandbox
            .run(&[&import[..], &["2026-11-02T02:00:00Z", "a.xml", "bad.xml"]].concat())
            .fails(3);
    }
    let said = query(&sandbox, &["vcpu.max > 1"]).stderr;
    assert!(said.contains("of 4 hosts (a, b, c, …) newer snapshots were passed over"), "{said}");
}

/// A host with a machine list and one document, and one with that document alone.
fn listed_and_bare() -> Sandbox {
    let sandbox = Sandbox::new();
    for file in ["capabilities.xml", "version.txt", "x86_64.pc-q35-7.2.qemu.xml"] {
        sandbox
            .write(&format!("listed/{file}"), project_file(&format!("snapshots/debian-12/{file}")));
    }
    sandbox.write("bare.xml", document());
    for (host, from) in [("listed", "listed"), ("bare", "bare.xml")] {
        sandbox.run(&["--db", "demo.db", "import", "--host", host, from]).ok();
    }
    sandbox
}

/// What the two answer.
fn check_listed_and_bare(sandbox: &Sandbox, expected: &[(&str, &str, &str)]) {
    for (expression, bare, listed) in expected {
        let expected = [("bare", *bare), ("listed", *listed)];
        let expected = expected.map(|(host, answer)| (host.to_owned(), answer.to_owned()));
        assert_eq!(hosts(sandbox, &[expression]), expected, "{expression}");
    }
}

#[test]
fn machines_that_are_listed_are_asked_though_they_were_not_collected() {
    let sandbox = listed_and_bare();
    let expected = [
        ("machine = pc-i440fx-2.1", "unknown", "yes"),
        ("machine = pc-i440fx-7.2 and deprecated = no", "unknown", "yes"),
        ("machine = pc", "unknown", "yes"),
        ("machine = pc-i440fx-99", "unknown", "no"),
        ("machine < pc-i440fx-2.2", "unknown", "yes"),
        ("alias = pc", "unknown", "yes"),
        ("alias = q35 and machine = pc-q35-7.2", "unknown", "yes"),
        ("alias = pc-q35-7.2", "unknown", "no"),
        ("deprecated", "unknown", "yes"),
        ("machine = pc-i440fx-1.4 and deprecated", "unknown", "yes"),
        ("machine = pc-i440fx-7.2 and deprecated", "unknown", "no"),
        ("machine = pc-i440fx-2.1 and disk.bus = fdc", "unknown", "unknown"),
        ("machine = pc-i440fx-2.1 and disk.bus is reported", "unknown", "unknown"),
        ("machine = pc-i440fx-2.1 and libvirt < 1", "unknown", "no"),
        ("machine = pc-q35-7.2 and disk.bus = nvme", "unknown", "unknown"),
        ("disk.bus = nvme", "no", "no"),
        ("disk.bus = sata", "yes", "yes"),
        ("arch = x86_64", "yes", "yes"),
        ("arch = aarch64", "unknown", "no"),
        ("virttype = kvm", "unknown", "no"),
        ("emulator = /usr/bin/qemu-system-x86_64 and machine = isapc", "unknown", "yes"),
        ("emulator ~ \"*kvm\"", "unknown", "no"),
    ];
    check_listed_and_bare(&sandbox, &expected);
    let every = |expression: &str| hosts(&sandbox, &["--every", expression])[1].1.clone();
    assert_eq!(every("arch = x86_64"), "no", "machines of i686 are listed too");
    assert_eq!(every("machine = pc-q35-7.2"), "no");
    assert_eq!(every("disk.bus = sata"), "yes");
    assert_eq!(every("disk.bus = sata and arch = x86_64"), "no");
    let said = query(&sandbox, &["machine = pc-i440fx-2.1 and disk.bus = fdc", "--unknown"]);
    assert!(said.ok().contains("machine list not collected"), "why of a host without the list");
    let json = query(&sandbox, &["machine = pc", "--targets", "--format", "json"]).json();
    valid("query", &json);
    assert_eq!(json["hosts"][0]["matching"][0]["machine"], "pc-i440fx-7.2");
}

#[test]
fn the_opposite_of_a_question_about_machines_is_asked_of_the_host() {
    let sandbox = listed_and_bare();
    let expected = [
        ("machine != pc-i440fx-2.1", "unknown", "no"),
        ("not machine != pc-i440fx-2.1", "unknown", "yes"),
        ("machine != pc-q35-7.2", "no", "no"),
        ("machine != pc-i440fx-99", "unknown", "yes"),
        ("machine !~ \"pc-i440fx-*\"", "unknown", "no"),
        ("not machine = pc-i440fx-2.1 and machine ~ \"pc-i440fx-2.1\"", "unknown", "no"),
        ("not machine = pc-i440fx-2.1 and disk.bus = sata", "unknown", "no"),
        ("not machine = pc-i440fx-99 and disk.bus = sata", "unknown", "yes"),
        ("not machine = pc-i440fx-99 and disk.bus = nvme", "unknown", "unknown"),
        ("not (machine = pc-q35-7.2 and disk.bus = nvme)", "unknown", "unknown"),
        ("not (machine = pc-q35-7.2 and disk.bus = sata)", "no", "no"),
        ("not (machine = pc-q35-7.2 and arch = s390x)", "unknown", "yes"),
        ("not (machine = pc-q35-7.2 or libvirt < 1)", "no", "no"),
        ("not (machine = pc-i440fx-2.1 and disk.bus = sata)", "unknown", "unknown"),
        ("not alias = pc", "unknown", "no"),
        ("alias != pc-q35-7.2", "unknown", "yes"),
        ("not deprecated", "unknown", "no"),
        ("deprecated != yes", "unknown", "no"),
        ("arch != x86_64", "no", "no"),
        ("arch != aarch64", "unknown", "yes"),
        ("virttype != qemu", "no", "no"),
        ("not virttype = kvm", "unknown", "yes"),
        ("emulator != /usr/bin/qemu-system-x86_64", "no", "no"),
        ("emulator !~ \"*kvm\"", "unknown", "yes"),
    ];
    check_listed_and_bare(&sandbox, &expected);
    // Of the targets that are meant, and of none that are not.
    let scoped = |expression: &str, machine: &str| {
        let answers = hosts(&sandbox, &[expression, "--machine", machine]);
        (answers[0].1.clone(), answers[1].1.clone())
    };
    let pair = |bare: &str, listed: &str| (bare.to_owned(), listed.to_owned());
    assert_eq!(scoped("machine != pc-q35-7.2", "pc-q35-7.2"), pair("no", "no"));
    assert_eq!(scoped("machine != pc-i440fx-2.1", "pc-q35-7.2"), pair("unknown", "yes"));
    assert_eq!(scoped("arch != x86_64", "i686/*/*"), pair("unknown", "yes"));
    assert_eq!(scoped("virttype != kvm", "pc-q35-7.2"), pair("unknown", "yes"));
    assert_eq!(scoped("machine != pc-q35-7.2", "pc-0.1"), pair("unknown", "no"));
    let every = |expression: &str| hosts(&sandbox, &["--every", expression])[1].1.clone();
    assert_eq!(every("machine != pc-q35-7.2"), "no");
    assert_eq!(every("machine != pc-i440fx-99"), "yes");
    assert_eq!(every("not machine = pc-i440fx-99 and arch = x86_64"), "no");
    let why = |expression: &str| {
        let json = query(&sandbox, &[expression, "--unknown", "--format", "json"]).json();
        json["hosts"].as_array().unwrap().last().unwrap()["why"].clone()
    };
    let partly = "not (machine = pc-i440fx-2.1 and disk.bus = sata)";
    assert_eq!(why(partly), serde_json::json!(["2 targets not collected"]));
}
