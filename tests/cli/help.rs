//! Help, version, completions and manual pages.

use std::fmt::Write as _;

use crate::support::{Sandbox, expect};

const COMMANDS: [&[&str]; 52] = [
    &[],
    &["collect"],
    &["import"],
    &["status"],
    &["metrics"],
    &["hosts"],
    &["host"],
    &["host", "set"],
    &["host", "rename"],
    &["host", "forget"],
    &["snapshots"],
    &["snapshot"],
    &["snapshot", "rm"],
    &["snapshot", "removed"],
    &["show"],
    &["query"],
    &["paths"],
    &["machines"],
    &["diff"],
    &["history"],
    &["last"],
    &["changes"],
    &["notify"],
    &["report"],
    &["report", "upgrade"],
    &["release"],
    &["release", "list"],
    &["release", "show"],
    &["release", "which"],
    &["release", "calendar"],
    &["release", "import"],
    &["release", "export"],
    &["release", "pack"],
    &["fleet"],
    &["fleet", "cohorts"],
    &["fleet", "common"],
    &["fleet", "outliers"],
    &["fleet", "matrix"],
    &["rules"],
    &["preflight"],
    &["plan"],
    &["sql"],
    &["export"],
    &["tag"],
    &["forget"],
    &["prune"],
    &["check"],
    &["backup"],
    &["demo"],
    &["schema"],
    &["completions"],
    &["man"],
];

#[test]
fn the_whole_reference() {
    let sandbox = Sandbox::new();
    let mut reference = String::new();
    for command in COMMANDS {
        let help = sandbox.run(&[command, &["--help"]].concat()).ok();
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
        writeln!(reference, "==== domcaps {}\n{help}", command.join(" ")).unwrap();
    }
    expect("help", &reference);
}

#[test]
fn version() {
    let version = Sandbox::new().run(&["--version"]).ok();
    assert_eq!(version, format!("domcaps {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_and_manual_pages() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = sandbox.run(&["completions", shell]).ok();
        assert!(script.contains("snapshots"), "{shell}");
    }
    assert!(sandbox.run(&["man"]).ok().starts_with(".ie"));
    sandbox.run(&["man", "--dir", "pages"]).ok();
    for page in ["domcaps.1", "domcaps-diff.1", "domcaps-host-set.1"] {
        assert!(sandbox.read(&format!("pages/{page}")).is_some(), "{page}");
    }
}
