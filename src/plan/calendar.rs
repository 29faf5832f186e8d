//! What stops working when: by the releases of the catalogue, and by QEMU's policy for machine types.
//!
//! Nothing else is predicted: of CPU models, images and device values only captures say in which release they are
//! gone, and a distribution's next release is known only where a moving one leads to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::guests::{Answer, GuestChecks};
use crate::model::{
    Guest, MachineList, Removal, VersionNumbers, natural_order, removal, version_numbers,
};
use crate::release::ReleaseManifest;
use crate::side::{Contents, Side, SideError};

use super::ReleaseSide;
use super::fix::family;

/// How many versions of QEMU after the newest captured one are shown: a year.
const AHEAD: usize = 3;

/// What stops working when.
#[derive(Debug, Default)]
pub struct Calendar {
    /// The releases, the oldest QEMU first.
    pub releases: Vec<CalendarRelease>,
    /// The versions of QEMU behind them that its policy speaks of.
    pub versions: Vec<(u32, u32)>,
    /// The machine types of each architecture and family, in order.
    pub families: Vec<MachineFamily>,
    /// What falls out, the earliest QEMU first.
    pub events: Vec<CalendarEvent>,
}

/// A release of the catalogue.
#[derive(Clone, Debug)]
pub struct CalendarRelease {
    /// Its name.
    pub name: String,
    /// What people call it; of a moving one, what it leads to.
    pub label: String,
    /// Its QEMU.
    pub qemu: String,
    /// The day of its capture.
    pub captured: String,
}

/// The machine types of one family.
#[derive(Clone, Debug)]
pub struct MachineFamily {
    /// The architecture.
    pub arch: String,
    /// The family: `pc-q35`.
    pub family: String,
    /// Its machine types, the oldest first.
    pub machines: Vec<MachineTimes>,
}

/// A machine type over all releases.
#[derive(Clone, Debug)]
pub struct MachineTimes {
    /// Its name.
    pub name: String,
    /// What each release says.
    pub states: Vec<MachineState>,
    /// When QEMU removes it by its policy.
    pub removal: Option<Removal>,
}

/// What a release says of a machine type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineState {
    /// It does not have it yet.
    Absent,
    /// It has it, and the release before did not.
    New,
    /// It has it.
    Kept,
    /// It has it, and QEMU marks it deprecated.
    Deprecated,
    /// It has it no more.
    Removed,
}

impl MachineState {
    /// The name used in listings and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::New => "new",
            Self::Kept => "kept",
            Self::Deprecated => "deprecated",
            Self::Removed => "removed",
        }
    }
}

/// Something that falls out at a time.
#[derive(Clone, Debug)]
pub struct CalendarEvent {
    /// With what: `QEMU 11.2` or the label of a release.
    pub with: String,
    /// When, as far as a schedule says it: `expected December 2026`, `captured 2026-11-28`.
    pub when: String,
    /// Whether QEMU's policy says it; else a capture.
    pub is_policy: bool,
    /// The machine types, or what of the guests' XML it is.
    pub what: Vec<String>,
    /// The guests that it concerns; none where no guest was named.
    pub guests: Option<Vec<String>>,
}

/// When a version of QEMU is due: three a year, in April, August and December (QEMU's wiki, `Planning`; 8.0 to 11.1
/// came within six weeks of that).
#[must_use]
pub fn due((major, minor): (u32, u32)) -> String {
    let month = ["April", "August", "December"].get(minor as usize);
    match month {
        Some(month) if major >= 8 => format!("{month} {}", 2015 + major),
        _ => String::new(),
    }
}

/// The version after one.
fn next((major, minor): (u32, u32)) -> (u32, u32) {
    if minor >= 2 { (major + 1, 0) } else { (major, minor + 1) }
}

impl Calendar {
    /// The calendar of releases, and of guests by their names, where there are any.
    ///
    /// # Errors
    /// Where documents cannot be read.
    pub fn new(
        releases: &[ReleaseSide],
        guests: Option<&[(String, &Guest)]>,
        contents: &mut Contents,
    ) -> Result<Self, SideError> {
        let families = families(releases);
        let newest = releases.iter().filter_map(|release| qemu(&release.side)).max();
        let mut versions = Vec::new();
        if let Some((major, minor, _)) = newest {
            let mut version = (major, minor);
            for _ in 0..AHEAD {
                version = next(version);
                versions.push(version);
            }
        }
        let mut events = policy_events(&families, guests, newest);
        events.extend(match guests {
            Some(guests) => fallen(releases, guests, contents)?,
            None => gone(releases, &families),
        });
        let releases = releases.iter().map(|release| CalendarRelease {
            name: release.manifest.name.clone(),
            label: label(&release.manifest),
            qemu: qemu_text(&release.side).to_owned(),
            captured: release.manifest.captured.clone(),
        });
        Ok(Self { releases: releases.collect(), versions, families, events })
    }
}

fn label(manifest: &ReleaseManifest) -> String {
    match &manifest.becomes {
        Some(becomes) => format!("{becomes} (as {} is now)", manifest.label),
        None => manifest.label.clone(),
    }
}

fn qemu_text(side: &Side) -> &str {
    let hypervisor = side.observed.context.hypervisor.as_deref();
    hypervisor.and_then(|text| text.strip_prefix("QEMU ")).unwrap_or_default()
}

fn qemu(side: &Side) -> Option<VersionNumbers> {
    version_numbers(qemu_text(side))
}

/// Whether a machine type is deprecated in each release; none where it is not there.
type DeprecationByRelease = Vec<Option<bool>>;

/// Machine types that QEMU's policy speaks of, by architecture and family; a distribution's own have no place among
/// the releases of others.
fn families(releases: &[ReleaseSide]) -> Vec<MachineFamily> {
    // By release: whether a machine type is there, and deprecated.
    let mut there: BTreeMap<(String, String), BTreeMap<String, DeprecationByRelease>> =
        BTreeMap::new();
    for (at, release) in releases.iter().enumerate() {
        let machines = release.side.observed.machines.iter().flat_map(MachineList::iter);
        for machine in machines.filter(|machine| machine.canonical.is_none()) {
            if removal(&machine.name, None).is_none() {
                continue;
            }
            let (family, _) = family(&machine.name);
            let states = there
                .entry((machine.arch.clone(), family.to_owned()))
                .or_default()
                .entry(machine.name.clone())
                .or_insert_with(|| vec![None; releases.len()]);
            states[at] = Some(machine.deprecated || states[at] == Some(true));
        }
    }
    let family = |((arch, family), machines): ((String, String), BTreeMap<String, Vec<_>>)| {
        let mut machines: Vec<MachineTimes> = machines
            .into_iter()
            .map(|(name, there)| MachineTimes {
                states: states(&there, releases, &arch),
                removal: removal(&name, None),
                name,
            })
            .collect();
        machines.sort_by(|one, other| natural_order(&one.name, &other.name));
        MachineFamily { arch, family, machines }
    };
    there.into_iter().map(family).collect()
}

/// What each release says of a machine type. A release without the architecture says nothing: it is as if absent.
fn states(there: &[Option<bool>], releases: &[ReleaseSide], arch: &str) -> Vec<MachineState> {
    let mut was_there = false;
    let mut states = Vec::with_capacity(there.len());
    for (is_there, release) in there.iter().zip(releases) {
        let mut machines = release.side.observed.machines.iter().flat_map(MachineList::iter);
        let has_arch = machines.any(|machine| machine.arch == arch);
        let is_first = states.is_empty();
        states.push(match is_there {
            Some(true) => MachineState::Deprecated,
            Some(false) if was_there || is_first => MachineState::Kept,
            Some(false) => MachineState::New,
            None if was_there && has_arch => MachineState::Removed,
            None => MachineState::Absent,
        });
        was_there |= is_there.is_some();
    }
    states
}

/// What falls out by QEMU's policy: of guests what they use; else what the newest QEMU of the catalogue still has.
fn policy_events(
    families: &[MachineFamily],
    guests: Option<&[(String, &Guest)]>,
    newest: Option<VersionNumbers>,
) -> Vec<CalendarEvent> {
    let mut by_version: BTreeMap<(u32, u32), (BTreeSet<String>, Vec<String>)> = BTreeMap::new();
    match guests {
        Some(guests) => {
            for (name, guest) in guests {
                let machine = guest.machine.as_deref().unwrap_or_default();
                if let Some(removal) = removal(machine, None) {
                    let (what, names) = by_version.entry(removal.version()).or_default();
                    what.insert(machine.to_owned());
                    names.push(name.clone());
                }
            }
        }
        None => {
            let machines = families.iter().flat_map(|family| &family.machines);
            for machine in machines {
                // Of what is years away, the policy may be another by then.
                if let Some(Removal::With(major, minor)) = machine.removal
                    && newest
                        .is_some_and(|newest| (major, minor, 0) > newest && major <= newest.0 + 2)
                {
                    by_version.entry((major, minor)).or_default().0.insert(machine.name.clone());
                }
            }
        }
    }
    let event = |(version, (what, names)): ((u32, u32), (BTreeSet<String>, Vec<String>))| {
        let is_past = newest.is_some_and(|newest| (version.0, version.1, 0) <= newest);
        let when = match (is_past, due(version)) {
            (true, _) => "released".to_owned(),
            (false, due) if due.is_empty() => String::new(),
            (false, due) => format!("expected {due}"),
        };
        CalendarEvent {
            with: format!("QEMU {}.{}", version.0, version.1),
            when,
            is_policy: true,
            what: sorted(what),
            guests: guests.map(|_| names),
        }
    };
    by_version.into_iter().map(event).collect()
}

fn sorted(names: BTreeSet<String>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort_by(|one, other| natural_order(one, other));
    names
}

/// The release of the same distribution before each one.
fn before(releases: &[ReleaseSide], at: usize) -> Option<usize> {
    let distribution = &releases[at].manifest.distribution;
    (0..at).rev().find(|earlier| releases[*earlier].manifest.distribution == *distribution)
}

fn captured(release: &ReleaseSide) -> String {
    format!("QEMU {}, captured {}", qemu_text(&release.side), release.manifest.captured)
}

/// The machine types that are gone in a release and were in the one before of its distribution.
fn gone(releases: &[ReleaseSide], families: &[MachineFamily]) -> Vec<CalendarEvent> {
    let mut events = Vec::new();
    for (at, release) in releases.iter().enumerate() {
        let Some(earlier) = before(releases, at) else { continue };
        let machines = families.iter().flat_map(|family| &family.machines);
        let is_there = |state| !matches!(state, MachineState::Absent | MachineState::Removed);
        let what: BTreeSet<String> = machines
            .filter(|it| is_there(it.states[earlier]) && it.states[at] == MachineState::Removed)
            .map(|it| it.name.clone())
            .collect();
        if !what.is_empty() {
            events.push(CalendarEvent {
                with: label(&release.manifest),
                when: captured(release),
                is_policy: false,
                what: sorted(what),
                guests: None,
            });
        }
    }
    events
}

/// The guests that a release refuses, and the one before of its distribution does not.
fn fallen(
    releases: &[ReleaseSide],
    guests: &[(String, &Guest)],
    contents: &mut Contents,
) -> Result<Vec<CalendarEvent>, SideError> {
    let all: Vec<&Guest> = guests.iter().map(|(_, guest)| *guest).collect();
    let mut checks = GuestChecks::new(all.iter().copied());
    let mut refused: Vec<Vec<Option<String>>> = Vec::with_capacity(releases.len());
    for release in releases {
        let projection = release.project(contents, None, &[])?;
        let verdicts = projection.judge(&mut checks, &all, contents)?;
        let why = verdicts.into_iter().map(|verdict| {
            let is_no = verdict.answer == Answer::No;
            verdict.reasons.into_iter().next().filter(|_| is_no).map(|it| it.reason.element)
        });
        refused.push(why.collect());
    }
    let mut events = Vec::new();
    for (at, release) in releases.iter().enumerate() {
        let Some(earlier) = before(releases, at) else { continue };
        let fallen = (0..guests.len()).filter_map(|guest| {
            let why = refused[at][guest].as_ref()?;
            refused[earlier][guest].is_none().then(|| (guests[guest].0.clone(), why.clone()))
        });
        let (names, what): (Vec<String>, BTreeSet<String>) = fallen.unzip();
        if !names.is_empty() {
            events.push(CalendarEvent {
                with: label(&release.manifest),
                when: captured(release),
                is_policy: false,
                what: sorted(what),
                guests: Some(names),
            });
        }
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_versions_a_year() {
        assert_eq!(due((11, 2)), "December 2026");
        assert_eq!(due((12, 0)), "April 2027");
        assert_eq!(due((7, 2)), "", "before, there is no table");
        assert_eq!([next((11, 1)), next((11, 2))], [(11, 2), (12, 0)]);
    }
}
