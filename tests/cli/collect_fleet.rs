//! `domcaps collect`: many hosts, and where they are listed.

use crate::support::{Fakes, valid};

#[test]
fn two_hundred_hosts_of_which_a_tenth_fails_in_every_way() {
    let fakes = Fakes::new();
    let child = fakes.sandbox.path("child").display().to_string();
    let ways = [
        (format!("hang=2&child={child}"), "partial"),
        ("die=2".into(), "partial"),
        ("lost=2".into(), "partial"),
        ("garbage=2".into(), "partial"),
        ("huge=2".into(), "partial"),
        ("silent".into(), "failed"),
        ("refuse=authentication+failed".into(), "failed"),
        ("die=1".into(), "failed"),
        ("hang=1&child=".to_owned() + &child, "failed"),
        ("other=2".into(), "partial"),
    ];
    let mut list = String::from("groups = ['fleet']\n");
    let mut expected = std::collections::BTreeMap::new();
    for at in 0..200 {
        let name = format!("hv{at:03}");
        let (what, outcome) = match at % 10 {
            7 => &ways[at / 10 % ways.len()],
            _ => &("delay=1".to_owned(), "stored"),
        };
        list += &format!(
            "[[host]]\nname = '{name}'\nuri = '{}'\n",
            fakes.uri(&format!("snapshots/debian-12?{what}"))
        );
        expected.insert(name, *outcome);
    }
    fakes.sandbox.write("hosts.toml", list);
    let said = fakes.collect_listed(&[
        "--hosts",
        "hosts.toml",
        "--all",
        "--jobs",
        "32",
        "--aliases-only",
        "--retries",
        "0",
        "--call-timeout",
        "10s",
        "--format",
        "json",
    ]);
    assert_eq!(said.code, Some(3), "{said}");
    let collected: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    valid("collect", &collected);
    assert_eq!(collected["summary"]["stored"], 180);
    for host in collected["hosts"].as_array().unwrap() {
        let name = host["host"].as_str().unwrap();
        assert_eq!(host["outcome"], expected[name], "{name}: {host}");
        // Each that is not whole is named, with its reason.
        let is_named = said.stderr.contains(&format!(" {name}: "));
        assert_eq!(is_named, expected[name] != "stored", "{name}");
    }
    // All that was told of is there, and nothing else: one that gave no document, but its machine
    // list, is a failed snapshot.
    let listed = fakes.run(&["snapshots", "--format", "json"]).json();
    let stored = listed["snapshots"].as_array().unwrap();
    let with_id =
        collected["hosts"].as_array().unwrap().iter().filter(|host| !host["snapshot"].is_null());
    assert_eq!(stored.len(), with_id.count());
    assert!(stored.iter().all(|each| each["state"] != "complete" || each["documents"] == 4));
    assert_eq!(fakes.run(&["hosts", "--group", "fleet"]).ok().lines().count(), expected.len() + 1);
}

#[test]
fn hosts_come_from_lists() {
    let fakes = Fakes::new();
    let uri = fakes.uri("snapshots/debian-12?");
    fakes.sandbox.write(
        "config/domcaps/hosts.toml",
        format!("uri = '{uri}'\n[[host]]\nname = 'a'\ngroups = ['x']\ntags = ['nightly']\n[[host]]\nname = 'b'\n[[host]]\nname = 'bad'\nuri = '-x'\n"),
    );
    let narrow = ["--machine", "pc", "--arch", "x86_64"];
    let collect = |arguments: &[&str]| fakes.collect_listed(&[arguments, &narrow].concat());
    collect(&["--group", "x"]).ok();
    assert!(collect(&["a@nightly"]).fails(2).contains("cannot name a host"));
    collect(&["b", "a"]).ok();
    fakes.run(&["show", "a@nightly:pc", "vcpu"]).ok();
    let said = collect(&["c"]).fails(1);
    assert!(said.contains("hosts.toml: no host c; nor has the database a URI of it"), "{said}");
    assert!(collect(&["bad"]).fails(1).contains("hosts.toml: bad: `-x` is no connection URI"));
    let said = collect(&["--group", "y"]).fails(1);
    assert!(said.contains("no host is in group y") && said.contains("its groups are: x"), "{said}");
    assert!(collect(&[]).fails(2).contains("name the hosts"));
    // What the database knows is asked by name, though no list has it.
    fakes.collect("c", "snapshots/debian-12?", &narrow).ok();
    collect(&["c"]).ok();
    let said = collect(&["--all", "--tag", "pre-upgrade"]);
    assert_eq!(said.code, Some(3));
    assert!(said.stdout.contains("2 hosts: 2 unchanged, 1 of the list not asked"), "{said}");
    fakes.run(&["show", "a@pre-upgrade:pc", "vcpu"]).ok();
}

#[test]
fn an_inventory_comes_on_standard_input() {
    let fakes = Fakes::new();
    let uri = fakes.uri("snapshots/debian-12?");
    let inventory = format!(
        r#"{{"_meta": {{"hostvars": {{"a": {{"domcaps_uri": "{uri}"}}, "b": {{"domcaps_uri": "{uri}"}}}}}},
            "all": {{"children": ["compute"]}}, "compute": {{"hosts": ["a"]}}, "ungrouped": {{"hosts": ["b"]}}}}"#
    );
    let arguments = ["--ansible", "-", "--group", "compute", "--machine", "pc", "--arch", "x86_64"];
    let said = fakes.collect_with(&arguments, inventory.as_bytes()).ok();
    assert!(said.contains("1 host: 1 stored"), "{said}");
    let groups = fakes.run(&["hosts", "--format", "json"]).json();
    assert_eq!(groups["hosts"][0]["groups"], serde_json::json!(["compute"]));
    let said = fakes.collect_with(&["--ansible", "-", "--all"], b"{").fails(1);
    assert!(said.contains("-:1:1: not what `ansible-inventory --list` prints"), "{said}");
}

#[test]
fn a_silent_host_does_not_keep_the_others_waiting() {
    let fakes = Fakes::new();
    let (silent, good) =
        (fakes.uri("snapshots/debian-12?silent"), fakes.uri("snapshots/debian-12?"));
    let mut list = format!("uri = '{good}'\n[[host]]\nname = 'a'\nuri = '{silent}'\n");
    list += &["b", "c", "d"].map(|name| format!("[[host]]\nname = '{name}'\n")).concat();
    fakes.sandbox.write("hosts.toml", list);
    let arguments = ["--hosts", "hosts.toml", "--all", "--jobs", "1", "--call-timeout", "10m"];
    let mut command = fakes.command_listed(&arguments);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().unwrap();
    // There is one place, and the first host has it for as long as it likes: or the others never come.
    let stored = || fakes.run(&["hosts"]).stdout.lines().count().saturating_sub(1);
    while stored() < 3 {
        assert!(child.try_wait().unwrap().is_none(), "it ended without them");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(child.try_wait().unwrap().is_none(), "the first one is still asked");
    let id = child.id().to_string();
    std::process::Command::new("/bin/kill").args(["-TERM", &id]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// Starts a collection of hosts that take their time, and gives it to `end` when some are stored.
fn broken_off(end: impl Fn(&mut std::process::Child, usize)) -> (Fakes, String) {
    let fakes = Fakes::new();
    let mut list = String::new();
    for at in 0..12 {
        list += &format!(
            "[[host]]\nname = 'h{at}'\nuri = '{}'\n",
            fakes.uri("snapshots/debian-12?delay=3")
        );
    }
    fakes.sandbox.write("hosts.toml", list);
    let mut said = String::new();
    for round in 0..6 {
        let arguments = ["--hosts", "hosts.toml", "--all", "--jobs", "3", "--aliases-only"];
        let mut command = fakes.command_listed(&arguments);
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        end(&mut child, round);
        let output = child.wait_with_output().unwrap();
        said +=
            &format!("{:?} {}\n", output.status.code(), String::from_utf8_lossy(&output.stderr));
    }
    (fakes, said)
}

/// Every snapshot that is there is whole.
fn all_whole(fakes: &Fakes) {
    if fakes.sandbox.read("d.db").is_none() {
        return;
    }
    let listed = fakes.run(&["snapshots", "--format", "json"]).json();
    for each in listed["snapshots"].as_array().unwrap() {
        assert_eq!((&each["documents"], &each["state"]), (&4.into(), &"complete".into()), "{each}");
    }
}

#[test]
fn killing_it_leaves_whole_snapshots_only() {
    let (fakes, _) = broken_off(|child, round| {
        std::thread::sleep(std::time::Duration::from_millis(40 + 37 * round as u64));
        child.kill().unwrap();
    });
    all_whole(&fakes);
    // And it goes on from there.
    fakes.collect_listed(&["--hosts", "hosts.toml", "--all", "--aliases-only"]).ok();
    all_whole(&fakes);
}

#[test]
fn an_interruption_ends_it_in_order() {
    let (fakes, said) = broken_off(|child, round| {
        std::thread::sleep(std::time::Duration::from_millis(60 + 10 * round as u64));
        let id = child.id().to_string();
        std::process::Command::new("/bin/kill").args(["-TERM", &id]).status().unwrap();
    });
    assert!(said.contains("interrupted"), "{said}");
    all_whole(&fakes);
}
