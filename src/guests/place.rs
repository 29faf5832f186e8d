//! The target of a host on which a guest would run.

use std::collections::BTreeSet;

use super::verdict::Reason;
use crate::diff::Outcome;
use crate::model::{FailureClass, Guest, Machine, Target};
use crate::side::{Content, Side};

/// A guest's place on a host.
pub(super) enum Place<'s> {
    /// There, with its document, and why that may not be all.
    Found(&'s Target, &'s Content, Vec<Reason>),
    /// Not there, or not known.
    Missing(Reason),
}

/// Finds the place: by arch, virttype and machine, whose alias the machine list resolves, and by the
/// emulator where there are several.
pub(super) fn place<'s>(guest: &Guest, side: &'s Side) -> Place<'s> {
    let machines: Vec<&Machine> = listed(guest, side).collect();
    let is_listed = |name: &str| machines.iter().any(|it| it.canonical.as_deref() == Some(name));
    let is_machine = |name: &str| match &guest.machine {
        Some(own) => own == name || is_listed(name),
        // Without a list, what the preferred name stands for can be told by the family alone.
        None => is_listed(name) || machines.is_empty() && is_preferred(guest, name),
    };
    let outcomes = side.observed.outcomes.iter();
    let of_type = outcomes.filter(|(target, _)| is_type(guest, &target.arch, &target.virttype));
    let candidates: Vec<_> = of_type.filter(|(target, _)| is_machine(&target.machine)).collect();
    let names: BTreeSet<&str> = candidates.iter().map(|(it, _)| it.machine.as_str()).collect();
    if guest.machine.is_none() && names.len() > 1 {
        let text = "names no machine, and no machine list says which one libvirt takes".to_owned();
        return Place::Missing(Reason::unknown("os/type", None, text));
    }
    if candidates.is_empty() {
        return Place::Missing(absent(guest, side, !machines.is_empty()));
    }
    let Some((target, outcome)) = by_emulator(guest, &candidates) else {
        let there = candidates.iter().map(|(target, _)| target.emulator.as_str());
        let there = there.collect::<Vec<_>>().join(" and ");
        return Place::Missing(other_emulator(guest, &there));
    };
    match outcome {
        Outcome::Document(content) => {
            Place::Found(target, content, emulator(guest, target).into_iter().collect())
        }
        Outcome::Failed { class: FailureClass::Unsupported, message } => {
            Place::Missing(Reason::no(&machine_element(guest), None, message.clone()))
        }
        Outcome::Failed { class, message } => {
            let text = format!("{target}: {}: {message}", class.name());
            Place::Missing(Reason::unknown(&machine_element(guest), None, text))
        }
    }
}

/// What the machine list says of a guest's machine.
pub(super) fn listed<'s>(guest: &'s Guest, side: &'s Side) -> impl Iterator<Item = &'s Machine> {
    let machines = side.observed.machines.iter().flat_map(|list| list.iter());
    machines.filter(|it| {
        let name = guest.machine.as_deref().or_else(|| preferred(&it.arch));
        is_type(guest, &it.arch, &it.virttype) && name == Some(it.name.as_str())
    })
}

/// The machine that libvirt takes for a guest that names none (`virQEMUCapsGetPreferredMachine`, and
/// what it prefers to QEMU's own default).
fn preferred(arch: &str) -> Option<&'static str> {
    match arch {
        "x86_64" | "i686" => Some("pc"),
        "aarch64" | "armv7l" | "armv6l" | "riscv64" | "riscv32" | "loongarch64" => Some("virt"),
        "ppc64" | "ppc64le" => Some("pseries"),
        "s390x" => Some("s390-ccw-virtio"),
        _ => None,
    }
}

/// Whether a canonical name is of the family that libvirt prefers, or the guest's arch has none.
fn is_preferred(guest: &Guest, name: &str) -> bool {
    let family = match guest.arch.as_deref().and_then(preferred) {
        Some("pc") => "pc-i440fx-",
        Some(family) => family,
        None => return true,
    };
    name.starts_with(family)
}

/// The name behind the last `/`.
fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_type(guest: &Guest, arch: &str, virttype: &str) -> bool {
    guest.arch.as_deref().is_none_or(|own| own == arch) && guest.virttype == virttype
}

/// The part of a guest's XML that names its machine.
fn machine_element(guest: &Guest) -> String {
    match &guest.machine {
        Some(machine) => format!("os/type machine={machine}"),
        None => "os/type".to_owned(),
    }
}

type Candidate<'s> = (&'s Target, &'s Outcome<Content>);

/// The candidate with the guest's emulator, by path, then by name.
fn by_emulator<'s>(guest: &Guest, candidates: &[Candidate<'s>]) -> Option<Candidate<'s>> {
    let named = |is_own: &dyn Fn(&str) -> bool| {
        candidates.iter().find(|(target, _)| is_own(&target.emulator)).copied()
    };
    match guest.emulator.as_deref() {
        _ if candidates.len() == 1 => candidates.first().copied(),
        Some(own) => {
            named(&|it| it == own).or_else(|| named(&|it| base_name(it) == base_name(own)))
        }
        None => {
            let is_document =
                |(_, outcome): &&Candidate<'_>| matches!(outcome, Outcome::Document(_));
            candidates.iter().find(is_document).or(candidates.first()).copied()
        }
    }
}

/// libvirt starts the path that the XML names and resolves no link: another one may be the same program, or
/// not be there, whatever its name.
fn emulator(guest: &Guest, target: &Target) -> Option<Reason> {
    let own = guest.emulator.as_deref()?;
    let is_same = target.emulator.is_empty() || own == target.emulator;
    (!is_same).then(|| other_emulator(guest, &target.emulator))
}

fn other_emulator(guest: &Guest, there: &str) -> Reason {
    let own = guest.emulator.as_deref().unwrap_or_default();
    let text = format!("the host's document is of {there}");
    Reason::unknown(&format!("devices/emulator {own}"), None, text)
}

/// Why there is no place: the topmost level that is missing, where the host lists all it has.
fn absent(guest: &Guest, side: &Side, is_listed: bool) -> Reason {
    let element = machine_element(guest);
    if is_listed {
        return Reason::unknown(&element, None, format!("{guest} is listed and was not asked"));
    }
    let Some(list) = side.observed.machines.as_ref().filter(|_| !side.observed.is_chosen) else {
        let text = format!("no document of {guest}, and no machine list says that there is none");
        return Reason::unknown(&element, None, text);
    };
    let outcomes = &side.observed.outcomes;
    let has = |is_there: &dyn Fn(&str, &str) -> bool| {
        list.iter().any(|it| is_there(&it.arch, &it.virttype))
            || outcomes.keys().any(|it| is_there(&it.arch, &it.virttype))
    };
    let arch = guest.arch.as_deref().unwrap_or_default();
    let is_arch = |own: &str, _: &str| arch.is_empty() || own == arch;
    if !has(&is_arch) {
        let element = format!("os/type arch={arch}");
        return Reason::no(&element, None, format!("the host has no emulator for {arch}"));
    }
    if !has(&|own, virttype| is_arch(own, virttype) && virttype == guest.virttype) {
        let element = format!("domain type={}", guest.virttype);
        let text = format!("the host has no {} for {arch}", guest.virttype);
        return Reason::no(&element, None, text);
    }
    match &guest.machine {
        Some(machine) => {
            Reason::no(&element, None, format!("the host has no machine type {machine}"))
        }
        None => Reason::unknown(&element, None, format!("no document of {guest}")),
    }
}
