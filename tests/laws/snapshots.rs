//! The laws of comparing whole snapshots, on invented hosts.

use std::collections::BTreeMap;

use domcaps::diff::{Difference, Evidence, Kind, Observed, Outcome, snapshots};
use domcaps::model::{Context, FailureClass, Machine, MachineList, State, Target};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const EMULATORS: &[&str] = &["/usr/bin/qemu-system-x86_64", "/usr/libexec/qemu-kvm", "/a"];
const TYPES: &[(&str, &str)] =
    &[("x86_64", "kvm"), ("x86_64", "qemu"), ("i686", "kvm"), ("aarch64", "qemu")];
const MACHINES: &[&str] = &["pc-1", "pc-2", "virt"];

type Host = Observed<u8>;

fn machine() -> impl Strategy<Value = Machine> {
    (select(EMULATORS), select(TYPES), select(MACHINES), any::<bool>()).prop_map(
        |(emulator, (arch, virttype), name, deprecated)| Machine {
            emulator: Some(emulator.to_owned()),
            arch: arch.to_owned(),
            virttype: virttype.to_owned(),
            name: name.to_owned(),
            canonical: None,
            max_cpus: None,
            deprecated,
        },
    )
}

fn alias() -> impl Strategy<Value = Machine> {
    (machine(), select(&["pc", "q35"][..])).prop_map(|(machine, alias)| Machine {
        canonical: Some(machine.name.clone()),
        name: alias.to_owned(),
        deprecated: false,
        ..machine
    })
}

fn outcome() -> impl Strategy<Value = Outcome<u8>> {
    let failed = |class| Outcome::Failed { class, message: "no".to_owned() };
    prop_oneof![
        6 => (0..3_u8).prop_map(Outcome::Document),
        1 => Just(failed(FailureClass::Transient)),
        1 => Just(failed(FailureClass::Unsupported)),
    ]
}

fn host() -> impl Strategy<Value = Host> {
    let list = (vec(machine(), 0..8), vec(alias(), 0..3));
    let target = (machine(), outcome());
    let state = select(&[State::Complete, State::Complete, State::Partial, State::Suspect][..]);
    (proptest::option::of(list), vec(target, 0..8), state, any::<bool>()).prop_map(
        |(list, targets, state, is_chosen)| {
            let target = |(machine, outcome): (Machine, Outcome<u8>)| {
                let emulator = machine.emulator.unwrap_or_default();
                let (arch, virttype) = (machine.arch, machine.virttype);
                (Target { arch, virttype, machine: machine.name, emulator }, outcome)
            };
            let outcomes: BTreeMap<_, _> = targets.into_iter().map(target).collect();
            let machines = list.map(|(machines, aliases)| {
                // A name stands once for an emulator, arch and domain type.
                let mut by_place = BTreeMap::new();
                for each in machines.into_iter().chain(aliases) {
                    let place = (
                        each.emulator.clone(),
                        each.arch.clone(),
                        each.virttype.clone(),
                        each.name.clone(),
                    );
                    by_place.insert(place, each);
                }
                MachineList::new(by_place.into_values().collect())
            });
            Observed {
                outcomes,
                machines,
                state,
                context: Context::default(),
                is_chosen,
                whole: None,
            }
        },
    )
}

/// Documents with different names differ in one capability.
fn compare(old: &Host, new: &Host) -> domcaps::diff::Comparison {
    let documents = |old: &u8, new: &u8| {
        let side = |name: u8| Some(domcaps::diff::Plain::Number(i64::from(name)));
        let difference =
            Difference::new(Kind::Changed, "vcpu.max").with_sides(side(*old), side(*new));
        Ok::<_, std::convert::Infallible>(vec![vec![(difference, Evidence::default())].into()])
    };
    snapshots(old, new, documents).unwrap()
}

/// Every change with the arch and domain type of each target, which do not depend on the direction.
fn shown(host: &domcaps::diff::Comparison, is_back: bool) -> Vec<(Difference, Vec<String>)> {
    let mut shown: Vec<_> = host
        .changes
        .iter()
        .map(|change| {
            let difference = change.difference.clone();
            let difference = if is_back { difference.mirrored() } else { difference };
            let place = |target: &domcaps::diff::ChangedTarget| {
                let machines = (&target.old_machine, &target.new_machine);
                let machines = if is_back { (machines.1, machines.0) } else { machines };
                format!("{:?} {:?} {machines:?} {:?}", target.arch, target.virttype, target.alias)
            };
            let mut targets: Vec<String> = change.targets.iter().map(place).collect();
            targets.sort();
            (difference, targets)
        })
        .collect();
    shown.sort();
    shown
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_way_back_mirrors_the_way_there_between_hosts((old, new) in (host(), host())) {
        let (there, back) = (compare(&old, &new), compare(&new, &old));
        let (shown_there, shown_back) = (shown(&there, false), shown(&back, true));
        if there.chosen.is_some() {
            // Two documents that need not be of one arch and domain type: the new side's are told.
            let differences = |shown: Vec<(Difference, Vec<String>)>| shown.into_iter().map(|(it, _)| it).collect::<Vec<_>>();
            prop_assert_eq!(differences(shown_there), differences(shown_back));
        } else {
            prop_assert_eq!(shown_there, shown_back);
        }
        prop_assert_eq!((there.pairs.len(), there.identical), (back.pairs.len(), back.identical));
        prop_assert_eq!(there.not_compared.len(), back.not_compared.len());
    }

    #[test]
    fn a_host_does_not_differ_from_itself(host in host()) {
        let same = compare(&host, &host);
        prop_assert!(same.changes.is_empty(), "{:?}", same.changes);
        prop_assert_eq!(same.pairs.len(), same.identical);
    }

    /// What a side does not answer for the moment is not compared, and never lost.
    #[test]
    fn a_transient_failure_is_never_a_loss(old in host()) {
        let mut new = old.clone();
        for outcome in new.outcomes.values_mut() {
            if matches!(outcome, Outcome::Document(_)) {
                *outcome = Outcome::Failed { class: FailureClass::Transient, message: "timed out".to_owned() };
            }
        }
        let after = compare(&old, &new);
        prop_assert!(after.changes.is_empty(), "{:?}", after.changes);
        let documents = old.outcomes.values().filter(|outcome| matches!(outcome, Outcome::Document(_)));
        prop_assert!(after.not_compared.len() >= documents.count());
    }
}
