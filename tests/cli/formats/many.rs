//! A thousand hosts.

use std::sync::Arc;

use domcaps::diff::{ChangedTarget, Difference, Evidence, Kind};
use domcaps::report::{Fleet, Group, Report};
use domcaps::rules::{self, Finding, Fingerprint, Seen, Severity};
use domcaps::side::Origin;

use super::{Format, written};

const GROUPS: usize = 20;
const HOSTS: usize = 50;
const TARGETS: usize = 100;
const FINDINGS: usize = 500;

/// Twenty groups of fifty hosts; each finding on half of a hundred targets of every host.
fn thousand() -> Report {
    let pair = |at: usize| ChangedTarget {
        arch: Some("x86_64".to_owned()),
        virttype: Some("kvm".to_owned()),
        new_machine: Some(format!("pc-q35-{at}.0")),
        old_machine: Some(format!("pc-q35-{at}.0")),
        alias: None,
        emulator: Some("/usr/bin/qemu-system-x86_64".to_owned()),
    };
    let pairs: Arc<[ChangedTarget]> = (0..TARGETS).map(pair).collect();
    let half: Arc<[ChangedTarget]> = (0..TARGETS).step_by(2).map(pair).collect();
    let side = |at: usize| Origin {
        host: Some(format!("hv{at:04}.example").parse().unwrap()),
        snapshot: Some(format!("{at:032x}")),
        ..Origin::default()
    };
    let group = |at: usize| Group {
        members: (0..HOSTS)
            .map(|host| [side(at * HOSTS + host), side(at * HOSTS + host)])
            .collect(),
        pairs: Arc::clone(&pairs),
        ..Group::default()
    };
    let finding = |at: usize| Finding {
        difference: Difference::new(Kind::Lost, "devices.disk.bus").with_value(&format!("bus{at}")),
        evidence: Evidence::default(),
        rule: rules::find("enum-value-lost").unwrap(),
        severity: Severity::Breaking,
        reason: "guests that ask for it there cannot start".to_owned(),
        fingerprint: Fingerprint::default(),
        ignored: None,
        used_by: None,
        seen: (0..GROUPS).map(|group| Seen { group, targets: Arc::clone(&half) }).collect(),
    };
    Report {
        fleet: Some(Fleet::default()),
        groups: (0..GROUPS).map(group).collect(),
        findings: (0..FINDINGS).map(finding).collect(),
        ..Report::default()
    }
}

#[test]
fn targets_stand_once_and_no_format_explodes() {
    let report = thousand();
    let text = written(Format::Json, &report);
    assert_eq!(text.matches("pc-q35-10.0").count(), GROUPS * 2, "once on each side");
    let sizes = Format::ALL.into_iter().filter(|format| *format != Format::Html);
    for (format, size) in sizes.map(|format| (format, written(format, &report).len())) {
        let most = match format {
            Format::Markdown => 65_536,
            Format::Github | Format::Text => 200_000,
            // A finding is on a thousand hosts, and some formats name each.
            _ => FINDINGS * (HOSTS * GROUPS * 16 + 8000),
        };
        assert!(size <= most, "{}: {size} bytes", format.name());
    }
}
