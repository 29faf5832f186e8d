//! `domcaps import`

use rusqlite::Connection;

use crate::support::{Output, Sandbox, document, valid};

fn import(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    sandbox.run(&[&["--db", "d.db", "import"], arguments].concat())
}

fn snapshots(sandbox: &Sandbox) -> Vec<serde_json::Value> {
    let listed = sandbox.run(&["--db", "d.db", "snapshots", "--format", "json"]).json();
    valid("snapshots", &listed);
    listed["snapshots"].as_array().unwrap().clone()
}

#[test]
fn a_folder_with_its_machine_list_and_versions() {
    let sandbox = Sandbox::with_snapshots();
    let at = [
        "--host",
        "hv01",
        "--at",
        "2026-11-01T02:00:00Z",
        "--tag",
        "pre-upgrade",
        "--group",
        "prod",
    ];
    let said = import(&sandbox, &[&at[..], &["snapshots/debian-12"]].concat());
    assert!(said.stderr.contains("58 documents, stored, content is new"), "{said}");
    said.ok();
    let listed = &snapshots(&sandbox)[0];
    assert_eq!(listed["context"]["libvirt"], "9.0.0");
    assert_eq!(listed["context"]["hypervisor"], "QEMU 7.2.22");
    assert_eq!(listed["context"]["cpu"], "AMD family 25 model 1 stepping 1");
    assert_eq!(listed["tags"][0], "pre-upgrade");
    let diff =
        sandbox.run(&["--db", "d.db", "diff", "hv01@pre-upgrade", "snapshots/debian-12"]).ok();
    assert!(diff.contains("no difference"), "{diff}");
}

#[test]
fn the_same_again_is_nothing_and_at_another_time_one_row() {
    let sandbox = Sandbox::with_snapshots();
    let at = |time: &str| import(&sandbox, &["--host", "a", "--at", time, "snapshots/debian-12"]);
    at("2026-11-01T02:00:00Z").ok();
    let rows = |sandbox: &Sandbox| {
        let database = rusqlite::Connection::open(sandbox.path("d.db")).unwrap();
        let mut counts = Vec::new();
        for table in
            ["host_snapshot", "profile", "body", "subtree", "subtree_capability", "value", "head"]
        {
            let sql = format!("SELECT count(*) FROM {table}");
            counts.push(database.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap());
        }
        counts
    };
    let once = rows(&sandbox);
    assert!(at("2026-11-01T02:00:00Z").stderr.contains("was stored before"));
    assert_eq!(rows(&sandbox), once);
    assert!(at("2026-11-02T02:00:00Z").stderr.contains("stored, content as before"));
    let twice = rows(&sandbox);
    assert_eq!((twice[0], &twice[1..]), (once[0] + 1, &once[1..]));
    let listed = snapshots(&sandbox);
    assert_eq!((listed.len(), &listed[0]["followers"]), (1, &1.into()));
    assert_eq!(listed[0]["last_seen"], "2026-11-02T02:00:00Z");
}

#[test]
fn history_is_ordered_by_time_taken_whatever_the_order_of_import() {
    let sandbox = Sandbox::new();
    for (name, max) in [("1", "1"), ("2", "2"), ("3", "2"), ("4", "1")] {
        sandbox.write(
            &format!("{name}.xml"),
            document().replace("max='288'", &format!("max='{max}'")),
        );
    }
    for day in ["3", "1", "4", "2"] {
        let (at, file) = (format!("2026-11-0{day}"), format!("{day}.xml"));
        import(&sandbox, &["--host", "a", "--at", &at, &file]).ok();
    }
    let changes: Vec<String> = snapshots(&sandbox)
        .iter()
        .map(|run| format!("{} {}", run["taken_at"].as_str().unwrap(), run["is_change"]))
        .collect();
    let expected =
        ["2026-11-01T00:00:00Z true", "2026-11-02T00:00:00Z true", "2026-11-04T00:00:00Z true"];
    assert_eq!(changes, expected);
    let diff = |old: &str, new: &str| {
        let diff = sandbox.run(&["--db", "d.db", "diff", old, new, "--format", "json"]).json();
        let changes = diff["changes"].as_array().unwrap();
        changes.first().map(|change| format!("{} {}", change["old"], change["new"]))
    };
    assert_eq!(diff("a@prev", "a").as_deref(), Some("2 1"));
    assert_eq!(diff("a@-2", "a@-1").as_deref(), Some("1 2"));
    assert_eq!(diff("a@-2", "a"), None);
    assert_eq!(diff("a@run-1", "a@2026-11-02T12:00:00Z"), None);
    assert_eq!(diff("a@2026-11-01", "a@2026-11-02").as_deref(), Some("1 2"));
    let error = sandbox.run(&["--db", "d.db", "diff", "a@-3", "a"]).fails(1);
    assert!(error.contains("no snapshot before its last 3 changes: it has 4"), "{error}");
}

#[test]
fn same_host_and_time_with_other_content_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    sandbox.write("b.xml", document().replace("max='288'", "max='1'"));
    let at = ["--host", "a", "--at", "2026-11-01", "--strict"];
    import(&sandbox, &[&at[..], &["a.xml"]].concat()).ok();
    let before = snapshots(&sandbox);
    let error = import(&sandbox, &[&at[..], &["b.xml"]].concat()).fails(1);
    assert!(error.contains("already has a snapshot of 2026-11-01T00:00:00Z"), "{error}");
    assert_eq!(snapshots(&sandbox), before);
}

#[test]
fn a_target_given_twice_counts_once_or_is_an_error() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    sandbox.write("b.xml", document());
    sandbox.write("c.xml", document().replace("max='288'", "max='1'"));
    let said = import(&sandbox, &["--host", "a", "a.xml", "b.xml"]);
    assert!(said.stderr.contains(": 1 document, stored"), "{said}");
    let error = import(&sandbox, &["--host", "b", "a.xml", "c.xml"]).fails(1);
    assert!(error.contains("c.xml: target x86_64/qemu/pc-q35-7.2 is in a.xml too"), "{error}");
    assert_eq!(snapshots(&sandbox).len(), 1);
}

#[test]
fn bad_files_are_named_and_left_out_unless_strict() {
    let sandbox = Sandbox::new();
    sandbox.write("good.xml", document());
    sandbox.write("bad.xml", &document()[..5000]);
    let strict = import(&sandbox, &["--host", "a", "--strict", "good.xml", "bad.xml"]).fails(1);
    assert!(strict.contains("nothing stored"), "{strict}");
    assert!(sandbox.read("d.db").is_none());
    let said =
        import(&sandbox, &["--host", "a", "good.xml", "bad.xml", "gone.xml", "--format", "json"]);
    assert_eq!(said.code, Some(3), "{said}");
    assert!(said.stderr.contains("bad.xml:112:") && said.stderr.contains("truncated?"), "{said}");
    assert!(said.stderr.contains("gone.xml: No such file"), "{said}");
    let summary: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    valid("import", &summary);
    assert_eq!(summary["failed"].as_array().unwrap().len(), 2);
    assert_eq!(snapshots(&sandbox)[0]["documents"], 1);
}

#[test]
fn unknown_elements_are_kept_and_named_once() {
    let sandbox = Sandbox::new();
    let newer =
        document().replace("<iothreads", "<quantum supported='yes'><a/></quantum><iothreads");
    sandbox.write("a.xml", &newer);
    sandbox
        .write("b.xml", newer.replace("pc-q35-7.2", "pc-q35-7.1").replace("max='288'", "max='1'"));
    let said = import(&sandbox, &["--host", "a", "a.xml", "b.xml"]);
    assert_eq!(said.stderr.matches("quantum").count(), 1, "{said}");
    let shown = sandbox.run(&["--db", "d.db", "show", "a", "quantum"]).ok();
    assert!(shown.contains("quantum  yes"), "{shown}");
}

#[test]
fn what_a_refused_host_read_first_is_told_of_the_next() {
    let sandbox = Sandbox::new();
    let newer = document().replace("<iothreads", "<quantum supported='yes'/><iothreads");
    for host in ["a", "b"] {
        sandbox.write(&format!("t/{host}/q35.xml"), &newer);
    }
    sandbox.write("t/a/bad.xml", "<domainCapabilities>");
    let said = import(&sandbox, &["--tree", "t", "--strict", "--format", "json"]);
    assert_eq!(said.code, Some(3));
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(json["unknown_elements"], serde_json::json!(["quantum"]));
    assert!(sandbox.run(&["--db", "d.db", "check", "--read-data"]).ok().contains("1 host"));
}

#[test]
fn bad_files_alone_wait_for_nobody() {
    let sandbox = Sandbox::new();
    sandbox.write("good.xml", document());
    sandbox.write("t/a.xml", "<domainCapabilities>");
    import(&sandbox, &["--host", "a", "good.xml"]).ok();
    let database = Connection::open(sandbox.path("d.db")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    let said = import(&sandbox, &["--tree", "t"]);
    assert_eq!(said.code, Some(1), "{said}");
}

#[test]
fn a_tree_of_hosts_files_and_times() {
    let sandbox = Sandbox::new();
    sandbox.write("t/alone.xml", document());
    sandbox.write("t/hv01/q35.xml", document());
    sandbox.write("t/hv02/2026-10-01/q35.xml", document());
    sandbox
        .write("t/hv02/2026-10-02T02:00:00Z/q35.xml", document().replace("max='288'", "max='1'"));
    sandbox.write("t/hv03/yesterday/q35.xml", document());
    sandbox.write("t/bad name/q35.xml", document());
    sandbox.write("t/broken/q35.xml", "<domainCapabilities>");
    sandbox.write("t/README.md", "not a document");
    let said = import(&sandbox, &["--tree", "t", "--at", "2026-11-01", "--format", "json"]);
    assert_eq!(said.code, Some(3), "{said}");
    for what in ["`bad name` cannot name a host", "`yesterday` is no time", "broken/q35.xml:1:21"] {
        assert!(said.stderr.contains(what), "{what}: {said}");
    }
    let hosts: Vec<String> = snapshots(&sandbox)
        .iter()
        .map(|run| {
            format!("{} {}", run["host"].as_str().unwrap(), run["taken_at"].as_str().unwrap())
        })
        .collect();
    let expected = [
        "alone 2026-11-01T00:00:00Z",
        "hv01 2026-11-01T00:00:00Z",
        "hv02 2026-10-01T00:00:00Z",
        "hv02 2026-10-02T02:00:00Z",
    ];
    assert_eq!(hosts, expected);
}

#[test]
fn standard_input_is_a_document() {
    let sandbox = Sandbox::new();
    let said =
        sandbox.run_with(&["--db", "d.db", "import", "--host", "a", "-"], document().as_bytes());
    assert_eq!(said.code, Some(0), "{said}");
    assert_eq!(snapshots(&sandbox).len(), 1);
}

#[test]
fn the_database_is_private_and_where_it_was_asked_for() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    sandbox.run(&["import", "--host", "a", "a.xml"]).ok();
    let mode =
        std::fs::metadata(sandbox.path("data/domcaps/domcaps.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut command = sandbox.command(&["import", "--host", "a", "a.xml"]);
    command.env("DOMCAPS_DB", sandbox.path("other.db"));
    crate::support::output(command).ok();
    assert!(sandbox.read("other.db").is_some());
}

#[test]
fn a_document_that_could_not_be_read_is_not_lost() {
    let sandbox = Sandbox::new();
    let other = document().replace("pc-q35-7.2", "pc-q35-7.1");
    sandbox.write("d/a.xml", document());
    sandbox.write("d/b.xml", &other);
    import(&sandbox, &["--host", "a", "--at", "2026-11-01", "d"]).ok();
    // Cut short, but it still says which target it is about.
    sandbox.write("d/b.xml", &other[..3000]);
    import(&sandbox, &["--host", "a", "--at", "2026-11-02", "d"]).fails(3);
    // Nothing says what it was about.
    sandbox.write("d/b.xml", "");
    import(&sandbox, &["--host", "a", "--at", "2026-11-03", "d"]).fails(3);
    let states: Vec<String> = snapshots(&sandbox)
        .iter()
        .map(|run| {
            format!("{} {} {}", run["state"].as_str().unwrap(), run["documents"], run["failures"])
        })
        .collect();
    assert_eq!(states, ["complete 2 0", "partial 1 1", "partial 1 0"]);
    for (old, new, why) in [
        ("a@2026-11-01", "a@2026-11-02", "transient: 79:27: ends inside <mode>"),
        ("a@2026-11-01", "a@2026-11-03", "not collected on the new side"),
    ] {
        let diff = sandbox.run(&["--db", "d.db", "diff", old, new, "--format", "json"]).json();
        valid("diff", &diff);
        assert_eq!(diff["changes"].as_array().unwrap().len(), 0, "{diff}");
        let silent = &diff["targets"]["not_compared"][0];
        assert_eq!(silent["target"], "x86_64/qemu/pc-q35-7.1");
        assert!(silent["why"].as_str().unwrap().starts_with(why), "{silent}");
    }
    let latest = sandbox.run(&["--db", "d.db", "show", "a:pc-q35-7.2"]);
    assert!(
        latest
            .stderr
            .contains("passed over 2 snapshots, the newest partial, of 2026-11-03T00:00:00Z"),
        "{latest}"
    );
}

#[test]
fn a_refused_snapshot_of_a_tree_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    sandbox.write("t/a.xml", document());
    import(&sandbox, &["--tree", "t", "--at", "2026-11-01"]).ok();
    sandbox.write("t/a.xml", document().replace("max='288'", "max='1'"));
    let count = || {
        let database = rusqlite::Connection::open(sandbox.path("d.db")).unwrap();
        let count = |table: &str| {
            let sql = format!("SELECT count(*) FROM {table}");
            database.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap()
        };
        ["profile", "body", "subtree", "path", "value", "host_group"].map(count)
    };
    let before = count();
    let error = import(&sandbox, &["--tree", "t", "--at", "2026-11-01", "--group", "g"]).fails(1);
    assert!(error.contains("already has a snapshot"), "{error}");
    assert_eq!(count(), before);
}

#[test]
fn a_pipe_in_a_folder_is_not_waited_for() {
    let sandbox = Sandbox::new();
    sandbox.write("d/a.xml", document());
    assert!(
        std::process::Command::new("mkfifo")
            .arg(sandbox.path("d/p.xml"))
            .status()
            .unwrap()
            .success()
    );
    let said = import(&sandbox, &["--host", "a", "d"]);
    assert!(said.stderr.contains("d/p.xml: not a regular file"), "{said}");
    said.fails(3);
}

#[test]
fn documents_beside_folders_of_times_are_named() {
    let sandbox = Sandbox::new();
    sandbox.write("t/a/2026-11-01/a.xml", document());
    sandbox.write("t/a/b.xml", document());
    let error = import(&sandbox, &["--tree", "t"]).fails(3);
    assert!(error.contains("t/a/b.xml: stands beside folders of times"), "{error}");
}

#[test]
fn a_time_in_the_future_is_warned_of() {
    let sandbox = Sandbox::new();
    let warned = |arguments: &[&str]| {
        let output = sandbox.run(&[&["--db", "d.db", "import"], arguments].concat());
        assert_eq!(output.code, Some(0), "{output}");
        output.stderr.lines().filter(|line| line.contains("in the future")).collect::<String>()
    };
    sandbox.write("a.xml", document());
    let said = warned(&["--host", "h", "--at", "2126-01-01", "a.xml"]);
    assert!(said.contains("--at: 2126-01-01T00:00:00Z is in the future"), "{said}");
    for time in ["2026-01-01T02:00:00Z", "2126-01-02T02:00:00Z", "2126-01-03T02:00:00Z"] {
        sandbox.write(&format!("t/hv01/{time}/a.xml"), document());
    }
    let said = warned(&["--tree", "t"]);
    assert!(said.contains("2126-01-02T02:00:00Z is in the future (and 1 more)"), "{said}");
    for arguments in
        [&["--host", "h", "a.xml"][..], &["--host", "h", "--at", "2026-01-01", "a.xml"]]
    {
        let said = warned(arguments);
        assert!(said.starts_with("warning: h: has a snapshot of 2126-01-01T00:00:00Z"), "{said}");
    }
    assert_eq!(warned(&["--host", "other", "a.xml"]), "");
}
