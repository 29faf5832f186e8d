//! Bad input: one clear line, the right exit code, nothing stored, nothing changed.

use crate::support::{Output, Sandbox, document};

/// Imports one bad document into a database that has a good one, and tells what was said.
fn refused(name: &str, content: &[u8]) -> String {
    let sandbox = Sandbox::new();
    sandbox.write("good.xml", document());
    sandbox.run(&["--db", "d.db", "import", "--host", "a", "--at", "2026-11-01", "good.xml"]).ok();
    let before = contents(&sandbox);
    sandbox.write(name, content);
    let error = sandbox.run(&["--db", "d.db", "import", "--host", "b", name]).fails(1);
    assert_eq!(contents(&sandbox), before, "{name}: the database is as it was");
    sandbox.run(&["--db", "new.db", "import", "--host", "b", name]).fails(1);
    assert!(sandbox.read("new.db").is_none(), "{name}: no database is made");
    let diff = sandbox.run(&["diff", "good.xml", name]).fails(1);
    let reason = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    assert_eq!(reason(&diff), reason(&error), "{name}");
    reason(&error)
}

/// Everything the database says, as its views say it.
fn contents(sandbox: &Sandbox) -> Vec<String> {
    let database = rusqlite::Connection::open(sandbox.path("d.db")).unwrap();
    let mut all = Vec::new();
    for table in [
        "host",
        "host_snapshot",
        "profile",
        "body",
        "subtree",
        "path",
        "value",
        "target",
        "context",
    ] {
        let sql = format!("SELECT count(*) FROM {table}");
        all.push(database.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap().to_string());
    }
    all
}

/// A document with this inside.
fn root(inside: &str) -> String {
    format!("<domainCapabilities>{inside}</domainCapabilities>")
}

fn all_are_refused(cases: Vec<(&str, Vec<u8>, &str)>) {
    for (name, content, expected) in cases {
        let line = refused(name, &content);
        assert!(line.contains(expected), "{name}: {line}");
        assert!(line.starts_with(&format!("error: {name}:")), "{name}: {line}");
    }
}

#[test]
fn documents_that_are_not_whole_or_of_another_kind() {
    let good = document();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty.xml", vec![], "1:1: empty: no XML element"),
        ("space.xml", b" \n ".to_vec(), "1:1: empty: no XML element"),
        (
            "words.xml",
            b"error: failed to connect\n".to_vec(),
            "1:1: not well-formed XML: text before",
        ),
        ("cut.xml", good.as_bytes()[..5000].to_vec(), "112:15: ends inside <mode>: truncated?"),
        (
            "cut-tag.xml",
            b"<domainCapabilities><os supp".to_vec(),
            "ends inside <domainCapabilities>: truncated?",
        ),
        ("tail.xml", format!("{good}tail").into_bytes(), ":1: text stands around the XML"),
        ("root.xml", b"<domain/>".to_vec(), "1:1: root is <domain>, not <domainCapabilities>"),
        (
            "latin.xml",
            b"<domainCapabilities>\n\xe9</domainCapabilities>".to_vec(),
            "2:1: not UTF-8",
        ),
        ("utf16.xml", b"\xff\xfe<\0a\0".to_vec(), "1:1: not UTF-8"),
        ("nul.xml", root("a\0b").into_bytes(), "1:22: character U+0000 is not allowed in XML"),
        ("ref.xml", root("&#27;").into_bytes(), "1:21: character U+001B is not allowed in XML"),
        ("entity.xml", root("&nbsp;").into_bytes(), "1:21: undeclared entity &nbsp;"),
        ("attr.xml", root("<a b='&x;'/>").into_bytes(), "1:21: undeclared entity &x;"),
    ];
    all_are_refused(cases);
}

#[test]
fn documents_that_are_too_much_or_not_xml() {
    let good = document();
    let nested = "<a>".repeat(100_000);
    let bomb = "<!DOCTYPE a [<!ENTITY b 'bbbb'><!ENTITY c '&b;&b;&b;'>]><domainCapabilities>&c;</domainCapabilities>";
    let many = format!("<domainCapabilities>{}</domainCapabilities>", "<a/>".repeat(300_000));
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("bomb.xml", bomb.into(), "1:1: a document type declaration is refused"),
        ("deep.xml", root(&nested).into_bytes(), "elements nested deeper than 64"),
        ("many.xml", many.into_bytes(), "more than 200000 elements and attributes"),
        ("big.xml", root(&" ".repeat(9 << 20)).into_bytes(), "larger than 8 MiB"),
        ("unquoted.xml", root("<a b=c/>").into_bytes(), "1:21: not well-formed XML: attribute"),
        ("same.xml", root("<a b='1' b='2'/>").into_bytes(), "1:21: not well-formed XML: attribute"),
        ("crossed.xml", root("<a><b></a></b>").into_bytes(), "not well-formed XML"),
        (
            "name.xml",
            root("<1/>").into_bytes(),
            "1:21: not well-formed XML: `1` is no element name",
        ),
        (
            "cdata.xml",
            root("a ]]> b").into_bytes(),
            "1:21: not well-formed XML: `]]>` outside CDATA",
        ),
        ("last.xml", root("a\u{ffff}").into_bytes(), "1:22: character U+FFFF is not allowed"),
        (
            "feed.xml",
            good.replacen("<path>", "\u{c}<path>", 1).into_bytes(),
            "2:3: character U+000C",
        ),
        (
            "twice.xml",
            root("<arch>a</arch><arch>b</arch>").into_bytes(),
            "1:35: <arch> stands twice",
        ),
    ];
    all_are_refused(cases);
}

#[test]
fn a_folder_without_documents() {
    let sandbox = Sandbox::new();
    sandbox.write("d/version.txt", "Running against daemon: 9.0.0");
    sandbox.write("t/host/a.xml", document());
    for (folder, expected) in
        [("d", "no *.xml file in this folder"), ("t", "is it a tree of hosts")]
    {
        let error = sandbox.run(&["--db", "d.db", "import", "--host", "a", folder]).fails(1);
        assert!(error.contains(expected), "{error}");
        let error = sandbox.run(&["diff", folder, folder]).fails(1);
        assert!(error.contains(expected), "{error}");
        assert!(sandbox.read("d.db").is_none());
    }
    // A machine list is something; beside documents that are all bad it is not.
    sandbox.write("caps/capabilities.xml", "<capabilities/>");
    sandbox.write("caps/a.xml", "<domainCapabilities>");
    let error = sandbox.run(&["--db", "d.db", "import", "--host", "a", "caps"]).fails(1);
    assert!(error.contains("no good domainCapabilities document"), "{error}");
}

fn one_error_line(output: Output) -> String {
    let text = output.fails(1);
    let errors = text.lines().filter(|line| line.starts_with("error: ")).count();
    assert_eq!(errors, 1, "{text}");
    text
}

#[test]
fn databases() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    let error = one_error_line(sandbox.run(&["--db", "none.db", "hosts"]));
    assert!(
        error.contains("none.db: no database there") && error.contains("domcaps demo"),
        "{error}"
    );
    assert!(sandbox.read("none.db").is_none(), "only import and demo create one");
    sandbox.write(
        "text.db",
        "this is no database, but it is long enough to be read as one".repeat(20),
    );
    rusqlite::Connection::open(sandbox.path("foreign.db"))
        .unwrap()
        .execute_batch("CREATE TABLE t (a)")
        .unwrap();
    sandbox.run(&["--db", "newer.db", "import", "--host", "a", "a.xml"]).ok();
    let newer = rusqlite::Connection::open(sandbox.path("newer.db")).unwrap();
    newer.execute_batch("PRAGMA user_version = 9; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(newer);
    for (name, expected) in [
        ("text.db", "text.db: not a domcaps database"),
        ("foreign.db", "foreign.db: not a domcaps database"),
        (
            "newer.db",
            "newer.db: database version 9 is newer than this domcaps, which reads up to 7",
        ),
        ("a.xml", "a.xml: not a domcaps database"),
        (".", ".: not a domcaps database"),
    ] {
        let before = sandbox.read(name);
        for arguments in
            [&["hosts"][..], &["import", "--host", "b", "a.xml"], &["demo"], &["diff", "a", "b"]]
        {
            let error = one_error_line(sandbox.run(&[&["--db", name], arguments].concat()));
            assert!(error.contains(expected), "{arguments:?}: {error}");
        }
        assert_eq!(sandbox.read(name), before, "{name} is as it was");
    }
}

#[test]
fn a_folder_that_cannot_be_written() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    sandbox.write("file", "");
    let error =
        one_error_line(sandbox.run(&["--db", "file/d.db", "import", "--host", "a", "a.xml"]));
    assert!(error.contains("file/d.db: "), "{error}");
    let error =
        one_error_line(sandbox.run(&["--db", "/proc/none/d.db", "import", "--host", "a", "a.xml"]));
    assert!(error.contains("/proc/none/d.db: "), "{error}");
}

#[test]
fn a_database_that_may_only_be_read_is_read() {
    let has_setpriv = std::process::Command::new("setpriv").arg("--version").output().is_ok();
    if !has_setpriv {
        return;
    }
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    sandbox.run(&["--db", "d/d.db", "import", "--host", "a", "a.xml"]).ok();
    let mode = |name: &str, mode| {
        std::fs::set_permissions(sandbox.path(name), std::fs::Permissions::from_mode(mode))
            .unwrap();
    };
    // Another user, who may look and not touch.
    mode("d/d.db", 0o644);
    mode("d", 0o755);
    mode(".", 0o755);
    let other = |arguments: &[&str]| {
        let program = sandbox.command(arguments);
        let mut command = std::process::Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(program.get_program());
        command.args(program.get_args()).current_dir(sandbox.path(".")).env_clear();
        command.env("HOME", "/nonexistent");
        crate::support::output(command)
    };
    let hosts = other(&["--db", "d/d.db", "hosts"]);
    if hosts.stderr.contains("setpriv:") || hosts.stderr.contains("ermission denied (os") {
        return;
    }
    assert!(hosts.stdout.contains('a') && hosts.code == Some(0), "{hosts}");
    let error = one_error_line(other(&["--db", "d/d.db", "import", "--host", "b", "a.xml"]));
    assert!(
        error.contains("d/d.db: no permission") && error.contains("must be writable"),
        "{error}"
    );
}

#[test]
fn damaged_content_is_told_and_not_shown() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    sandbox.run(&["--db", "d.db", "import", "--host", "a", "a.xml"]).ok();
    let database = rusqlite::Connection::open(sandbox.path("d.db")).unwrap();
    let other = zstd::bulk::compress(b"<domainCapabilities/>", 3).unwrap();
    let sql = "UPDATE body_content SET content = ?, length = 21; ";
    database.execute(sql, [other]).unwrap();
    database.execute("UPDATE body SET head_at = 2", []).unwrap();
    drop(database);
    let error = one_error_line(sandbox.run(&["--db", "d.db", "show", "a", "--format", "xml"]));
    assert!(
        error.contains("damaged: body") && error.contains("other bytes than were stored"),
        "{error}"
    );
}

#[test]
fn wrong_usage_is_2() {
    let sandbox = Sandbox::new();
    for arguments in [
        &[][..],
        &["dif"],
        &["diff", "a.xml"],
        &["import", "a.xml"],
        &["import", "--host", "a b", "a.xml"],
        &["import", "--host", "a", "--at", "yesterday", "a.xml"],
        &["import", "--host", "a", "--tag", "latest", "a.xml"],
        &["import", "--host", "a", "--tree", "t"],
        &["diff", "a@", "b"],
        &["diff", "a:x/y", "b"],
        &["show", "x.xml", "a", "--format", "xml"],
        &["completions", "tcsh"],
    ] {
        sandbox.write("x.xml", document());
        let said = sandbox.run(arguments);
        assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""), "{arguments:?}: {said}");
        assert!(!said.stderr.is_empty());
    }
}

#[test]
fn a_locked_database_is_waited_for_and_reads_go_on() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    sandbox.run(&["--db", "d.db", "import", "--host", "a", "a.xml"]).ok();
    let other = rusqlite::Connection::open(sandbox.path("d.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut writer =
        sandbox.command(&["--db", "d.db", "-q", "import", "--host", "b", "a.xml"]).spawn().unwrap();
    sandbox.run(&["--db", "d.db", "hosts"]).ok();
    assert!(writer.try_wait().unwrap().is_none(), "it waits for its turn");
    other.execute_batch("COMMIT").unwrap();
    assert!(writer.wait().unwrap().success());
}
