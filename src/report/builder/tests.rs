use super::*;
use crate::diff::{Change, Evidence, Kind};
use crate::rules::GuestHits;

fn comparison(machine: &str) -> Comparison {
    let target =
        ChangedTarget { new_machine: Some(machine.to_owned()), ..ChangedTarget::default() };
    let difference = Difference::new(Kind::Lost, "devices.graphics.type").with_value("spice");
    Comparison {
        changes: vec![Change {
            difference,
            evidence: Evidence::default(),
            targets: [target].into(),
        }],
        ..Comparison::default()
    }
}

fn hits(guests: &[&str]) -> GuestHits {
    let severity = (!guests.is_empty()).then_some(Severity::Breaking);
    let guests = guests.iter().map(|guest| (*guest).to_owned()).collect();
    GuestHits { guests, severity, reason: None }
}

#[test]
fn a_finding_of_several_groups_is_needed_by_the_guests_of_each() {
    let policy = Policy::default();
    let mut builder = Builder::new(&policy);
    for machine in ["pc", "q35"] {
        let used_by = |change: &Change| {
            hits(&[&format!(
                "guest-{}",
                change.targets[0].new_machine.as_deref().unwrap_or_default()
            )])
        };
        let used_by = UsedBy { of: &used_by, is_complete: true };
        builder.add(<[Origin; 2]>::default(), &comparison(machine), Some(used_by));
    }
    let report = builder.finish(None, Some(2));
    assert_eq!(report.findings.len(), 1);
    let expected = ["guest-pc".to_owned(), "guest-q35".to_owned()];
    assert_eq!(report.findings[0].used_by.as_deref(), Some(&expected[..]));
    assert_eq!(report.findings[0].seen.len(), 2);
}

#[test]
fn needed_in_one_group_and_not_in_another_are_two_findings() {
    let policy = Policy::default();
    let mut builder = Builder::new(&policy);
    for machine in ["pc", "q35"] {
        let used_by = |change: &Change| match change.targets[0].new_machine.as_deref() {
            Some("pc") => hits(&["guest"]),
            _ => hits(&[]),
        };
        let used_by = UsedBy { of: &used_by, is_complete: true };
        builder.add(<[Origin; 2]>::default(), &comparison(machine), Some(used_by));
    }
    let report = builder.finish(None, Some(1));
    assert_eq!(report.findings.len(), 2);
    assert_eq!(report.count_severity(Severity::Breaking), 1);
}
