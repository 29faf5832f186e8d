//! One reader: what people feed in, and that equal input is an equal observation however it came.

use serde_json::Value;

use crate::support::{Fakes, Output, Sandbox, document, root, valid};

fn run(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    sandbox.run(&[&["--db", "d.db"], arguments].concat())
}

fn states(sandbox: &Sandbox, host: &str) -> Vec<(String, String)> {
    let listed = run(sandbox, &["snapshots", host, "--format", "json"]).json();
    let mut snapshots: Vec<&Value> = listed["snapshots"].as_array().unwrap().iter().collect();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    snapshots.sort_by_key(|each| text(&each["taken_at"]));
    snapshots.iter().map(|each| (text(&each["snapshot"]), text(&each["state"]))).collect()
}

fn machines(sandbox: &Sandbox, operand: &str) -> Vec<String> {
    let listed = run(sandbox, &["machines", operand, "--format", "json"]).json();
    let names = listed["machines"].as_array().unwrap().iter();
    names.map(|each| each["machine"].as_str().unwrap().to_owned()).collect()
}

/// Makes a folder as `tests/older/files/full`, one document of it changed.
fn variant(fakes: &Fakes, name: &str, edit: impl Fn(&str) -> String) {
    let from = root().join("tests/older/files/full");
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let text = if file.contains("pc-q35") { edit(&text) } else { text };
        fakes.sandbox.write(&format!("{name}/{file}"), text);
    }
}

/// What a comparison says and how it ends, at each level.
fn compared(fakes: &Fakes, old: &str, new: &str) -> (Value, Vec<Option<i32>>) {
    let json = fakes.run(&["diff", old, new, "--format", "json"]);
    // Of a visit the reason is put into words.
    let json = json.stdout.replace("its document is bad: ", "");
    let json: Value = serde_json::from_str(&json).unwrap();
    let codes = ["breaking", "warning", "info"].map(|level| {
        let output = fakes.run(&["diff", old, new, "--fail-on", level]);
        // A bad file among good ones is told of by 3 where it is read, and stored with the others.
        output.code.map(|code| if code == 3 { 0 } else { code })
    });
    (Value::from(vec![json["changes"].clone(), json["targets"].clone()]), codes.to_vec())
}

#[test]
fn files_imports_and_visits_of_the_same_documents_are_judged_alike() {
    let fakes = Fakes::new();
    variant(&fakes, "sound", str::to_owned);
    variant(&fakes, "changed", |text| text.replace("        <value>scsi</value>\n", ""));
    variant(&fakes, "suspect", |text| {
        text.replace(
            "<model usable='yes' vendor='unknown'>kvm64",
            "<model usable='no' vendor='unknown'>kvm64",
        )
    });
    variant(&fakes, "broken", |text| text.replace("</devices>", ""));
    let mut gates = std::collections::BTreeSet::new();
    for (number, (old, new)) in [
        ("sound", "changed"),
        ("sound", "suspect"),
        ("suspect", "sound"),
        ("sound", "broken"),
        ("changed", "broken"),
        ("suspect", "changed"),
    ]
    .into_iter()
    .enumerate()
    {
        let [imported, collected] = [format!("i{number}"), format!("c{number}")];
        for (folder, time) in [(old, "2026-11-01"), (new, "2026-11-02")] {
            drop(fakes.run(&["import", "--host", &imported, "--at", time, folder]));
            drop(fakes.collect(&collected, &format!("{folder}?"), &[]));
        }
        let stored = [&imported, &collected].map(|host| states(&fakes.sandbox, host));
        let of_state = |list: &[(String, String)]| {
            list.iter().map(|(_, state)| state.clone()).collect::<Vec<_>>()
        };
        assert_eq!(of_state(&stored[0]), of_state(&stored[1]), "{old} {new}");
        assert_eq!(stored[0].len(), 2, "{old} {new}");
        let files = compared(&fakes, old, new);
        for (host, snapshots) in [&imported, &collected].into_iter().zip(&stored) {
            let ids = [0, 1].map(|at: usize| format!("{host}@id:{}", snapshots[at].0));
            assert_eq!(compared(&fakes, &ids[0], &ids[1]), files, "{host}: {old} {new}");
        }
        gates.insert(files.1);
    }
    assert!(gates.len() > 2, "the gates differ: {gates:?}");
}

#[test]
fn several_documents_in_a_file_are_those_documents() {
    let sandbox = Sandbox::new();
    let (one, other) = (document(), document().replace("pc-q35-7.2", "pc-q35-7.1"));
    let list =
        std::fs::read_to_string(root().join("tests/older/files/full/capabilities.xml")).unwrap();
    sandbox.write("two.xml", format!("{one}{other}"));
    sandbox.write("apart/one.xml", &one);
    sandbox.write("apart/other.xml", &other);
    run(&sandbox, &["import", "--host", "two", "two.xml"]).ok();
    run(&sandbox, &["import", "--host", "apart", "apart"]).ok();
    assert!(run(&sandbox, &["diff", "two", "apart"]).ok().contains("no difference"));
    let shown = run(&sandbox, &["show", "two:pc-q35-7.1", "--format", "xml"]).ok();
    assert_eq!(shown, other, "byte for byte");
    sandbox.write("all.xml", format!("{list}\n{one}"));
    assert_eq!(machines(&sandbox, "all.xml"), ["pc-i440fx-8.2", "pc-q35-8.2", "q35"]);
    // One that is bad is named by its line in the file.
    sandbox.write("bad.xml", format!("{one}{}", other.replace("</domainCapabilities>", "<")));
    let lines = format!("{one}{other}").lines().count();
    let said = run(&sandbox, &["import", "--host", "bad", "bad.xml"]);
    assert!(said.stderr.contains(&format!("bad.xml:{}:", lines + 1)), "{said}");
    said.fails(3);
    // Two of one target, and they differ.
    sandbox.write("twice.xml", format!("{one}{}", one.replace("<value>usb</value>", "")));
    let error = run(&sandbox, &["import", "--host", "twice", "twice.xml"]).fails(1);
    assert!(error.contains("is in twice.xml too, with different content"), "{error}");
}

#[test]
fn a_machine_list_alone_can_be_listed_compared_imported_and_asked() {
    let sandbox = Sandbox::new();
    let list =
        std::fs::read_to_string(root().join("tests/older/files/full/capabilities.xml")).unwrap();
    sandbox.write("capabilities.xml", &list);
    sandbox.write(
        "new.xml",
        list.replace("      <machine maxCpus='255' deprecated='yes'>pc-i440fx-8.2</machine>\n", ""),
    );
    assert_eq!(machines(&sandbox, "capabilities.xml"), ["pc-i440fx-8.2", "pc-q35-8.2", "q35"]);
    let diff = run(&sandbox, &["diff", "capabilities.xml", "new.xml", "--fail-on", "breaking"]);
    assert!(diff.stdout.contains("pc-i440fx-8.2"), "{diff}");
    assert_eq!(diff.code, Some(10), "{diff}");
    let json =
        run(&sandbox, &["import", "--host", "a", "--format", "json", "capabilities.xml"]).json();
    valid("import", &json);
    assert_eq!(json["snapshots"][0]["documents"], 0);
    assert_eq!(states(&sandbox, "a")[0].1, "complete");
    assert_eq!(machines(&sandbox, "a"), ["pc-i440fx-8.2", "pc-q35-8.2", "q35"]);
}

#[test]
fn the_folder_of_a_node_labeller_is_complete() {
    let sandbox = Sandbox::new();
    let list =
        std::fs::read_to_string(root().join("tests/older/files/full/capabilities.xml")).unwrap();
    sandbox.write("t/node1/virsh_domcapabilities.xml", document());
    sandbox.write("t/node1/virsh_domcapabilities_aarch64.xml", "");
    sandbox.write("t/node1/virsh_domcapabilities_s390x.xml", "\n");
    sandbox.write("t/node1/capabilities.xml", list);
    sandbox.write(
        "t/node1/supported_features.xml",
        "<cpu mode='custom' match='exact'><model>EPYC</model></cpu>",
    );
    sandbox.write("t/node1/cpu_map/x86_EPYC.xml", "<cpus/>");
    run(&sandbox, &["import", "--host", "one", "t/node1"]).ok();
    run(&sandbox, &["import", "--tree", "t"]).ok();
    for host in ["one", "node1"] {
        assert_eq!(states(&sandbox, host)[0].1, "complete", "{host}");
    }
    // Elsewhere an empty file is a document that was lost.
    sandbox.write("other/a.xml", document());
    sandbox.write("other/b.xml", "");
    let said = run(&sandbox, &["import", "--host", "other", "other"]);
    assert!(said.stderr.contains("other/b.xml:1:1: empty"), "{said}");
    said.fails(3);
    assert_eq!(states(&sandbox, "other")[0].1, "partial");
}

fn gzip(text: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compressed_files_are_read_as_if_they_were_not() {
    let sandbox = Sandbox::new();
    let packed = gzip(document().as_bytes());
    sandbox.write("plain/a.xml", document());
    sandbox.write("packed/a.xml.gz", &packed);
    sandbox.write("t/hv01.xml.gz", &packed);
    assert!(run(&sandbox, &["diff", "plain", "packed"]).ok().contains("no difference"));
    assert!(
        run(&sandbox, &["diff", "plain/a.xml", "packed/a.xml.gz"]).ok().contains("no difference")
    );
    run(&sandbox, &["import", "--tree", "t"]).ok();
    assert_eq!(run(&sandbox, &["show", "hv01:pc-q35-7.2", "--format", "xml"]).ok(), document());
    // Cut off, and a bomb: 9 MiB of a few kilobytes.
    sandbox.write("half.xml.gz", &packed[..packed.len() / 2]);
    let error = run(&sandbox, &["diff", "half.xml.gz", "plain"]).fails(1);
    assert!(error.contains("half.xml.gz: not a whole gzip file"), "{error}");
    sandbox.write("bomb.xml.gz", gzip(&vec![b' '; 9 << 20]));
    let error = run(&sandbox, &["diff", "bomb.xml.gz", "plain"]).fails(1);
    assert!(error.contains("bomb.xml.gz: larger than 8 MiB"), "{error}");
}

#[test]
fn a_paste_is_told_what_it_is() {
    let sandbox = Sandbox::new();
    let document = document();
    let hint = |text: String| {
        sandbox.write("paste.xml", text);
        run(&sandbox, &["import", "--host", "a", "paste.xml"]).fails(1)
    };
    let escaped = document.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    assert!(hint(escaped.clone()).contains("HTML-escaped"));
    assert!(hint(format!("<pre>{escaped}</pre>")).contains("HTML-escaped"));
    for around in [
        format!("$ virsh domcapabilities --machine q35\n{document}"),
        format!("[root@hv01 ~]# virsh domcapabilities\n{document}\n[root@hv01 ~]# "),
        format!("{document}\nvirsh # "),
    ] {
        let error = hint(around);
        assert!(error.contains("a paste from a terminal?"), "{error}");
    }
    assert!(!hint(document.replace("</devices>", "")).contains("paste from"));
}

#[test]
fn the_folder_of_one_host_is_no_tree() {
    let sandbox = Sandbox::new();
    let refused = |tree: &str| {
        let said = run(&sandbox, &["import", "--tree", tree]);
        assert!(said.stderr.contains("import --host NAME"), "{said}");
        said.fails(1);
        assert!(sandbox.read("d.db").is_none(), "nothing is stored");
    };
    sandbox.write("listed/capabilities.xml", "<capabilities/>");
    sandbox.write("listed/a.xml", document());
    refused("listed");
    sandbox.write("versioned/version.txt", "");
    sandbox.write("versioned/a.xml", document());
    refused("versioned");
    sandbox.write("targets/q35.xml", document());
    sandbox.write("targets/x86_64.pc-q35-7.1.xml", document().replace("pc-q35-7.2", "pc-q35-7.1"));
    refused("targets");
    sandbox.write("times/2026-11-01/a.xml", document());
    sandbox.write("times/2026-11-02/a.xml", document());
    refused("times");
    // Files that are named by their hosts are a tree of hosts, and so is its own dry run.
    sandbox.write("hosts/hv01.xml", document());
    sandbox.write("hosts/hv02.xml", document());
    sandbox.write("hosts/hv03/capabilities.xml", "<capabilities/>");
    sandbox.write("hosts/hv03/a.xml", document());
    let said =
        run(&sandbox, &["import", "--tree", "hosts", "--dry-run", "--at", "2026-11-01"]).ok();
    assert_eq!(said.lines().count(), 4, "{said}");
    assert!(
        said.lines().skip(1).all(|line| line.contains(" 1 ") && line.contains("complete")),
        "{said}"
    );
    assert!(sandbox.read("d.db").is_none(), "a dry run stores nothing");
    let json =
        run(&sandbox, &["import", "--tree", "hosts", "--dry-run", "--format", "json"]).json();
    valid("import", &json);
    assert_eq!(json["snapshots"][2]["outcome"], "dry-run");
    run(&sandbox, &["import", "--tree", "hosts"]).ok();
}
