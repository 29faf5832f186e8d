//! `domcaps export`

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::{Sandbox, valid};

/// The demo and a host that was upgraded between its second and its third snapshot.
fn fleet() -> Sandbox {
    let sandbox = Sandbox::with_demo();
    for (day, folder) in [(1, "debian-12"), (2, "debian-12"), (3, "debian-13")] {
        let at = format!("2026-11-0{day}T02:00:00Z");
        let folder = format!("snapshots/{folder}");
        sandbox.run(&["--db", "demo.db", "import", "--host", "hv01", "--at", &at, &folder]).ok();
    }
    sandbox.run(&["--db", "demo.db", "host", "set", "hv01", "--group", "prod"]).ok();
    sandbox
}

fn export(sandbox: &Sandbox, arguments: &[&str]) -> crate::support::Output {
    sandbox.run(&[&["--db", "demo.db", "export"], arguments].concat())
}

/// The rows of an export, each checked against its schema.
#[track_caller]
fn rows(sandbox: &Sandbox, schema: &str, arguments: &[&str]) -> Vec<Value> {
    let lines = export(sandbox, arguments).ok();
    let rows: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for row in rows.iter().step_by(rows.len().div_ceil(200).max(1)) {
        valid(schema, row);
        assert_eq!(row["schema"], format!("domcaps.{schema}/1"));
    }
    rows
}

fn text<'r>(row: &'r Value, name: &str) -> &'r str {
    row[name].as_str().unwrap_or_default()
}

#[test]
fn hosts_and_snapshots() {
    let sandbox = fleet();
    let hosts = rows(&sandbox, "export-host", &["hosts"]);
    assert_eq!(hosts.len(), 3);
    assert_eq!(hosts[2]["groups"], serde_json::json!(["prod"]));
    let newest = rows(&sandbox, "export-snapshot", &["snapshots", "--group", "prod"]);
    assert_eq!(newest.len(), 1);
    assert_eq!(newest[0]["taken_at"], "2026-11-03T02:00:00Z");
    let all = rows(&sandbox, "export-snapshot", &["snapshots", "--history", "--host", "hv01"]);
    let changed: Vec<bool> = all.iter().map(|row| row["is_change"].as_bool().unwrap()).collect();
    assert_eq!(changed, [true, false, true]);
    let period = ["snapshots", "--since", "2026-11-02", "--until", "2026-11-02"];
    let hosts: Vec<Value> = rows(&sandbox, "export-snapshot", &period);
    let hosts: Vec<&str> = hosts.iter().map(|row| text(row, "host")).collect();
    assert_eq!(hosts, ["debian-13", "hv01"]);
    let before =
        rows(&sandbox, "export-snapshot", &["snapshots", "--until", "2026-11-02T12:00:00Z"]);
    assert_eq!(before.len(), 3, "each host's newest until then");
    assert_eq!(before[2]["taken_at"], "2026-11-02T02:00:00Z");
}

#[test]
fn snapshots_profiles_and_documents_join_to_what_the_views_say() {
    let sandbox = fleet();
    let snapshots = rows(&sandbox, "export-snapshot", &["snapshots"]);
    let profiles = rows(&sandbox, "export-profile", &["profiles"]);
    let documents = rows(&sandbox, "export-document", &["documents"]);
    // hv01 has what debian-13 has: its 178 targets are not written again.
    assert_eq!((snapshots.len(), profiles.len()), (3, 58 + 178));
    let mut values: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for row in &documents {
        values.entry(text(row, "document")).or_default().push(row);
    }
    let mut joined = BTreeSet::new();
    for snapshot in &snapshots {
        for target in profiles.iter().filter(|row| row["profile"] == snapshot["profile"]) {
            for value in &values[text(target, "document")] {
                let cells = [
                    text(snapshot, "host"),
                    text(target, "arch"),
                    text(target, "virttype"),
                    text(target, "machine"),
                    text(value, "path"),
                    text(value, "kind"),
                    text(value, "value"),
                ];
                joined.insert(format!("{} {}", cells.join("|"), value["position"]));
            }
        }
    }
    let database = rusqlite::Connection::open(sandbox.path("demo.db")).unwrap();
    let mut select = database
        .prepare(
            "SELECT host || '|' || arch || '|' || virttype || '|' || machine || '|' || path || '|'
                    || kind || '|' || ifnull(value, '') || ' ' || ifnull(position, 'null')
             FROM latest_capability",
        )
        .unwrap();
    let view: BTreeSet<String> =
        select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(view.len() > 100_000);
    assert!(view == joined, "{:?}", view.symmetric_difference(&joined).next());
}

#[test]
fn capabilities_are_what_the_view_says() {
    let sandbox = fleet();
    let path = ["--path", "devices.disk.*", "--path", "os.loader.value"];
    let exported =
        export(&sandbox, &[&["capabilities", "--format", "csv"], &path[..]].concat()).ok();
    let exported: BTreeSet<&str> = exported.lines().collect();
    let question = "SELECT snapshot, host, taken_at, emulator, arch, virttype, machine, path, kind,
                           value, position
                    FROM latest_capability WHERE path GLOB 'devices.disk.*' OR path = 'os.loader.value'";
    let asked = sandbox.run(&["--db", "demo.db", "sql", question, "--format", "csv"]).ok();
    assert_eq!(exported, asked.lines().collect());
    assert!(exported.len() > 1000);
    let history = ["capabilities", "--host", "hv01", "--history", "--path", "vcpu.max"];
    let history = rows(&sandbox, "export-capability", &history);
    let taken: BTreeSet<&str> = history.iter().map(|row| text(row, "taken_at")).collect();
    assert_eq!(Vec::from_iter(taken), ["2026-11-01T02:00:00Z", "2026-11-03T02:00:00Z"]);
}

#[test]
fn machines_join_by_profile() {
    let sandbox = fleet();
    let machines = rows(&sandbox, "export-machine", &["machines"]);
    let view = "SELECT count(*) AS n FROM machine WHERE host IN ('debian-12', 'debian-13')";
    let count = sandbox.run(&["--db", "demo.db", "sql", view, "--format", "csv"]).ok();
    assert_eq!(format!("n\n{}\n", machines.len()), count);
    assert!(
        machines.iter().any(|row| row["machine"] == "q35" && row["canonical"] == "pc-q35-10.0")
    );
}

#[test]
fn changes_are_those_of_diff() {
    let sandbox = fleet();
    let changes = rows(&sandbox, "export-change", &["changes"]);
    let diff = ["--db", "demo.db", "diff", "hv01@2026-11-02", "hv01", "--format", "json"];
    let diff = sandbox.run(&diff).json();
    let told = |row: &Value| {
        ["kind", "path", "value", "severity", "rule", "reason", "fingerprint"]
            .map(|name| text(row, name).to_owned())
    };
    let expected: Vec<_> = diff["changes"].as_array().unwrap().iter().collect();
    assert!(expected.len() > 50);
    assert_eq!(
        changes.iter().map(told).collect::<Vec<_>>(),
        expected.iter().map(|row| told(row)).collect::<Vec<_>>()
    );
    for (row, change) in changes.iter().zip(expected) {
        assert_eq!(row["targets"], change["targets"].as_array().unwrap().len(), "{row}");
        let side = |side: &Value| match side {
            Value::Null | Value::String(_) => side.clone(),
            other => other.to_string().into(),
        };
        assert_eq!((&row["old"], &row["new"]), (&side(&change["old"]), &side(&change["new"])));
    }
    assert_eq!(changes[0]["host"], "hv01");
    assert_eq!(
        (&changes[0]["old_libvirt"], &changes[0]["new_libvirt"]),
        (&"9.0.0".into(), &"11.3.0".into())
    );
    assert_eq!(export(&sandbox, &["changes", "--since", "2026-11-04"]).ok(), "");
    assert_eq!(export(&sandbox, &["changes", "--until", "2026-11-02"]).ok(), "");
    assert_eq!(
        export(&sandbox, &["changes", "--since", "2026-11-03"]).ok().lines().count(),
        changes.len()
    );
}

#[test]
fn hosts_that_went_the_same_way_each_have_their_rows() {
    let sandbox = fleet();
    let one = export(&sandbox, &["changes"]).ok();
    for (day, folder) in [(1, "debian-12"), (3, "debian-13")] {
        let at = format!("2026-11-0{day}T02:00:00Z");
        let folder = format!("snapshots/{folder}");
        sandbox.run(&["--db", "demo.db", "import", "--host", "hv02", "--at", &at, &folder]).ok();
    }
    let both = rows(&sandbox, "export-change", &["changes"]);
    assert_eq!(both.len(), 2 * one.lines().count());
    assert!(both[one.lines().count()..].iter().all(|row| row["host"] == "hv02"));
}

#[test]
fn columns_stand_in_csv_as_in_ndjson() {
    let sandbox = fleet();
    for kind in
        ["hosts", "snapshots", "profiles", "documents", "capabilities", "machines", "changes"]
    {
        let mut limited = vec![kind, "--host", "hv01"];
        if ["documents", "capabilities"].contains(&kind) {
            limited.extend(["--path", "vcpu.max"]);
        }
        let line = export(&sandbox, &limited).ok();
        let first: Value = serde_json::from_str(line.lines().next().unwrap()).unwrap();
        let names: Vec<&str> =
            first.as_object().unwrap().keys().skip(1).map(String::as_str).collect();
        limited.extend(["--format", "csv"]);
        let csv = export(&sandbox, &limited).ok();
        assert_eq!(csv.lines().next().unwrap(), names.join(","), "{kind}");
        assert_eq!(csv.lines().count(), line.lines().count() + 1, "{kind}");
    }
}

#[test]
fn files_are_written_whole_or_not_at_all() {
    let sandbox = fleet();
    let said = export(&sandbox, &["hosts", "--format", "csv", "--output", "h.csv"]);
    assert!(said.stderr.contains("3 rows written to h.csv"), "{said}");
    assert_eq!(said.ok(), "");
    assert_eq!(sandbox.read("h.csv").unwrap().iter().filter(|byte| **byte == b'\n').count(), 4);
    let error = export(&sandbox, &["hosts", "--output", "nowhere/h.csv"]).fails(1);
    assert!(error.contains("nowhere/h.csv: cannot write"), "{error}");
    let error = export(&sandbox, &["hosts", "--output", "/dev/full"]).fails(1);
    assert!(error.contains("/dev/full: cannot write: No space left"), "{error}");
}

#[test]
fn bad_input() {
    let sandbox = fleet();
    for (arguments, code, what) in [
        (&["changes", "--since", "soon"][..], 2, "`soon` is no length of time"),
        (&["changes", "--since", "2026-11-04", "--until", "2026-11-03"], 2, "--since is later"),
        (&["hosts", "--path", "vcpu.max"], 2, "--path is for capabilities and documents"),
        (&["snapshots", "--host", "hv9"], 1, "no host `hv9`: there are hv01"),
        (&["snapshots", "--group", "none"], 1, "no host is in group none"),
        (&["guests"], 2, "invalid value 'guests'"),
    ] {
        let error = export(&sandbox, arguments).fails(code);
        assert!(error.contains(what), "{arguments:?}: {error}");
    }
}
