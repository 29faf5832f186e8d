//! Who was collected and when: attempts, `hosts`, `status`, and what questions about now say of it.

use serde_json::Value;

use crate::support::{Fakes, Sandbox, document, valid};

const NARROW: [&str; 6] = ["--machine", "pc", "--arch", "x86_64", "--retries", "0"];

/// Writes a list of hosts, each with what its fake does.
fn list(fakes: &Fakes, hosts: &[(&str, &str)]) {
    let entry = |(name, does): &(&str, &str)| {
        let uri = fakes.uri(&format!("snapshots/debian-12?{does}"));
        format!("[[host]]\nname = '{name}'\nuri = '{uri}'\ngroups = ['g-{name}']\n")
    };
    fakes.sandbox.write("hosts.toml", hosts.iter().map(entry).collect::<String>());
}

fn collect(fakes: &Fakes, arguments: &[&str]) -> crate::support::Output {
    fakes.collect_listed(&[&["--hosts", "hosts.toml"], arguments, &NARROW].concat())
}

fn host(fakes: &Fakes, name: &str) -> Value {
    let hosts = fakes.run(&["hosts", "--format", "json"]).json();
    valid("hosts", &hosts);
    let found = hosts["hosts"].as_array().unwrap().iter().find(|host| host["host"] == name);
    found.unwrap().clone()
}

#[test]
fn a_host_that_fails_says_since_when_and_why_until_it_recovers() {
    let fakes = Fakes::new();
    list(&fakes, &[("a", ""), ("b", "refuse=Connection+refused")]);
    collect(&fakes, &["--all"]).fails(3);
    let first = host(&fakes, "b");
    assert_eq!((&first["outcome"], &first["failures"]), (&"failed".into(), &1.into()));
    assert!(first["reason"].as_str().unwrap().contains("Connection refused"), "{first}");
    assert_eq!((&first["last_success"], &first["stale"]), (&Value::Null, &true.into()));
    assert_eq!(first["failing_since"], first["last_attempt"]);
    collect(&fakes, &["b"]).fails(1);
    let second = host(&fakes, "b");
    assert_eq!(
        (&second["failures"], &second["failing_since"]),
        (&2.into(), &first["failing_since"])
    );
    assert_ne!(second["last_attempt"], first["last_attempt"]);
    let error = fakes.run(&["show", "b"]).fails(1);
    assert!(error.contains("never collected") && error.contains("Connection refused"), "{error}");
    list(&fakes, &[("a", ""), ("b", "")]);
    collect(&fakes, &["b"]).ok();
    let well = host(&fakes, "b");
    assert_eq!((&well["outcome"], &well["failures"]), (&"stored".into(), &0.into()));
    assert_eq!((&well["failing_since"], &well["reason"]), (&Value::Null, &Value::Null));
    assert_eq!((&well["last_success"], &well["stale"]), (&well["last_attempt"], &false.into()));
    list(&fakes, &[("a", ""), ("b", "refuse=no+route")]);
    collect(&fakes, &["b"]).fails(1);
    let again = host(&fakes, "b");
    assert_eq!((&again["last_success"], &again["failures"]), (&well["last_success"], &1.into()));
}

#[test]
fn a_first_run_in_which_all_fail_is_remembered_but_a_mistyped_host_is_not() {
    let fakes = Fakes::new();
    fakes.collect("typo", "snapshots/debian-12?refuse=no", &["--retries", "0"]).fails(1);
    assert!(fakes.sandbox.read("d.db").is_none());
    list(&fakes, &[("a", "refuse=no")]);
    collect(&fakes, &["--all"]).fails(1);
    assert_eq!(host(&fakes, "a")["failures"], 1);
    fakes.collect("typo", "snapshots/debian-12?refuse=no", &["--retries", "0"]).fails(1);
    assert!(!fakes.run(&["hosts"]).ok().contains("typo"));
}

#[test]
fn a_run_that_was_cut_short_is_no_success_and_a_narrowed_one_is() {
    let fakes = Fakes::new();
    let uri = fakes.uri("snapshots/debian-12?");
    fakes.sandbox.write("hosts.toml", format!("[[host]]\nname = 'a'\nuri = '{uri}'\n"));
    let all = |arguments: &[&str]| {
        fakes.collect_listed(&[&["--hosts", "hosts.toml", "--all"], arguments].concat())
    };
    all(&["--arch", "x86_64", "--aliases-only"]).ok();
    all(&["--arch", "x86_64", "--machine", "pc"]).ok();
    assert_eq!(host(&fakes, "a")["outcome"], "stored");
    let cut = fakes.uri("snapshots/debian-12?die=2");
    fakes.sandbox.write("hosts.toml", format!("[[host]]\nname = 'a'\nuri = '{cut}'\n"));
    all(&["--arch", "x86_64", "--aliases-only", "--retries", "0"]).fails(3);
    let partial = host(&fakes, "a");
    assert_eq!(partial["outcome"], "partial");
    assert!(partial["reason"].as_str().unwrap().contains("answered"), "{partial}");
    assert_ne!(partial["failing_since"], Value::Null);
}

#[test]
fn status_is_one_screen_with_an_exit_code() {
    let fakes = Fakes::new();
    let error = fakes.run(&["status"]).fails(1);
    assert!(error.contains("d.db"), "{error}");
    list(&fakes, &[("a", "")]);
    collect(&fakes, &["--all"]).ok();
    let well = fakes.run(&["status"]).ok();
    assert!(well.starts_with("1 host: 1 current\n"), "{well}");
    list(&fakes, &[("a", ""), ("b", "refuse=no"), ("new", "")]);
    collect(&fakes, &["a", "b"]).fails(3);
    let said = fakes.run(&["status"]);
    assert_eq!(said.code, Some(10), "{said}");
    for line in
        ["3 hosts: 1 current, 1 failing, 1 never collected", "FAILING (1)", "NEVER COLLECTED (1)"]
    {
        assert!(said.stdout.contains(line), "{line}: {said}");
    }
    let said = fakes.run(&["status", "--format", "json"]);
    let status: Value = serde_json::from_str(&said.stdout).unwrap();
    valid("status", &status);
    assert_eq!((&status["ok"], &status["failing"][0]["host"]), (&false.into(), &"b".into()));
    assert_eq!(status["never"][0]["host"], "new");
    fakes.run(&["status", "--group", "g-a"]).ok();
    let stale = fakes.run(&["status", "--group", "g-a", "--stale", "0s"]);
    assert!(stale.code == Some(10) && stale.stdout.contains("STALE (1)"), "{stale}");
    fakes.run(&["status", "--group", "nothing"]).fails(1);
}

#[test]
fn status_fits_a_screen_whatever_the_fleet() {
    let fakes = Fakes::new();
    let list: String =
        (0..300).map(|at| format!("[[host]]\nname = 'h{at}'\nuri = 'fake:///nowhere'\n")).collect();
    let a = fakes.uri("snapshots/debian-12?");
    fakes.sandbox.write("hosts.toml", format!("{list}[[host]]\nname = 'a'\nuri = '{a}'\n"));
    collect(&fakes, &["a"]).ok();
    let said = fakes.run(&["status"]);
    assert_eq!(said.code, Some(10));
    assert!(said.stdout.lines().count() <= 24, "{said}");
    assert!(said.stdout.contains("and 292 more"), "{said}");
}

#[test]
fn hosts_are_filtered_and_sorted() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    sandbox.write("b.xml", document().replace("max='288'", "max='1'"));
    for (host, day, file) in
        [("a", 3, "a.xml"), ("b", 1, "a.xml"), ("b", 4, "b.xml"), ("c", 2, "a.xml")]
    {
        let at = format!("2026-11-0{day}T02:00:00Z");
        sandbox.run(&["--db", "d.db", "import", "--host", host, "--at", &at, file]).ok();
    }
    let names = |arguments: &[&str]| {
        let text =
            sandbox.run(&[&["--db", "d.db", "hosts", "--format", "csv"], arguments].concat()).ok();
        let names = text.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names(&["--sort", "success"]), ["c", "a", "b"]);
    assert_eq!(names(&["--sort", "changed"]), ["b", "a", "c"]);
    assert_eq!(names(&["--changed-since", "2026-11-03"]), ["a", "b"]);
    assert_eq!(names(&["--stale", "2026-11-03"]), ["c"]);
    assert_eq!(names(&["--failing"]), [""; 0]);
    let csv = sandbox.run(&["--db", "d.db", "hosts", "--format", "csv"]).ok();
    assert!(csv.starts_with("host,uri,groups,snapshots,last_attempt,last_success,"), "{csv}");
}

#[test]
fn imported_hosts_are_named_as_stale_where_somebody_says_what_that_is() {
    let sandbox = Sandbox::with_demo();
    let query = |arguments: &[&str]| {
        sandbox.run(&[&["--db", "demo.db", "query", "vcpu.max > 1"], arguments].concat()).stderr
    };
    assert!(!query(&[]).contains("not current"));
    assert!(query(&["--stale", "0s"]).contains("2 hosts are not current: debian-12 (last success"));
    assert!(query(&["--stale", "2026-11-02"]).contains("1 host is not current: debian-12"));
}

#[test]
fn questions_about_now_name_hosts_that_are_not_current() {
    let fakes = Fakes::new();
    list(&fakes, &[("a", ""), ("b", ""), ("new", "")]);
    collect(&fakes, &["a", "b"]).ok();
    list(&fakes, &[("a", ""), ("b", "refuse=Connection+refused"), ("new", "")]);
    collect(&fakes, &["b"]).fails(1);
    fakes.copy("snapshots/debian-12", "old");
    let guest = "<domain type='kvm'><name>g</name><os><type arch='x86_64' machine='pc'>hvm</type></os></domain>";
    fakes.sandbox.write("g.xml", guest);
    let questions: [&[&str]; 4] = [
        &["query", "disk.bus = ide"],
        &["fleet", "cohorts"],
        &["report", "upgrade", "--all", "--from", "run-1"],
        &["preflight", "g.xml", "a", "b"],
    ];
    for question in questions {
        let said = fakes.run(question).stderr;
        assert!(said.contains("b (last success") && said.contains("Connection refused"), "{said}");
        assert!(!said.contains("a (last success"), "{question:?}: {said}");
    }
    let said = fakes.run(&["query", "disk.bus = ide"]).stderr;
    assert!(
        said.contains("warning: 2 hosts are not current") && said.contains("new (never"),
        "{said}"
    );
    // Of another moment, or other hosts, it is no matter who answers now.
    for other in [&["query", "disk.bus = ide", "--group", "g-a"][..], &["preflight", "g.xml", "a"]]
    {
        let said = fakes.run(other).stderr;
        assert!(!said.contains("not current"), "{other:?}: {said}");
    }
    let said = fakes.run(&["query", "disk.bus = ide", "--at", "run-0"]).stderr;
    assert!(!said.contains("not current"), "{said}");
    let answers = fakes.run(&["query", "disk.bus = ide", "--unknown", "--format", "json"]).json();
    valid("query", &answers);
    let stale: Vec<bool> = answers["hosts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|host| host["stale"].as_bool().unwrap())
        .collect();
    assert_eq!(stale, [false, false, true]);
    // What counts as old can be said once for a site.
    fakes.sandbox.write("domcaps.toml", "stale = '0s'\n");
    let said = fakes.run(&["query", "disk.bus = ide", "--group", "g-a"]).stderr;
    assert!(said.contains("1 host is not current: a (last success"), "{said}");
    fakes.sandbox.write("domcaps.toml", "\nstale = 'soon'\n");
    let error = fakes.run(&["status"]).fails(1);
    assert!(error.contains("domcaps.toml:2:9") && error.contains("soon"), "{error}");
}

#[test]
fn answers_about_now_carry_how_current_each_host_is() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    sandbox.write("b.xml", document().replace("max='288'", "max='1'"));
    for (host, day, file) in
        [("a", 1, "a.xml"), ("a", 3, "b.xml"), ("b", 1, "a.xml"), ("b", 2, "b.xml")]
    {
        let at = format!("2026-11-0{day}T02:00:00Z");
        sandbox.run(&["--db", "d.db", "import", "--host", host, "--at", &at, file]).ok();
    }
    let questions: [(&str, &[&str]); 5] = [
        ("cohorts", &["fleet", "cohorts"]),
        ("common", &["fleet", "common"]),
        ("outliers", &["fleet", "outliers"]),
        ("matrix", &["fleet", "matrix", "vcpu.max"]),
        ("report", &["report", "upgrade", "--all", "--from", "prev"]),
    ];
    for (schema, question) in questions {
        let about = ["--db", "d.db", "--format", "json", "--stale", "2026-11-03"];
        let (command, rest) = question.split_at(2);
        let answer = sandbox.run(&[&about[..2], command, rest, &about[2..]].concat()).json();
        valid(schema, &answer);
        let expected = serde_json::json!([
            { "host": "a", "last_success": "2026-11-03T02:00:00Z", "stale": false },
            { "host": "b", "last_success": "2026-11-02T02:00:00Z", "stale": true },
        ]);
        assert_eq!(answer["freshness"], expected, "{question:?}");
    }
    let before = ["--from", "run-1", "--to", "run-0", "--format", "json"];
    let report = ["--db", "d.db", "report", "upgrade", "--all"];
    let answer = sandbox.run(&[&report[..], &before].concat()).json();
    assert_eq!(answer["freshness"], serde_json::json!([]));
}
