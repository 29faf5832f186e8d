//! The laws of judging: whatever changed, whatever the site and its guests make of it.

use domcaps::diff::{Change, ChangedTarget, Comparison, Difference, Evidence, Kind, Plain};
use domcaps::model::Context;
use domcaps::report::Builder;
use domcaps::rules::knowledge::KNOWLEDGE;
use domcaps::rules::{self, GuestHits, Ignore, Policy, Severity, UsedBy};
use domcaps::side::Origin;
use proptest::collection::{btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

const PATHS: &[&str] = &[
    "machine",
    "machine[pc-q35-4.1].deprecated",
    "alias[q35]",
    "virttype",
    "document",
    "document.suspect",
    "os.loader.value",
    "os.loader.value[0]",
    "os.loader.secure",
    "os.firmware",
    "vcpu.max",
    "cpu.mode[host-model].model",
    "cpu.mode[host-model].feature",
    "cpu.mode[custom].model",
    "cpu.mode[custom].model[EPYC].usable",
    "cpu.mode[custom].model[EPYC].deprecated",
    "cpu.mode[custom].model[EPYC].blockers",
    "devices.disk.bus",
    "devices.hostdev.pciBackend",
    "features.sev.maxGuests",
    "features.launchSecurity",
    "features.hyperv",
    "new.element",
];
const VALUES: &[&str] = &["yes", "on", "fdc", "EPYC-v1", "/usr/share/OVMF/OVMF_CODE.fd", "x"];
const KINDS: &[Kind] = &[Kind::Lost, Kind::Gained, Kind::Changed, Kind::Reported, Kind::Unreported];

fn plain() -> impl Strategy<Value = Option<Plain>> {
    option::of(prop_oneof![
        (0..9_i64).prop_map(Plain::Number),
        select(&["yes", "no", "a"][..]).prop_map(Plain::text),
    ])
}

fn difference() -> impl Strategy<Value = Difference> {
    let value = option::of(select(VALUES));
    (select(KINDS), select(PATHS), value, plain(), plain()).prop_map(
        |(kind, path, value, old, new)| {
            let difference = Difference::new(kind, path).with_sides(old, new);
            match value {
                Some(value) => difference.with_value(value),
                None => difference,
            }
        },
    )
}

fn change(difference: Difference, virttype: &str, is_odd: bool) -> Change {
    let target = ChangedTarget {
        arch: Some("x86_64".to_owned()),
        virttype: Some(virttype.to_owned()),
        ..ChangedTarget::default()
    };
    let evidence = Evidence { is_builtin_list: is_odd, said_yes: is_odd, ..Evidence::default() };
    Change { difference, evidence, targets: [target].into() }
}

fn context() -> impl Strategy<Value = Context> {
    let version = option::of(select(&["9.0.0", "11.3.0", "12.8.0", "odd"][..]));
    let hypervisor = option::of(select(&["QEMU 7.2.22", "QEMU 10.0.13"][..]));
    (version, hypervisor).prop_map(|(libvirt, hypervisor)| Context {
        libvirt: libvirt.map(str::to_owned),
        hypervisor: hypervisor.map(str::to_owned),
        ..Context::default()
    })
}

fn comparison() -> impl Strategy<Value = Comparison> {
    let types = select(&["kvm", "qemu"][..]);
    let changes = (btree_set(difference(), 0..24), types, any::<bool>());
    (changes, context(), context(), any::<bool>()).prop_map(
        |((differences, virttype, is_odd), old, new, became_suspect)| Comparison {
            sides: [old, new],
            became_suspect,
            changes: differences.into_iter().map(|it| change(it, virttype, is_odd)).collect(),
            ..Comparison::default()
        },
    )
}

/// A change that an entry of what is known of versions may be about, and versions of both sides.
fn known_change() -> impl Strategy<Value = (Change, [Context; 2])> {
    const VERSIONS: &[&str] =
        &["6.0.0", "7.0.0", "8.0.0", "9.0.0", "10.0.0", "10.5.0", "11.3.0", "11.8.0", "12.8.0"];
    let entry = select((0..KNOWLEDGE.len()).collect::<Vec<_>>());
    let versions = || {
        (select(VERSIONS), select(VERSIONS)).prop_map(|(libvirt, qemu)| Context {
            libvirt: Some(libvirt.to_owned()),
            hypervisor: Some(format!("QEMU {qemu}")),
            ..Context::default()
        })
    };
    let types = select(&["kvm", "qemu"][..]);
    (entry, select(KINDS), types, plain(), versions(), versions()).prop_map(
        |(entry, kind, virttype, old, one, other)| {
            let entry = &KNOWLEDGE[entry];
            let difference = Difference::new(kind, &entry.path.replace('*', "x"));
            let difference = match entry.value {
                Some(value) => difference.with_value(&value.replace('*', "x")),
                None => difference.with_sides(old, Some(Plain::text("no"))),
            };
            (change(difference, virttype, false), [one, other])
        },
    )
}

fn policy() -> impl Strategy<Value = Policy> {
    let rules: Vec<&'static str> = rules::rules().map(|rule| rule.id).collect();
    let severity = (select(rules), select(&Severity::ALL[..]));
    let ignore = (option::of(select(&["machine*", "*lost*"][..])), option::of(select(VALUES)));
    (vec(severity, 0..4), vec(ignore, 0..3)).prop_map(|(severities, ignores)| Policy {
        severities: severities.into_iter().map(|(id, it)| (id.to_owned(), it)).collect(),
        ignores: ignores
            .into_iter()
            .map(|(rule, value)| Ignore {
                rule: rule.map(str::to_owned),
                value: value.map(str::to_owned),
                reason: "seen".to_owned(),
                ..Ignore::default()
            })
            .collect(),
    })
}

/// Guests that no change hits, all judged or not.
fn no_guest(is_complete: bool) -> UsedBy<'static> {
    UsedBy { of: &|_| GuestHits::default(), is_complete }
}

fn judged(
    comparison: &Comparison,
    policy: &Policy,
    used_by: Option<UsedBy<'_>>,
) -> domcaps::report::Report {
    let mut builder = Builder::new(policy);
    builder.add(<[Origin; 2]>::default(), comparison, used_by);
    builder.finish(None, None)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Kind, path and value are what they were, and nothing is added or dropped.
    #[test]
    fn judging_alters_and_drops_nothing((comparison, policy) in (comparison(), policy())) {
        let report = judged(&comparison, &policy, None);
        let mut before: Vec<&Difference> = comparison.changes.iter().map(|it| &it.difference).collect();
        let mut after: Vec<&Difference> = report.findings.iter().map(|it| &it.difference).collect();
        before.sort();
        after.sort();
        prop_assert_eq!(before, after);
        let counted: usize = Severity::ALL.iter().map(|it| report.count_severity(*it)).sum();
        prop_assert_eq!(counted + report.count_ignored(), report.findings.len());
        let is_sorted = report.findings.is_sorted_by_key(|it| (it.severity, it.difference.clone()));
        prop_assert!(is_sorted);
    }

    /// A finding has one name, whatever is thought of it.
    #[test]
    fn fingerprints_follow_from_the_difference_alone((comparison, policy) in (comparison(), policy())) {
        let none = Policy::default();
        for report in [judged(&comparison, &policy, None), judged(&comparison, &none, Some(no_guest(true)))] {
            for finding in &report.findings {
                prop_assert_eq!(finding.fingerprint(), &rules::fingerprint(&finding.difference));
            }
        }
    }

    /// Without guests that need anything nothing is breaking, but that a host is not to be believed
    /// stays to be decided; what is not to be believed breaks nothing either.
    #[test]
    fn what_no_guest_needs_breaks_nothing(comparison in comparison()) {
        let policy = Policy::default();
        let unneeded = judged(&comparison, &policy, Some(no_guest(true)));
        let worse = unneeded.findings.iter().find(|it| {
            it.severity < Severity::Info && it.rule.id != "document-suspect"
        });
        prop_assert!(worse.is_none(), "{:?}", worse);
        if comparison.became_suspect {
            prop_assert_eq!(judged(&comparison, &policy, None).count_severity(Severity::Breaking), 0);
        }
    }

    /// A guest that could not be judged takes nothing away: severities are as without any guest.
    #[test]
    fn what_is_not_known_turns_no_gate_green((comparison, policy) in (comparison(), policy())) {
        let severities = |used_by| {
            let report = judged(&comparison, &policy, used_by);
            report.findings.iter().map(|it| (it.difference.clone(), it.severity)).collect::<Vec<_>>()
        };
        prop_assert_eq!(severities(None), severities(Some(no_guest(false))));
    }

    /// A version that is not known excuses no loss that the known one does not, and nothing that
    /// breaks guests. Other changes count by their looks.
    #[test]
    fn an_unknown_version_excuses_no_loss(
        (change, sides) in known_change(),
        unknown in any::<[[bool; 2]; 2]>(),
    ) {
        let severity = |sides: &[Context; 2]| {
            let changes = vec![change.clone()];
            let comparison = Comparison { sides: sides.clone(), changes, ..Comparison::default() };
            judged(&comparison, &Policy::default(), None).findings[0].severity
        };
        let mut less = sides.clone();
        for (side, [libvirt, hypervisor]) in less.iter_mut().zip(unknown) {
            side.libvirt = side.libvirt.take().filter(|_| !libvirt);
            side.hypervisor = side.hypervisor.take().filter(|_| !hypervisor);
        }
        let (known, found) = (severity(&sides), severity(&less));
        let must_hold = change.difference.kind == Kind::Lost || known == Severity::Breaking;
        let is_right = !must_hold || found <= known;
        prop_assert!(is_right, "{:?} {:?}: {:?} → {:?}", change, less, known, found);
    }

    /// What libvirt merely reports otherwise is never more than information, unless the site says so.
    #[test]
    fn reporting_is_information(comparison in comparison()) {
        let report = judged(&comparison, &Policy::default(), None);
        for finding in &report.findings {
            prop_assert!(!finding.is_reporting() || finding.severity == Severity::Info);
            prop_assert!(!finding.reason.is_empty() && !finding.reason.ends_with('.'));
        }
    }
}
