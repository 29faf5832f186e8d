//! `domcaps fleet`: questions about many hosts.

use serde_json::Value;

use crate::support::{Fakes, Output, Sandbox, expect, root, valid};

/// What a test does to the documents of a host.
type Edit<'e> = &'e [(&'e str, &'e str)];

/// A folder with some documents of a bundled host, edited.
fn folder(sandbox: &Sandbox, name: &str, bundled: &str, edits: Edit<'_>) {
    let from = root().join("snapshots").join(bundled);
    for file in std::fs::read_dir(from).unwrap() {
        let path = file.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        let is_wanted = file == "capabilities.xml"
            || file == "version.txt"
            || ((file.contains(".pc-q35-7.2.") || file.contains(".pc-i440fx-7.2."))
                && file.starts_with("x86_64"));
        if is_wanted && path.is_file() {
            let mut text = std::fs::read_to_string(&path).unwrap();
            for (old, new) in edits.iter().filter(|_| file != "capabilities.xml") {
                text = text.replace(old, new);
            }
            sandbox.write(&format!("{name}/{file}"), text);
        }
    }
}

/// Hosts from edited copies of a bundled host.
fn host(sandbox: &Sandbox, name: &str, bundled: &str, edits: Edit<'_>) {
    folder(sandbox, name, bundled, edits);
    import(sandbox, name, "2026-11-01T02:00:00Z", name);
}

fn import(sandbox: &Sandbox, host: &str, at: &str, folder: &str) {
    let import = ["--db", "f.db", "import", "-q", "--host", host, "--at", at];
    sandbox.run(&[&import[..], &["--group", "prod", folder]].concat()).ok();
}

fn fleet(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    sandbox.run(&[&["--db", "f.db", "fleet"], arguments].concat())
}

const SEV: &str = "<sev supported='no'/>";

/// A host with SEV, of a CPU with this identity.
fn sev(id: &str) -> String {
    format!(
        "<sev supported='yes'><cbitpos>51</cbitpos><reducedPhysBits>1</reducedPhysBits>\
         <cpu0Id>{id}</cpu0Id></sev>"
    )
}

#[test]
fn hosts_that_differ_in_what_is_unique_to_each_are_one_cohort() {
    let sandbox = Sandbox::new();
    for (name, id) in [("hv01", "AAAA"), ("hv02", "BBBB"), ("hv03", "CCCC")] {
        host(&sandbox, name, "debian-12", &[(SEV, &sev(id))]);
    }
    host(&sandbox, "hv04", "debian-12", &[(SEV, &sev("AAAA").replace("51", "47"))]);
    let cohorts = fleet(&sandbox, &["cohorts", "--format", "json"]).json();
    valid("cohorts", &cohorts);
    let cohorts = cohorts["cohorts"].as_array().unwrap();
    assert_eq!(cohorts.len(), 2);
    assert_eq!(cohorts[0]["hosts"], serde_json::json!(["hv01", "hv02", "hv03"]));
    assert_eq!(cohorts[0]["apart"], Value::Null);
    let changed = &cohorts[1]["apart"]["changed"];
    assert_eq!(changed.as_array().unwrap().len(), 1);
    assert_eq!(changed[0]["path"], "features.sev.cbitpos");
    assert_eq!((&changed[0]["old"], &changed[0]["new"]), (&51.into(), &47.into()));
}

#[test]
fn cohorts_say_what_sets_them_apart() {
    let sandbox = Sandbox::new();
    for name in ["hv01", "hv02", "hv03"] {
        host(&sandbox, name, "debian-12", &[]);
    }
    host(
        &sandbox,
        "hv04",
        "debian-12",
        &[("<value>spice</value>", ""), ("<value>qxl</value>", "")],
    );
    host(&sandbox, "hv05", "debian-13", &[]);
    let text = fleet(&sandbox, &["cohorts"]);
    assert_eq!(text.stderr, "");
    expect("fleet-cohorts", &text.ok());
    let cohorts = fleet(&sandbox, &["cohorts", "--limit", "2", "--format", "json"]).json();
    valid("cohorts", &cohorts);
    assert_eq!(cohorts["cohorts"][1]["apart"]["gained"], serde_json::json!([]));
    assert_eq!(cohorts["cohorts"][2]["apart"], Value::Null, "it is not compared");
    let text = fleet(&sandbox, &["cohorts", "--limit", "1"]).ok();
    assert!(text.contains("2 more cohorts of 1 host, 2 in all"), "{text}");
}

#[test]
fn hosts_that_say_less_are_named() {
    let sandbox = Sandbox::new();
    host(&sandbox, "hv01", "debian-12", &[]);
    host(&sandbox, "hv02", "debian-12", &[]);
    // A file that cannot be read makes a snapshot partial.
    folder(&sandbox, "bad", "debian-12", &[]);
    sandbox.write("bad/x86_64.broken.xml", "<domainCapabilities");
    for (host, at) in [("hv02", "2026-11-02T02:00:00Z"), ("hv03", "2026-11-02T02:00:00Z")] {
        let import = ["--db", "f.db", "import", "-q", "--host", host, "--at", at, "bad"];
        sandbox.run(&import).fails(3);
    }
    let output = fleet(&sandbox, &["cohorts", "--format", "json"]);
    let said = output.stderr.clone();
    assert!(said.contains("1 host (hv02): newer snapshots that are not complete"), "{said}");
    assert!(said.contains("1 host (hv03): left out, without a complete snapshot"), "{said}");
    let cohorts = output.json();
    valid("cohorts", &cohorts);
    assert_eq!(cohorts["hosts"], 2);
    assert_eq!(cohorts["passed_over"][0]["host"], "hv02");
    assert_eq!(cohorts["left_out"][0]["host"], "hv03");
    let error = fleet(&sandbox, &["cohorts", "hv03"]).fails(1);
    assert!(error.contains("no host has a complete snapshot"), "{error}");
}

#[test]
fn hosts_are_chosen_by_name_or_group() {
    let sandbox = Sandbox::new();
    host(&sandbox, "hv01", "debian-12", &[]);
    host(&sandbox, "hv02", "debian-12", &[]);
    let one = fleet(&sandbox, &["cohorts", "hv02", "--format", "json"]).json();
    assert_eq!(one["cohorts"][0]["hosts"], serde_json::json!(["hv02"]));
    assert_eq!(
        fleet(&sandbox, &["cohorts", "--group", "prod", "--format", "json"]).json()["hosts"],
        2
    );
    let error = fleet(&sandbox, &["cohorts", "--group", "none"]).fails(1);
    assert!(error.contains("no host is in group none"), "{error}");
    let error = fleet(&sandbox, &["cohorts", "hv09"]).fails(1);
    assert!(error.contains("no host `hv09`"), "{error}");
    let error = sandbox.run(&["--db", "none.db", "fleet", "cohorts"]).fails(1);
    assert!(error.contains("none.db"), "{error}");
}

const NO_SPICE: (&str, &str) = ("<value>spice</value>", "");
/// As a libvirt that says nothing of graphics.
const SILENT: [(&str, &str); 2] = [("<graphics ", "<hologram "), ("</graphics>", "</hologram>")];
const NO_QEMU64: (&str, &str) = (
    "<model usable='yes' vendor='unknown'>qemu64</model>",
    "<model usable='no' vendor='unknown'>qemu64</model>\
     <blockers model='qemu64'><feature name='svm'/></blockers>",
);

/// Three hosts that are alike, one that lacks something, one that says less.
fn mixed(sandbox: &Sandbox) {
    for name in ["hv01", "hv02", "hv03"] {
        host(sandbox, name, "debian-12", &[]);
    }
    host(sandbox, "hv04", "debian-12", &[NO_SPICE, NO_QEMU64]);
    host(sandbox, "hv05", "debian-12", &SILENT);
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|each| each.as_str().unwrap()).collect()
}

#[test]
fn what_one_host_lacks_is_not_common_and_who_lacks_it_is_named() {
    let sandbox = Sandbox::new();
    mixed(&sandbox);
    expect("fleet-common", &fleet(&sandbox, &["common", "--machine", "q35"]).ok());
    let common = fleet(&sandbox, &["common", "--format", "json"]).json();
    valid("common", &common);
    assert_eq!((&common["hosts"], &common["cohorts"]), (&5.into(), &3.into()));
    let family = &common["families"][0];
    assert_eq!((&family["arch"], &family["virttype"]), (&"x86_64".into(), &"qemu".into()));
    let offered =
        |path: &str| family["offered"].as_array().unwrap().iter().find(|it| it["path"] == path);
    assert!(offered("devices.graphics.type").is_none(), "hv05 says nothing of it");
    assert_eq!(
        strings(&offered("devices.disk.diskDevice").unwrap()["members"]),
        ["cdrom", "disk", "floppy", "lun"]
    );
    let models = strings(&family["cpu_models"]);
    assert!(models.contains(&"qemu32") && !models.contains(&"qemu64"));
    let held = |value: &Value| {
        let held = family["held_back"].as_array().unwrap().iter();
        held.clone().find(|it| it["things"].as_array().unwrap().contains(value)).cloned()
    };
    let spice =
        held(&serde_json::json!({ "path": "devices.graphics.type", "value": "spice" })).unwrap();
    assert_eq!(
        (strings(&spice["not_on"]), strings(&spice["unreported_on"])),
        (vec!["hv04"], vec!["hv05"])
    );
    let usable = "cpu.mode[custom].model[qemu64].usable";
    let model = held(&serde_json::json!({ "path": usable, "value": null })).unwrap();
    assert_eq!(
        (strings(&model["not_on"]), strings(&model["blockers"])),
        (vec!["hv04"], vec!["svm"])
    );
    let vnc = serde_json::json!({ "path": "devices.graphics.type", "value": "vnc" });
    assert!(held(&vnc).is_none(), "nobody says that it lacks vnc");
}

#[test]
fn migration_needs_equal_numbers_and_one_cpu() {
    let sandbox = Sandbox::new();
    host(&sandbox, "hv01", "debian-12", &[(SEV, &sev("AAAA"))]);
    host(&sandbox, "hv02", "debian-12", &[(SEV, &sev("BBBB"))]);
    let equal = fleet(&sandbox, &["common", "--for-migration", "--format", "json"]).json();
    valid("common", &equal);
    assert_eq!(equal["families"][0]["unequal"], serde_json::json!([]));
    assert_eq!(equal["families"][0]["offered"], Value::Null);
    assert_eq!(equal["families"][0]["host_models"].as_array().unwrap().len(), 1);
    host(&sandbox, "hv03", "debian-12", &[(SEV, &sev("CCCC").replace("51", "47"))]);
    let other = fleet(&sandbox, &["common", "--for-migration", "--format", "json"]).json();
    valid("common", &other);
    let unequal = &other["families"][0]["unequal"][0];
    assert_eq!(unequal["path"], "features.sev.cbitpos");
    assert_eq!(strings(&unequal["groups"][1]["hosts"]), ["hv03"]);
    let text = fleet(&sandbox, &["common", "--for-migration"]).ok();
    assert!(text.contains("host-passthrough: one CPU on all, AMD family 25"), "{text}");
    assert!(text.contains("sev.cbitpos differs"), "{text}");
    assert!(!text.contains("disk.bus"), "{text}");
}

#[test]
fn who_lacks_what_nearly_all_have_stands_out_and_who_says_nothing_does_not() {
    let sandbox = Sandbox::new();
    mixed(&sandbox);
    let share = ["outliers", "--share", "75"];
    let output = fleet(&sandbox, &share);
    expect("fleet-outliers", &output.ok());
    let found = fleet(&sandbox, &[&share[..], &["--format", "json"]].concat()).json();
    valid("outliers", &found);
    let found = found["outliers"].as_array().unwrap();
    let of_hosts = |host: &str| found.iter().find(|it| strings(&it["hosts"]) == [host]);
    let lacks = of_hosts("hv04").unwrap();
    assert_eq!(lacks["kind"], "lacks");
    let things = lacks["things"].as_array().unwrap();
    assert!(
        things.iter().any(|it| it["path"] == "devices.graphics.type" && it["value"] == "spice")
    );
    let silent =
        found.iter().filter(|it| it["kind"] == "lacks" && strings(&it["hosts"]).contains(&"hv05"));
    assert_eq!(silent.count(), 0, "absent is not no");
    let none = fleet(&sandbox, &["outliers"]);
    assert!(none.stderr.contains("a smaller --share finds more"), "{none}");
    assert!(none.ok().contains("no host of 5 hosts stands out"));
}

#[test]
fn a_matrix_tells_yes_no_and_unreported_apart() {
    let sandbox = Sandbox::new();
    mixed(&sandbox);
    let asked = ["matrix", "graphics.type", "model[qemu64].usable", "vcpu.max", "disk.bus=nvme"];
    expect("fleet-matrix", &fleet(&sandbox, &asked).ok());
    let matrix = fleet(&sandbox, &[&asked[..], &["--format", "json"]].concat()).json();
    valid("matrix", &matrix);
    let columns = matrix["columns"].as_array().unwrap();
    let at = |path: &str, value: &str| {
        columns
            .iter()
            .position(|it| it["path"] == path && (value.is_empty() || it["value"] == value))
            .unwrap()
    };
    let cell = |host: usize, column: usize| &matrix["rows"][host]["cells"][column];
    let spice = at("devices.graphics.type", "spice");
    assert_eq!(
        (cell(0, spice), cell(3, spice), cell(4, spice)),
        (&"yes".into(), &"no".into(), &Value::Null)
    );
    let usable = at("cpu.mode[custom].model[qemu64].usable", "");
    assert_eq!((cell(0, usable), cell(3, usable)), (&"yes".into(), &"no".into()));
    assert_eq!(cell(0, at("vcpu.max", "")), &serde_json::json!(["255", "288"]));
    assert_eq!(cell(0, at("devices.disk.bus", "nvme")), "no");
    let cohorts =
        fleet(&sandbox, &[&asked[..], &["--by", "cohort", "--format", "json"]].concat()).json();
    valid("matrix", &cohorts);
    assert_eq!(strings(&cohorts["rows"][0]["hosts"]), ["hv01", "hv02", "hv03"]);
    let csv =
        fleet(&sandbox, &["matrix", "graphics.type=spice", "--by", "cohort", "--format", "csv"])
            .ok();
    let expected = "hosts,devices.graphics.type=spice\nhv01; hv02; hv03,yes\nhv04,no\nhv05,\n";
    assert_eq!(csv, expected);
}

#[test]
fn nothing_that_a_host_says_becomes_markup_or_a_formula() {
    let sandbox = Sandbox::new();
    let bad = "<value>&lt;script&gt;x</value><value>=cmd()</value><value>a&#x202e;b</value>";
    host(&sandbox, "hv01", "debian-12", &[("<value>spice</value>", bad)]);
    let html = fleet(&sandbox, &["matrix", "graphics.type", "vcpu.max", "--format", "html"]).ok();
    assert!(html.starts_with("<!doctype html>") && html.contains("</html>"));
    assert!(!html.contains("<script") && html.contains("script&#62;x"), "{html}");
    assert!(!html.contains('\u{202e}') && html.contains("default-src 'none'"));
    assert!(!html.contains("http:") && !html.contains("src="), "it asks for nothing");
    let csv = fleet(&sandbox, &["matrix", "graphics.type", "--format", "csv"]).ok();
    assert!(!csv.contains('\u{202e}'), "{csv}");
    let values = fleet(&sandbox, &["matrix", "graphics.type"]).ok();
    assert!(!values.contains('\u{202e}'), "{values}");
}

#[test]
fn what_is_not_there_is_said() {
    let sandbox = Sandbox::new();
    host(&sandbox, "hv01", "debian-12", &[]);
    let error = fleet(&sandbox, &["matrix", "disk.buss"]).fails(1);
    assert!(
        error.contains("no capability `disk.buss`") && error.contains("devices.disk.bus"),
        "{error}"
    );
    let error = fleet(&sandbox, &["matrix", "model"]).fails(1);
    assert!(error.contains("could be"), "{error}");
    assert_eq!(fleet(&sandbox, &["matrix"]).code, Some(2));
    assert_eq!(fleet(&sandbox, &["outliers", "--share", "100"]).code, Some(2));
    let error = fleet(&sandbox, &["common", "--machine", "pc-q35-99"]).fails(1);
    assert!(error.contains("no host has a target that --machine means"), "{error}");
}

#[test]
fn a_machine_that_is_listed_and_unsupported_cannot_be_had() {
    let fakes = Fakes::new();
    fakes.copy("snapshots/debian-12", "listed");
    let capabilities = "listed/capabilities.xml";
    fakes.edit(capabilities, ">pc-i440fx-2.1</machine>", ">pc-0.1</machine>");
    let asked = ["--arch", "x86_64", "--machine", "pc-0.1", "--machine", "q35"];
    let said = fakes.collect("a", "listed?", &asked);
    assert!(matches!(said.code, Some(0 | 3)), "{said}");
    let csv = |machine: &str| {
        let value = format!("machine={machine}");
        let here = ["--machine", "x86_64/*/*", "--by", "host", "--format", "csv"];
        fakes.run(&[&["fleet", "matrix", &value], &here[..]].concat()).ok()
    };
    assert_eq!(csv("pc-0.1"), "hosts,machine=pc-0.1\na,no\n");
    assert_eq!(csv("pc-i440fx-2.3"), "hosts,machine=pc-i440fx-2.3\na,yes\n");
    let query = ["query", "disk.bus = fdc", "--no", "--machine", "x86_64/*/pc-0.1"];
    let said = fakes.run(&query);
    assert!(said.stderr.contains("0 hosts yes, 1 no, 0 unknown"), "{said}");
}

#[test]
fn what_blocks_a_model_on_any_machine_is_told() {
    let sandbox = Sandbox::new();
    mixed(&sandbox);
    let (old, new) = NO_QEMU64;
    folder(&sandbox, "two", "debian-12", &[(old, new)]);
    let file = "two/x86_64.pc-i440fx-7.2.qemu.xml";
    let text = String::from_utf8(sandbox.read(file).unwrap()).unwrap();
    assert!(text.contains("<feature name='svm'/>"));
    sandbox.write(file, text.replace("<feature name='svm'/>", "<feature name='xtile'/>"));
    import(&sandbox, "hv04", "2026-11-02T02:00:00Z", "two");
    let common = fleet(&sandbox, &["common", "--format", "json"]).json();
    let held = common["families"][0]["held_back"].as_array().unwrap();
    let blocked = held.iter().find(|it| it["things"].to_string().contains("model[qemu64].usable"));
    assert_eq!(strings(&blocked.unwrap()["blockers"]), ["svm", "xtile"]);
}

#[test]
fn a_support_has_no_value_to_ask_for() {
    let sandbox = Sandbox::new();
    host(&sandbox, "hv01", "debian-12", &[]);
    for (asked, path) in [
        ("disk=no", "devices.disk"),
        ("model[qemu64].usable=no", "cpu.mode[custom].model[qemu64].usable"),
        ("devices=x", "devices"),
    ] {
        let error = fleet(&sandbox, &["matrix", asked]).fails(2);
        let expected = format!(
            "error: `{asked}`: PATH=VALUE asks for a member of a set or for a value, and {path} \
             has none: write `{path}` alone\n"
        );
        assert_eq!(error, expected);
    }
}
