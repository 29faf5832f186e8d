//! `domcaps metrics` and `collect --metrics`: what Prometheus reads.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Fakes, Sandbox, document};

const NARROW: [&str; 6] = ["--machine", "pc", "--arch", "x86_64", "--retries", "0"];

/// A list of hosts that answer, fail, and are new.
fn fleet() -> Fakes {
    let fakes = Fakes::new();
    let uri = |what: &str| fakes.uri(&format!("snapshots/debian-12?{what}"));
    let list = [("a", uri("")), ("b", uri("refuse=no")), ("new", uri(""))].map(|(name, uri)| {
        format!("[[host]]\nname = '{name}'\nuri = '{uri}'\ngroups = ['prod']\n")
    });
    fakes.sandbox.write("hosts.toml", list.concat());
    fakes
}

fn collect(fakes: &Fakes, arguments: &[&str]) -> crate::support::Output {
    fakes.collect_listed(&[&["--hosts", "hosts.toml"], arguments, &NARROW].concat())
}

/// The value of a series.
fn value(metrics: &str, series: &str) -> Option<f64> {
    let line = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

/// Every line is a comment or a series of a metric that is described above it, once.
fn is_well_formed(metrics: &str) {
    let mut described = Vec::new();
    for line in metrics.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let name = kind.strip_suffix(" gauge").unwrap();
            assert!(!described.contains(&name), "{name} is described twice");
            described.push(name);
        } else if !line.starts_with("# HELP ") {
            let name = line.split(['{', ' ']).next().unwrap();
            assert_eq!(described.last(), Some(&name), "{line}");
            line.rsplit(' ').next().unwrap().parse::<f64>().unwrap();
        }
    }
    assert!(metrics.ends_with('\n') && !described.is_empty());
}

#[test]
fn collect_writes_what_became_of_each_host() {
    let fakes = fleet();
    collect(&fakes, &["a", "b", "--metrics", "domcaps.prom"]).fails(3);
    let path = fakes.sandbox.path("domcaps.prom");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    let metrics = std::fs::read_to_string(path).unwrap();
    is_well_formed(&metrics);
    for (series, expected) in [
        ("domcaps_hosts{state=\"current\"}", 1.0),
        ("domcaps_hosts{state=\"failing\"}", 1.0),
        ("domcaps_hosts{state=\"never_collected\"}", 1.0),
        ("domcaps_hosts{state=\"stale\"}", 0.0),
        ("domcaps_group_hosts{group=\"prod\",state=\"failing\"}", 1.0),
        ("domcaps_host_last_attempt_success{host=\"a\"}", 1.0),
        ("domcaps_host_last_attempt_success{host=\"b\"}", 0.0),
        ("domcaps_host_consecutive_failures{host=\"b\"}", 1.0),
        ("domcaps_host_consecutive_failures{host=\"a\"}", 0.0),
        ("domcaps_host_collected{host=\"a\"}", 1.0),
        ("domcaps_host_collected{host=\"new\"}", 0.0),
    ] {
        assert_eq!(value(&metrics, series), Some(expected), "{series}\n{metrics}");
    }
    let success = value(&metrics, "domcaps_host_last_success_timestamp_seconds{host=\"a\"}");
    assert!(success.unwrap() > 1e9 && success.unwrap() < 1e11, "seconds: {success:?}");
    assert!(metrics.contains("domcaps_host_info{host=\"a\",hypervisor=\"QEMU "), "{metrics}");
    // What is not known is no series: 0 would be 1970.
    for series in [
        "domcaps_host_last_success_timestamp_seconds{host=\"b\"}",
        "domcaps_host_failing_since_timestamp_seconds{host=\"a\"}",
        "domcaps_host_last_attempt_timestamp_seconds{host=\"new\"}",
    ] {
        assert_eq!(value(&metrics, series), None, "{series}");
    }
}

#[test]
fn a_host_that_left_its_list_is_only_counted() {
    let fakes = fleet();
    collect(&fakes, &["a"]).ok();
    let list = String::from_utf8(std::fs::read(fakes.sandbox.path("hosts.toml")).unwrap()).unwrap();
    fakes.sandbox.write("hosts.toml", list.replace("'a'", "'c'"));
    collect(&fakes, &["c"]).ok();
    let metrics = fakes.run(&["metrics"]).ok();
    assert_eq!(value(&metrics, "domcaps_hosts{state=\"left_list\"}"), Some(1.0), "{metrics}");
    assert!(!metrics.contains("host=\"a\"") && metrics.contains("host=\"c\""), "{metrics}");
}

#[test]
fn beyond_a_limit_hosts_have_no_series_and_groups_do() {
    let fakes = fleet();
    collect(&fakes, &["a"]).ok();
    let within = fakes.run(&["metrics", "--max-hosts", "3"]).ok();
    let beyond = fakes.run(&["metrics", "--max-hosts", "2"]).ok();
    is_well_formed(&beyond);
    assert_eq!(value(&within, "domcaps_hosts_without_series"), Some(0.0));
    assert_eq!(value(&beyond, "domcaps_hosts_without_series"), Some(3.0));
    assert!(within.contains("{host=\"a\"") && !beyond.contains("{host="), "{beyond}");
    let current = "domcaps_group_hosts{group=\"prod\",state=\"current\"}";
    assert_eq!(value(&beyond, current), Some(1.0));
}

#[test]
fn stale_is_what_the_command_line_says() {
    let sandbox = Sandbox::new();
    sandbox.write("a.xml", document());
    let at = ["--host", "a", "--at", "2026-01-01T00:00:00Z", "a.xml"];
    sandbox.run(&[&["--db", "d.db", "import"], &at[..]].concat()).ok();
    let stale = |age: &str| {
        let metrics = sandbox.run(&["--db", "d.db", "metrics", "--stale", age]).ok();
        value(&metrics, "domcaps_hosts{state=\"stale\"}").unwrap()
    };
    assert_eq!((stale("1h"), stale("20000d")), (1.0, 0.0));
}

#[test]
fn a_file_is_replaced_whole_and_a_missing_folder_is_named_before_anybody_is_asked() {
    let sandbox = Sandbox::with_demo();
    sandbox.write("domcaps.prom", "old\n");
    std::fs::set_permissions(sandbox.path("domcaps.prom"), std::fs::Permissions::from_mode(0o600))
        .unwrap();
    assert_eq!(sandbox.run(&["--db", "demo.db", "metrics", "-o", "domcaps.prom"]).ok(), "");
    let path = sandbox.path("domcaps.prom");
    is_well_formed(&std::fs::read_to_string(&path).unwrap());
    // What few may read stays so.
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let said = sandbox.run(&["--db", "demo.db", "metrics", "-o", "nowhere/a.prom"]).fails(1);
    assert!(said.contains("nowhere"), "{said}");
    let fakes = fleet();
    let said = collect(&fakes, &["a", "--metrics", "nowhere/a.prom"]).fails(1);
    assert!(said.contains("nowhere") && fakes.sandbox.read("d.db").is_none(), "{said}");
}

#[test]
fn metrics_that_cannot_be_written_lose_nothing_that_was_collected() {
    let fakes = fleet();
    std::fs::create_dir(fakes.sandbox.path("a.prom")).unwrap();
    let said = collect(&fakes, &["a", "--metrics", "a.prom"]);
    assert_eq!(said.code, Some(3), "{said}");
    assert!(said.stderr.contains("a.prom: cannot write"), "{said}");
    assert!(fakes.run(&["hosts"]).ok().contains('a'));
}
