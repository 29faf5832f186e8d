//! Files of a database that others moved, linked or replaced; clocks that were wrong; damage.

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;

use crate::support::{Fakes, Output, Sandbox, document, output, valid};

fn with_document() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    sandbox
}

fn import(sandbox: &Sandbox, db: &str, host: &str, at: &str) -> Output {
    sandbox.run(&["--db", db, "import", "--host", host, "--at", at, "a.xml"])
}

fn hosts(sandbox: &Sandbox, db: &str) -> Vec<String> {
    let hosts = sandbox.run(&["--db", db, "hosts", "--format", "json"]).json();
    let hosts = hosts["hosts"].as_array().unwrap().iter();
    hosts.map(|host| host["host"].as_str().unwrap().to_owned()).collect()
}

/// Everything in the sandbox that belongs to a database: files, logs and drafts.
fn files(sandbox: &Sandbox) -> Vec<String> {
    let names = std::fs::read_dir(sandbox.path("")).unwrap();
    let mut names: Vec<String> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.contains(".db") || name.starts_with('.'));
    names.sort();
    names
}

#[test]
fn a_new_database_meets_no_log_of_another() {
    for suffix in ["-wal", "-journal", "-shm"] {
        let sandbox = with_document();
        let leftover = format!("d.db{suffix}");
        sandbox.write(&leftover, "pages");
        for command in [
            &["import", "--host", "a", "a.xml"][..],
            &["demo"],
            &["collect", "--connect", "test:///default", "--host", "a", "--virsh", "/bin/true"],
        ] {
            let error = sandbox.run(&[&["--db", "d.db"], command].concat()).fails(1);
            assert!(error.contains(&leftover) && error.contains("move it away"), "{error}");
        }
        assert_eq!(files(&sandbox), [leftover.as_str()], "nothing else is left");
        // The name of a copy is a new one too.
        import(&sandbox, "other.db", "a", "2026-01-01").ok();
        let error = sandbox.run(&["--db", "other.db", "backup", "d.db"]).fails(1);
        assert!(error.contains(&leftover), "{error}");
        std::fs::remove_file(sandbox.path(&leftover)).unwrap();
        import(&sandbox, "d.db", "a", "2026-01-01").ok();
        sandbox.run(&["--db", "d.db", "check", "--read-data"]).ok();
    }
}

#[test]
fn drafts_that_were_left_stand_in_nobodys_way() {
    let sandbox = with_document();
    std::fs::create_dir(sandbox.path(".domcaps-draft-killed")).unwrap();
    sandbox.write(".domcaps-draft-killed/new.db", "half a database");
    import(&sandbox, "d.db", "a", "2026-01-01").ok();
    assert_eq!(files(&sandbox), ["d.db"]);
    std::fs::create_dir(sandbox.path(".domcaps-draft-killed")).unwrap();
    // As in a container, where every process has the number that is in the leftover's name.
    let shell =
        format!(": > .b.db.$$; exec {} --db d.db backup b.db", env!("CARGO_BIN_EXE_domcaps"));
    let mut command = Command::new("sh");
    command.args(["-c", &shell]).current_dir(sandbox.path(""));
    output(command).ok();
    let left: Vec<String> =
        files(&sandbox).into_iter().filter(|name| !name.starts_with(".b.db.")).collect();
    assert_eq!(left, ["b.db", "d.db"]);
}

#[test]
fn a_file_with_two_names_is_read_and_not_written() {
    let sandbox = with_document();
    import(&sandbox, "d.db", "a", "2026-01-01").ok();
    std::fs::hard_link(sandbox.path("d.db"), sandbox.path("e.db")).unwrap();
    for db in ["d.db", "e.db"] {
        let error = import(&sandbox, db, "b", "2026-01-01").fails(1);
        assert!(error.contains("2 names") && error.contains("nothing was stored"), "{error}");
        assert_eq!(hosts(&sandbox, db), ["a"]);
    }
    std::fs::remove_file(sandbox.path("e.db")).unwrap();
    import(&sandbox, "d.db", "b", "2026-01-01").ok();
    assert_eq!(hosts(&sandbox, "d.db"), ["a", "b"]);
}

#[test]
fn a_file_that_is_mounted_by_itself_is_not_written() {
    let sandbox = with_document();
    import(&sandbox, "d.db", "a", "2026-01-01").ok();
    sandbox.write("mounted.db", "");
    let shell = format!(
        "mount --bind d.db mounted.db || exit 77
         {} --db mounted.db import --host b a.xml",
        env!("CARGO_BIN_EXE_domcaps")
    );
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &shell]).current_dir(sandbox.path(""));
    match command.output().map(|said| said.status.code()) {
        Ok(Some(77)) | Err(_) => return println!("skipped: nothing can be mounted here"),
        Ok(_) => {}
    }
    let error = output(command);
    if error.stderr.contains("unshare") {
        return println!("skipped: {error}");
    }
    let error = error.fails(1);
    assert!(error.contains("mounted by itself") && error.contains("mount the folder"), "{error}");
    assert_eq!(hosts(&sandbox, "d.db"), ["a"]);
}

#[test]
fn what_is_stored_into_a_file_without_its_name_is_not_acknowledged() {
    // While the host is asked, somebody does this to the database.
    for deed in ["rm d.db d.db-wal d.db-shm", "rm d.db-wal", "cp d.db e.db; mv e.db d.db"] {
        let fakes = Fakes::new();
        fakes.run(&["demo"]).ok();
        let virsh = fakes.sandbox.path("slow-virsh");
        let real = std::path::PathBuf::from(env!("CARGO_BIN_EXE_domcaps"))
            .with_file_name("examples")
            .join("fake-virsh");
        let folder = fakes.sandbox.path("").display().to_string();
        let script = format!("#!/bin/sh\n(cd {folder}; {deed})\nexec {} \"$@\"\n", real.display());
        std::fs::write(&virsh, script).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&virsh, mode).unwrap();
        let uri = fakes.uri("snapshots/debian-12");
        let collect = ["--db", "d.db", "collect", "--connect", &uri, "--host", "a", "--virsh"];
        let virsh = virsh.display().to_string();
        let mut command =
            fakes.sandbox.command(&[&collect[..], &[&virsh, "--arch", "i686"]].concat());
        command.env("PATH", "/usr/bin:/bin");
        let said = output(command).fails(1);
        assert!(said.contains("deleted or replaced"), "{deed}: {said}");
    }
}

#[test]
fn names_that_mean_no_file() {
    let sandbox = with_document();
    import(&sandbox, ":memory:", "a", "2026-01-01").ok();
    assert_eq!(hosts(&sandbox, ":memory:"), ["a"], "it is a file like any other");
    std::fs::create_dir(sandbox.path("data")).unwrap();
    symlink("data/real.db", sandbox.path("link.db")).unwrap();
    import(&sandbox, "link.db", "a", "2026-01-01").ok();
    assert!(sandbox.path("link.db").is_symlink() && sandbox.path("data/real.db").is_file());
    assert_eq!(hosts(&sandbox, "data/real.db"), ["a"]);
    // What is to be mounted there is not, perhaps: no folder is made.
    symlink("missing/real.db", sandbox.path("lost.db")).unwrap();
    let error = import(&sandbox, "lost.db", "a", "2026-01-01").fails(1);
    assert!(error.contains("lost.db -> missing/real.db"), "{error}");
    assert!(!sandbox.path("missing").exists());
    let error = sandbox.run(&["--db", "lost.db", "hosts"]).fails(1);
    assert!(error.contains("missing/real.db: no database there"), "{error}");
    let made = Command::new("mkfifo").arg(sandbox.path("pipe.db")).status();
    assert!(made.unwrap().success());
    for command in [&["hosts"][..], &["import", "--host", "a", "a.xml"], &["demo"]] {
        let error = sandbox.run(&[&["--db", "pipe.db"], command].concat()).fails(1);
        assert!(error.contains("pipe.db: a named pipe, not a file"), "{error}");
    }
    let error = sandbox.run(&["--db", "/dev/null", "hosts"]).fails(1);
    assert!(error.contains("/dev/null: a device, not a file"), "{error}");
}

#[test]
fn a_copy_takes_the_place_of_files_alone() {
    let sandbox = with_document();
    import(&sandbox, "d.db", "a", "2026-01-01").ok();
    let backup = |name: &str| sandbox.run(&["--db", "d.db", "backup", "--force", name]);
    assert!(Command::new("mkfifo").arg(sandbox.path("pipe")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(sandbox.path("socket")).unwrap();
    std::fs::create_dir(sandbox.path("folder")).unwrap();
    for (name, what) in [("pipe", "a named pipe"), ("socket", "a socket"), ("folder", "a folder")] {
        let before = sandbox.path(name).metadata().unwrap().file_type();
        let error = backup(name).fails(1);
        assert!(error.contains(&format!("{name}: {what}, not a file")), "{error}");
        assert_eq!(sandbox.path(name).metadata().unwrap().file_type(), before);
    }
    symlink("there.db", sandbox.path("link.db")).unwrap();
    for _ in 0..2 {
        backup("link.db").ok();
        assert!(sandbox.path("link.db").is_symlink());
        assert_eq!(hosts(&sandbox, "there.db"), ["a"]);
    }
    assert_eq!(files(&sandbox), ["d.db", "link.db", "there.db"]);
}

#[test]
fn versions_that_no_domcaps_writes() {
    for version in [0, -1, 1, 2] {
        let sandbox = with_document();
        import(&sandbox, "d.db", "a", "2026-01-01").ok();
        let database = Connection::open(sandbox.path("d.db")).unwrap();
        database.pragma_update(None, "user_version", version).unwrap();
        drop(database);
        let error = sandbox.run(&["--db", "d.db", "hosts"]).fails(1);
        assert!(error.contains("d.db: damaged: ") && error.contains("user_version"), "{error}");
        assert!(error.len() < 300, "{error}");
    }
}

#[test]
fn sql_leaves_nothing_beside_the_database() {
    let sandbox = with_document();
    import(&sandbox, "d.db", "a", "2026-01-01").ok();
    sandbox.run(&["--db", "d.db", "sql", "SELECT count(*) FROM snapshot"]).ok();
    assert_eq!(files(&sandbox), ["d.db"]);
}

#[test]
fn a_snapshot_of_the_future_is_named_and_can_be_removed() {
    let sandbox = Sandbox::with_snapshots();
    let import = |at: &str, folder: &str| {
        let path = format!("snapshots/{folder}");
        sandbox.run(&["--db", "d.db", "import", "--host", "h", "--at", at, &path])
    };
    let _warned = import("2062-01-01", "debian-13");
    let said = import("2026-01-01", "debian-12");
    assert!(said.stderr.contains("h: has a snapshot of 2062-01-01T00:00:00Z"), "{said}");
    let run = |arguments: &[&str]| sandbox.run(&[&["--db", "d.db"], arguments].concat());
    for command in [
        &["query", "arch = x86_64"][..],
        &["show", "h:q35", "vcpu.max"],
        &["diff", "h@prev", "h"],
        &["hosts"],
        &["hosts", "--quiet"],
        &["last"],
        &["history", "h"],
        &["fleet", "cohorts"],
        &["paths", "disk.bus"],
        &["tag", "h", "golden"],
        &["forget", "--all", "--keep-last", "1", "--drop-changes", "--dry-run"],
        &["report", "upgrade", "--all", "--from", "prev"],
    ] {
        let said = run(command);
        assert!(said.stderr.contains("2062-01-01T00:00:00Z"), "{command:?}: {said}");
        assert!(said.stderr.contains("differs from it"), "{command:?}: {said}");
    }
    // What was true then is asked of the past, and has no such word.
    assert!(run(&["show", "h@2026-01-01:q35", "vcpu.max"]).stderr.is_empty());
    for wrong in ["h", "h@latest", "h@prev", "h@2062-01-01:q35"] {
        let error = run(&["snapshot", "rm", wrong, "--reason", "clock"]).fails(2);
        assert!(error.contains("does not name one snapshot"), "{error}");
    }
    assert_eq!(run(&["snapshot", "rm", "h@id:0", "--reason", " "]).code, Some(2));
    let listed = run(&["snapshots", "h", "--format", "json"]).json();
    let id = listed["snapshots"][1]["snapshot"].as_str().unwrap().to_owned();
    let rm = ["snapshot", "rm", &format!("h@id:{id}"), "--reason", "the clock was wrong"];
    let said = run(&[&rm[..], &["--dry-run"]].concat()).ok();
    assert!(said.contains("would be removed"), "{said}");
    assert_eq!(run(&["snapshots", "h", "--format", "json"]).json(), listed);
    let json = ["--format", "json"];
    let dry = run(&[&rm[..], &["--dry-run"], &json].concat()).json();
    valid("removed", &dry);
    assert_eq!((&dry["dry_run"], &dry["snapshots"][0]["snapshot"]), (&true.into(), &id.into()));
    let said = run(&rm).ok();
    assert!(said.starts_with("h 2062-01-01T00:00:00Z "), "{said}");
    let said = run(&["query", "arch = x86_64"]);
    assert!(!said.stderr.contains("2062"), "{said}");
    let said = run(&["snapshot", "removed", "h"]).ok();
    assert!(said.contains("2062-01-01") && said.contains("the clock was wrong"), "{said}");
    let said = run(&[&["snapshot", "removed"][..], &json].concat()).json();
    valid("removed", &said);
    assert_eq!(said["dry_run"], false);
    assert_eq!(said["snapshots"][0]["reason"], "the clock was wrong");
    assert_eq!(said["snapshots"][0]["snapshot"], dry["snapshots"][0]["snapshot"]);
    let said = run(&[&["snapshot", "removed", "other"][..], &json].concat()).json();
    assert_eq!(said["snapshots"], serde_json::json!([]));
    run(&["check", "--read-data"]).ok();
}

#[test]
fn what_is_future_is_one_rule() {
    // An hour ahead, as an hour's wrong zone is: it is told when it is stored and when it answers.
    let sandbox = with_document();
    let date = Command::new("date").args(["-u", "-d", "+1 hour", "+%Y-%m-%dT%H:%M:%SZ"]).output();
    let ahead = String::from_utf8(date.unwrap().stdout).unwrap().trim().to_owned();
    let said = import(&sandbox, "d.db", "a", &ahead);
    assert!(said.stderr.contains(&format!("--at: {ahead} is in the future")), "{said}");
    let said = sandbox.run(&["--db", "d.db", "show", "a"]);
    assert!(said.stderr.contains(&format!("the snapshot of {ahead}")), "{said}");
}

#[test]
fn a_clock_that_ran_back_is_told() {
    let fakes = Fakes::new();
    let collect = || fakes.collect("h", "snapshots/debian-12", &["--arch", "i686"]);
    assert!(!collect().stderr.contains("clock"));
    let import = ["import", "--host", "h", "--at", "2062-01-01", "snapshots/debian-13"];
    let _warned = fakes.run(&import);
    let said = collect();
    assert!(said.stderr.contains("h: the clock ran back"), "{said}");
    assert!(said.stderr.contains("domcaps snapshot rm h@id:"), "{said}");
}

/// Replaces bytes in a file, everywhere.
fn flip(path: &Path, old: &str, new: &str) {
    assert_eq!(old.len(), new.len());
    let mut bytes = std::fs::read(path).unwrap();
    let mut found = 0;
    for at in 0..bytes.len() - old.len() {
        if bytes[at..].starts_with(old.as_bytes()) {
            bytes[at..at + old.len()].copy_from_slice(new.as_bytes());
            found += 1;
        }
    }
    assert!(found > 0, "{old} is not in the file");
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_identity_is_not_shown() {
    for (old, new) in [
        ("<machine>pc-q35-7.2", "<machine>pc-q35-7.3"),
        ("<domain>qemu", "<domain>qemv"),
        ("<path>/usr", "<path>/usq"),
    ] {
        let sandbox = with_document();
        import(&sandbox, "d.db", "a", "2026-01-01").ok();
        let show = ["--db", "d.db", "show", "a", "--format", "xml"];
        assert_eq!(sandbox.run(&show).ok(), document());
        flip(&sandbox.path("d.db"), old, new);
        let said = sandbox.run(&show);
        assert!(said.stdout.is_empty(), "{old}: {}", said.stdout.len());
        assert!(said.fails(1).contains("damaged"), "{old}");
        let unified = ["--db", "d.db", "diff", "a", "a.xml", "--format", "unified"];
        assert!(sandbox.run(&unified).fails(1).contains("damaged"), "{old}");
        sandbox.run(&["--db", "d.db", "check", "--read-data"]).fails(1);
    }
}

#[test]
fn damage_is_a_line_and_no_abort() {
    for sql in [
        "UPDATE body_content SET length = 4611686018427387904",
        "UPDATE body_content SET length = 9000000000",
        "UPDATE body_content SET length = -1",
        "UPDATE subtree SET parts = '[' || subtree_id || ']' WHERE parts IS NOT NULL",
        "UPDATE subtree SET parts = '[9223372036854775807]' WHERE parts IS NOT NULL",
        "UPDATE body SET head_at = 9223372036854775807",
        // A frame of zstd whose window is 2 GB.
        "UPDATE body_content SET content = X'28B52FFD00A80100006100'",
        "UPDATE host_snapshot SET taken_at = 9223372036854775807",
        "UPDATE host_snapshot SET taken_at = -9223372036854775807",
    ] {
        let sandbox = with_document();
        import(&sandbox, "d.db", "a", "2026-01-01").ok();
        Connection::open(sandbox.path("d.db")).unwrap().execute_batch(sql).unwrap();
        let run = |arguments: &[&str]| sandbox.run(&[&["--db", "d.db"], arguments].concat());
        run(&["check", "--read-data"]).fails(1);
        for command in [
            &["show", "a", "--format", "xml"][..],
            &["show", "a"],
            &["diff", "a", "a.xml"],
            &["query", "arch = x86_64"],
            &["snapshots"],
            &["history", "a"],
            &["fleet", "common"],
            &["machines", "a"],
        ] {
            let said = run(command);
            assert!(said.code.is_some_and(|code| code < 100), "{sql}: {command:?}: {said}");
            assert!(!said.stderr.contains("panicked"), "{sql}: {command:?}: {said}");
        }
    }
}

#[test]
fn a_view_that_was_damaged_is_found() {
    let sandbox = with_document();
    import(&sandbox, "d.db", "a", "2026-01-01").ok();
    let database = Connection::open(sandbox.path("d.db")).unwrap();
    database.execute_batch("CREATE INDEX mine ON host (uri)").unwrap();
    sandbox.run(&["--db", "d.db", "check"]).ok();
    database
        .execute_batch(
            "PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = replace(sql, '''complete''', '''complexe''')
             WHERE type = 'view'",
        )
        .unwrap();
    drop(database);
    let said = sandbox.run(&["--db", "d.db", "check"]);
    assert!(said.stdout.contains("view latest_capability: its definition"), "{said}");
    assert_eq!(said.code, Some(1));
}

#[test]
fn a_check_says_what_it_did_not_read() {
    let sandbox = with_document();
    import(&sandbox, "d.db", "a", "2026-01-01").ok();
    let said = sandbox.run(&["--db", "d.db", "check"]);
    assert!(said.stderr.contains("not read: `domcaps check --read-data`"), "{said}");
    assert!(sandbox.run(&["--db", "d.db", "check", "--read-data"]).stderr.is_empty());
}
