//! The database follows lists of hosts: groups, hosts that left, `collect --check`, `hosts.d`.

use serde_json::{Value, json};

use crate::support::{Fakes, Output, valid};

const NARROW: [&str; 4] = ["--machine", "pc", "--arch", "x86_64"];

/// Writes a list of hosts with their groups.
fn list(fakes: &Fakes, file: &str, hosts: &[(&str, &str)]) {
    let uri = fakes.uri("snapshots/debian-12?");
    let mut text = format!("uri = '{uri}'\n");
    for (name, groups) in hosts {
        let groups: Vec<&str> = groups.split_whitespace().collect();
        text += &format!("[[host]]\nname = '{name}'\ngroups = {groups:?}\n");
    }
    fakes.sandbox.write(file, text);
}

fn collect(fakes: &Fakes, file: &str, arguments: &[&str]) -> Output {
    fakes.collect_listed(&[&["--hosts", file], arguments, &NARROW].concat())
}

fn groups(fakes: &Fakes) -> Value {
    let hosts = fakes.run(&["hosts", "--format", "json"]).json();
    let host = |host: &Value| (host["host"].as_str().unwrap().to_owned(), host["groups"].clone());
    Value::from_iter(hosts["hosts"].as_array().unwrap().iter().map(host))
}

#[test]
fn groups_of_a_list_follow_it_and_those_set_by_hand_stay() {
    let fakes = Fakes::new();
    list(&fakes, "l.toml", &[("a", "rack1 prod"), ("b", "rack1")]);
    collect(&fakes, "l.toml", &["--all"]).ok();
    assert_eq!(groups(&fakes), json!({"a": ["prod", "rack1"], "b": ["rack1"]}));
    fakes.run(&["host", "set", "a", "--group", "mine", "--group", "prod"]).ok();
    list(&fakes, "l.toml", &[("a", "rack2"), ("b", "rack1")]);
    // The whole list is taken over, whoever is asked.
    collect(&fakes, "l.toml", &["b"]).ok();
    assert_eq!(groups(&fakes), json!({"a": ["mine", "prod", "rack2"], "b": ["rack1"]}));
    // Another list adds its own groups, and takes only these away again.
    list(&fakes, "m.toml", &[("a", "storage")]);
    collect(&fakes, "m.toml", &["--all"]).ok();
    collect(&fakes, "l.toml", &["--all"]).ok();
    assert_eq!(groups(&fakes)["a"], json!(["mine", "prod", "rack2", "storage"]));
    list(&fakes, "m.toml", &[("a", "")]);
    collect(&fakes, "m.toml", &["--all"]).ok();
    assert_eq!(groups(&fakes)["a"], json!(["mine", "prod", "rack2"]));
    // A list that is moved is the same list.
    std::fs::rename(fakes.sandbox.path("l.toml"), fakes.sandbox.path("n.toml")).unwrap();
    list(&fakes, "n.toml", &[("a", "rack3"), ("b", "rack1")]);
    collect(&fakes, "n.toml", &["--all"]).ok();
    assert_eq!(groups(&fakes), json!({"a": ["mine", "prod", "rack3"], "b": ["rack1"]}));
}

#[test]
fn groups_from_before_origins_were_kept_follow_the_list_once_it_named_them() {
    let fakes = Fakes::new();
    list(&fakes, "l.toml", &[("a", "rack1")]);
    collect(&fakes, "l.toml", &["--all"]).ok();
    fakes.run(&["host", "set", "a", "--group", "mine"]).ok();
    let database = rusqlite::Connection::open(fakes.sandbox.path("d.db")).unwrap();
    let old =
        "UPDATE host_group SET by_hand = NULL; DELETE FROM listed_group; DELETE FROM listed_host";
    database.execute_batch(old).unwrap();
    drop(database);
    collect(&fakes, "l.toml", &["--all"]).ok();
    assert_eq!(groups(&fakes), json!({"a": ["mine", "rack1"]}));
    list(&fakes, "l.toml", &[("a", "rack2")]);
    collect(&fakes, "l.toml", &["--all"]).ok();
    assert_eq!(groups(&fakes), json!({"a": ["mine", "rack2"]}));
}

#[test]
fn a_host_that_left_is_named_and_kept() {
    let fakes = Fakes::new();
    list(&fakes, "l.toml", &[("a", "g"), ("b", "g")]);
    collect(&fakes, "l.toml", &["--all"]).ok();
    list(&fakes, "l.toml", &[("a", "g")]);
    let check = collect(&fakes, "l.toml", &["--check", "--format", "json"]).json();
    valid("collect-check", &check);
    assert_eq!(check["leaving"], json!(["b"]));
    let said = collect(&fakes, "l.toml", &["--all"]);
    assert!(said.stderr.contains("no longer lists 1 host (b)"), "{said}");
    assert!(said.stderr.contains("`domcaps host forget b`"), "{said}");
    assert_eq!(groups(&fakes), json!({"a": ["g"], "b": []}));
    fakes.run(&["show", "b:pc", "vcpu"]).ok();
    let said = collect(&fakes, "l.toml", &["--all"]);
    assert!(!said.stderr.contains("no longer"), "it is named once: {said}");
    let status = fakes.run(&["status"]).ok();
    assert!(status.contains("LEFT THE LIST (1)\n  b  "), "{status}");
    list(&fakes, "l.toml", &[("a", "g"), ("b", "g")]);
    collect(&fakes, "l.toml", &["--all"]).ok();
    assert_eq!(groups(&fakes)["b"], json!(["g"]));
    assert!(!fakes.run(&["status"]).ok().contains("LEFT"));
}

#[test]
fn nobody_leaves_a_part_of_an_inventory_or_a_list_that_is_broken() {
    let fakes = Fakes::new();
    let uri = fakes.uri("snapshots/debian-12?");
    let inventory = |hosts: &[&str]| {
        let variables = Value::from_iter(
            hosts.iter().map(|host| ((*host).to_owned(), json!({ "domcaps_uri": uri }))),
        );
        json!({"_meta": {"hostvars": variables}, "g": {"hosts": hosts}}).to_string()
    };
    let ansible = [&["--ansible", "-", "--all"], &NARROW[..]].concat();
    fakes.collect_with(&ansible, inventory(&["a", "b"]).as_bytes()).ok();
    let said = fakes.collect_with(&ansible, inventory(&["a"]).as_bytes());
    assert!(!said.stderr.contains("no longer"), "{said}");
    assert_eq!(groups(&fakes), json!({"a": ["g"], "b": ["g"]}));
    list(&fakes, "l.toml", &[("c", "x"), ("d", "x")]);
    collect(&fakes, "l.toml", &["--all"]).ok();
    for broken in ["", "[[host]\n", "uri = 3"] {
        fakes.sandbox.write("l.toml", broken);
        collect(&fakes, "l.toml", &["--all"]).fails(1);
        assert_eq!(groups(&fakes)["c"], json!(["x"]), "{broken}");
    }
    // An entry with a mistake is still named by the list.
    fakes.sandbox.write(
        "l.toml",
        format!("[[host]]\nname = 'c'\nuri = '{uri}'\ngroups = ['x']\n[[host]]\nname = 'd'\ngroups = ['x']\n"),
    );
    let said = collect(&fakes, "l.toml", &["--all"]);
    assert!(said.code == Some(3) && !said.stderr.contains("no longer"), "{said}");
    assert_eq!(groups(&fakes)["d"], json!(["x"]));
}

#[test]
fn a_check_says_what_would_be_asked_and_asks_nobody() {
    let fakes = Fakes::new();
    list(&fakes, "l.toml", &[("a", "g")]);
    // No virsh is needed.
    let check = ["--db", "d.db", "collect", "--virsh", "none", "--hosts", "l.toml", "--check"];
    let said = fakes.sandbox.run(&check).ok();
    assert!(said.contains("a     fake://") && said.contains("1 host would be asked"), "{said}");
    assert!(fakes.sandbox.read("d.db").is_none());
    list(&fakes, "l.toml", &[("a", "g"), ("a", "h"), ("b", "bad/name")]);
    let said = fakes.sandbox.run(&check);
    assert_eq!(said.code, Some(3), "{said}");
    assert!(said.stdout.contains("not asked: a: is listed twice"), "{said}");
    assert!(said.stdout.contains("not asked: b: `bad/name` cannot name a group"), "{said}");
    fakes.sandbox.write("l.toml", "hosst = 1\n");
    assert!(fakes.sandbox.run(&check).fails(1).contains("l.toml:1:1"));
}

#[test]
fn the_files_of_hosts_d_belong_to_the_list() {
    let fakes = Fakes::new();
    list(&fakes, "config/domcaps/hosts.toml", &[("a", "g")]);
    list(&fakes, "config/domcaps/hosts.d/20.toml", &[("c", "h"), ("a", "h")]);
    list(&fakes, "config/domcaps/hosts.d/10.toml", &[("b", "h")]);
    fakes.sandbox.write("config/domcaps/hosts.d/.hidden.toml", "no list");
    fakes.sandbox.write("config/domcaps/hosts.d/README", "no list");
    let names = |check: &Value| {
        let names = check["hosts"].as_array().unwrap().iter().map(|host| host["host"].clone());
        names.collect::<Vec<_>>()
    };
    let check = |arguments: &[&str]| {
        let said = fakes.collect_listed(&[&["--check", "--format", "json"], arguments].concat());
        serde_json::from_str::<Value>(&said.stdout).unwrap()
    };
    let whole = check(&[]);
    assert_eq!(names(&whole), ["a", "b", "c"]);
    assert!(whole["refused"][0]["why"].as_str().unwrap().contains("hosts.d/20.toml"), "{whole}");
    assert_eq!(names(&check(&["--hosts", "config/domcaps/hosts.toml"])), ["a", "b", "c"]);
    assert_eq!(names(&check(&["--hosts", "config/domcaps/hosts.d"])), ["b", "c", "a"]);
    std::fs::remove_file(fakes.sandbox.path("config/domcaps/hosts.toml")).unwrap();
    assert_eq!(names(&check(&["--group", "h"])), ["b", "c", "a"]);
    fakes.sandbox.write("config/domcaps/hosts.d/10.toml", "x");
    let error = fakes.collect_listed(&["--check"]).fails(1);
    assert!(error.contains("hosts.d/10.toml:1:"), "{error}");
}

#[test]
fn hosts_that_changed_alike_are_one_row() {
    let fakes = Fakes::new();
    fakes.copy("snapshots/debian-12", "host");
    let uri = fakes.uri("host?");
    let mut text = format!("uri = '{uri}'\n");
    for at in 0..6 {
        text += &format!("[[host]]\nname = 'h{at}'\n");
    }
    text += &format!("[[host]]\nname = 'bad'\nuri = '{}'\n", fakes.uri("host?refuse=no"));
    fakes.sandbox.write("l.toml", text);
    let run = || collect(&fakes, "l.toml", &["--all", "--retries", "0"]);
    run().fails(3);
    fakes.edit("host/x86_64.pc-i440fx-7.2.qemu.xml", "<value>ide</value>", "");
    let said = run().stdout;
    assert!(said.contains("6 hosts (h0, h1, h2 and 3 more)  changed"), "{said}");
    assert!(said.lines().any(|line| line.starts_with("bad ")), "{said}");
    assert_eq!(said.lines().count(), 4, "{said}");
}
