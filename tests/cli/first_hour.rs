//! The first hour: what a newcomer is told at each step.

use crate::support::{Fakes, Sandbox, document, valid};

const NARROW: [&str; 6] = ["--machine", "pc", "--arch", "x86_64", "--retries", "0"];

#[test]
fn collect_says_what_to_do_next_and_quiet_does_not() {
    let fakes = Fakes::new();
    let first = fakes.collect("a", "snapshots/debian-12?", &NARROW);
    assert!(first.stderr.contains("hint: `domcaps show a`"), "{first}");
    let same = fakes.collect("a", "snapshots/debian-12?", &NARROW);
    assert!(!same.stderr.contains("hint:"), "{same}");
    let changed = fakes.collect("a", "snapshots/debian-13?", &NARROW);
    assert!(changed.stderr.contains("hint: `domcaps diff a`"), "{changed}");
    let quiet = fakes.collect("b", "snapshots/debian-12?", &[&NARROW[..], &["--quiet"]].concat());
    assert!(!quiet.stderr.contains("hint:"), "{quiet}");
}

#[test]
fn diff_of_a_host_alone_is_its_last_change() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    sandbox.write("b.xml", document().replace("max='288'", "max='1'"));
    for (day, file) in [(1, "a.xml"), (2, "b.xml"), (3, "b.xml")] {
        let at = format!("2026-11-0{day}T02:00:00Z");
        sandbox.run(&["--db", "d.db", "import", "--host", "a", "--at", &at, file]).ok();
    }
    let diff = |arguments: &[&str]| sandbox.run(&[&["--db", "d.db", "diff"], arguments].concat());
    let alone = diff(&["a", "--format", "json"]).json();
    assert_eq!(alone["changes"], diff(&["a@prev", "a", "--format", "json"]).json()["changes"]);
    assert!(!alone["changes"].as_array().unwrap().is_empty(), "{alone}");
    let target = diff(&["a:pc-q35-7.2", "--format", "json"]).json();
    assert_eq!(target["changes"], alone["changes"]);
    for alone in ["a.xml", "a@prev", "-"] {
        let said = diff(&[alone]).fails(2);
        assert!(said.contains("what to compare it with is missing"), "{said}");
    }
    diff(&[]).fails(2);
}

#[test]
fn collect_without_a_list_shows_one_and_says_where_lists_are_looked_for() {
    let fakes = Fakes::new();
    let said = fakes.collect_listed(&["--all"]).fails(1);
    for part in ["config/domcaps/hosts.toml", "hosts.d", "d.db", "[[host]]", "name = ", "uri = "] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // What is shown can be copied.
    let lines = said.lines().filter_map(|line| line.strip_prefix("hint:   "));
    let list: String = lines.map(|line| format!("{line}\n")).collect();
    fakes.sandbox.write("config/domcaps/hosts.toml", &list);
    let check = fakes.collect_listed(&["--check", "--format", "json"]).json();
    valid("collect-check", &check);
    assert_eq!(check["hosts"][0]["host"], "hv01", "{list}");
}

#[test]
fn an_interruption_counts_what_was_not_collected_in_one_line() {
    let fakes = Fakes::new();
    let child = fakes.sandbox.path("child");
    let hangs = fakes.uri(&format!("snapshots/debian-12?hang=2&child={}", child.display()));
    let host = |at: usize| format!("[[host]]\nname = 'h{at}'\nuri = '{hangs}'\n");
    fakes.sandbox.write("hosts.toml", (0..5).map(host).collect::<String>());
    let arguments = ["--hosts", "hosts.toml", "--all", "--jobs", "1", "--format", "json"];
    let mut command = fakes.command_listed(&arguments);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let running = command.spawn().unwrap();
    while std::fs::read_to_string(&child).unwrap_or_default().is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let id = running.id().to_string();
    std::process::Command::new("/bin/kill").args(["-INT", &id]).status().unwrap();
    let output = running.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("interrupted: 5 hosts not collected; "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    let run: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    valid("collect", &run);
    assert_eq!(run["hosts"].as_array().unwrap().len(), 5);
}

#[test]
fn the_json_of_a_run_says_when_it_was_and_with_what() {
    let fakes = Fakes::new();
    let json = [&NARROW[..], &["--format", "json"]].concat();
    let run = fakes.collect("a", "snapshots/debian-12?", &json).json();
    valid("collect", &run);
    assert_eq!(run["version"], env!("CARGO_PKG_VERSION"));
    let time = |name: &str| run[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let taken: jiff::Timestamp = run["hosts"][0]["taken_at"].as_str().unwrap().parse().unwrap();
    assert!(time("started_at") <= taken && taken <= time("ended_at"), "{run}");
}

#[test]
fn selectors_have_a_page_of_help() {
    let sandbox = Sandbox::new();
    let page = sandbox.run(&["help", "selectors"]).ok();
    for form in ["latest", "prev", "-N", "run-N", "2026-11-01", "pre-upgrade", "id:PREFIX"] {
        assert!(page.lines().any(|line| line.trim_start().starts_with(form)), "{form}: {page}");
    }
    assert!(sandbox.run(&["--help"]).ok().contains(page.trim_end()));
    sandbox.run(&["help", "nothing"]).fails(2);
    assert!(sandbox.run(&["help", "diff"]).ok().contains("Usage: domcaps diff"));
}

#[test]
fn slips_at_the_command_line_are_met_with_what_is_meant() {
    let sandbox = Sandbox::with_demo();
    for (arguments, code, says, says_not) in [
        (&["history", "debian-12", "disk.bsu"][..], 1, "nearest is devices.disk.bus", "virtio"),
        (&["fleet", "matrix", "disk.bsu"], 1, "nearest is devices.disk.bus", "virtio"),
        (&["collect", "--all", "--jobs", "0"], 2, "between 1 and 1024", "..="),
        (&["collect", "--all", "--jobs", "many"], 2, "between 1 and 1024", "digit"),
        (&["fleet", "outliers", "--share", "200"], 2, "between 51 and 99", "..="),
        (&["collect", "--all", "--timeout", "0s"], 2, "must be longer than 0", "no time"),
        (&["import", "a.xml"], 2, "--tree", "--at"),
        (&["forget", "--keep-last", "1"], 2, "--all", "--keep-daily"),
        (&["snapshots", "--group", "x"], 2, "unexpected argument", "-- --group"),
        (&["hosts", "--gruop", "x"], 2, "'--group'", "-- --gruop"),
        (&["hosts", "--group", "prdo"], 1, "no host is in group prdo", "HOST  "),
        (&["status", "--group", "prdo"], 1, "no host is in group prdo", "HOST  "),
    ] {
        let said = sandbox.run(&[&["--db", "demo.db"], arguments].concat()).fails(code);
        assert!(said.contains(says) && !said.contains(says_not), "{arguments:?}: {said}");
    }
}
