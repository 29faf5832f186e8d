//! Which changes hit which guests.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use super::Known;
use super::watch::{Watch, base_name, level, watches};
use crate::diff::{Change, ChangedTarget};
use crate::model::{Guest, LOADERS};

/// Whether a change hits a guest, and the part of the guest's XML that makes it do so
/// (`devices/disk[2]/target bus=ide`, `os/type machine=pc-i440fx-2.1`).
///
/// It does where both hold:
///
/// - The change is of something that the guest needs, and for the worse: support, a member, a firmware
///   image, a level (machine, target, arch, virttype, emulator) is lost; libvirt ceased to report what
///   it did not deny before; a number fell below what the guest has; a CPU model became unusable (also
///   under a version that its name stands for) for want of features that the guest does not do without; or a
///   value became another on which guests of its kind depend: what host-model names, what the model's
///   name stands for, the first firmware image where libvirt chooses, SEV's parameters, an alias that
///   the guest names, deprecation, a document that became empty or suspect. Nothing gained and
///   nothing newly reported hits a guest.
/// - One of the change's targets is the guest's: arch and virttype are equal, the machine is the guest's
///   own on both sides or an alias it names; the emulator has the guest's base name, which is asked
///   only where [`Known`] says that there are several. What the guest or the target leaves open fits
///   all. A change without targets concerns every guest.
///
/// For many changes and guests [`UsedBy`] gives the same answers from an index.
#[must_use]
pub fn uses<'g>(guest: &'g Guest, change: &Change, known: &Known) -> Option<Cow<'g, str>> {
    if !concerns(&Identity::of(guest), change, known) {
        return None;
    }
    let hit = watches(guest, known).into_iter().find(|watch| watch.is_hit(change));
    match hit {
        Some(watch) => Some(Cow::Borrowed(watch.element)),
        None => level(guest, change).map(Cow::Owned),
    }
}

/// Guests by the paths at which a change can hit them.
pub struct UsedBy<'g> {
    guests: Vec<&'g Guest>,
    known: &'g Known,
    /// What tells whether a target is a guest's: few are distinct.
    identities: Vec<Identity<'g>>,
    /// The identity of each guest.
    identity_of: Vec<usize>,
    watches: Vec<(usize, Watch<'g>)>,
    /// Watches by the paths at which they can be hit.
    by_path: HashMap<String, Vec<usize>>,
}

impl<'g> UsedBy<'g> {
    /// An index of these guests.
    ///
    /// A guest whose machine none of the `compared` targets has is held against the other machines of
    /// its arch and domain type; where there are none either, it is not judged.
    #[must_use]
    pub fn new(
        guests: impl IntoIterator<Item = &'g Guest>,
        known: &'g Known,
        compared: &[ChangedTarget],
    ) -> Self {
        let guests: Vec<&Guest> = guests.into_iter().collect();
        let mut numbers: HashMap<Identity<'g>, usize> = HashMap::new();
        let mut identity_of = Vec::with_capacity(guests.len());
        let mut all = Vec::new();
        let mut by_path: HashMap<String, Vec<usize>> = HashMap::new();
        for (number, guest) in guests.iter().enumerate() {
            let next = numbers.len();
            let identity = Identity::of(guest).among(compared, known);
            identity_of.push(*numbers.entry(identity).or_insert(next));
            for watch in watches(guest, known) {
                for path in watch.paths() {
                    match by_path.get_mut(path) {
                        Some(there) => there.push(all.len()),
                        None => drop(by_path.insert(path.to_owned(), vec![all.len()])),
                    }
                }
                all.push((number, watch));
            }
        }
        let mut identities: Vec<(Identity<'g>, usize)> = numbers.into_iter().collect();
        identities.sort_by_key(|(_, number)| *number);
        let identities = identities.into_iter().map(|(identity, _)| identity).collect();
        Self { guests, known, identities, identity_of, watches: all, by_path }
    }

    /// The guests of whose arch and domain type no target was compared: nothing is known of them.
    #[must_use]
    pub fn unjudged(&self, compared: &[ChangedTarget]) -> Vec<usize> {
        let is_judged = |identity: &Identity<'_>| {
            let any = Identity { machine: None, ..*identity };
            compared.iter().any(|target| is_own(&any, target, self.known))
        };
        let identities: Vec<bool> = self.identities.iter().map(is_judged).collect();
        (0..self.guests.len()).filter(|guest| !identities[self.identity_of[*guest]]).collect()
    }

    /// The guests that a change hits, by their numbers in the order they were given, each with
    /// what [`uses`] says of it.
    #[must_use]
    pub fn of(&self, change: &Change) -> Vec<(usize, Cow<'g, str>)> {
        let mut concerned: Vec<Option<bool>> = vec![None; self.identities.len()];
        let mut is_concerned = |guest: usize| {
            let identity = self.identity_of[guest];
            *concerned[identity]
                .get_or_insert_with(|| concerns(&self.identities[identity], change, self.known))
        };
        let mut hit: BTreeMap<usize, Cow<'g, str>> = BTreeMap::new();
        for at in self.by_path.get(&change.difference.path).into_iter().flatten() {
            let (guest, watch) = &self.watches[*at];
            if !hit.contains_key(guest) && watch.is_hit(change) && is_concerned(*guest) {
                hit.insert(*guest, Cow::Borrowed(watch.element));
            }
        }
        if is_level(&change.difference.path) {
            for (number, guest) in self.guests.iter().enumerate() {
                // Which machine is gone matters to the guests of that one only.
                let is_own = concerns(&Identity::of(guest), change, self.known);
                if !hit.contains_key(&number)
                    && is_own
                    && let Some(element) = level(guest, change)
                {
                    hit.insert(number, Cow::Owned(element));
                }
            }
        }
        hit.into_iter().collect()
    }
}

/// Whether a path is of a level, and not of a capability.
fn is_level(path: &str) -> bool {
    let first = path.split(['.', '[']).next().unwrap_or_default();
    ["document", "emulator", "arch", "virttype", "machine", "target", "alias"].contains(&first)
}

/// What of a guest says which targets are its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Identity<'g> {
    arch: Option<&'g str>,
    virttype: &'g str,
    machine: Option<&'g str>,
    emulator: Option<&'g str>,
}

impl<'g> Identity<'g> {
    /// Without its machine, where that is not compared.
    fn among(self, compared: &[ChangedTarget], known: &Known) -> Self {
        match compared.iter().any(|target| is_own(&self, target, known)) {
            true => self,
            false => Self { machine: None, ..self },
        }
    }

    fn of(guest: &'g Guest) -> Self {
        Self {
            arch: guest.arch.as_deref(),
            virttype: &guest.virttype,
            machine: guest.machine.as_deref(),
            emulator: guest.emulator.as_deref(),
        }
    }
}

fn concerns(guest: &Identity<'_>, change: &Change, known: &Known) -> bool {
    // A firmware image is a file of the host: where one machine's list lost it, it is gone for all
    // that name it, whatever lists it stood in.
    let is_file = change.difference.path == LOADERS;
    let own = Identity { machine: guest.machine.filter(|_| !is_file), ..*guest };
    change.targets.is_empty() || change.targets.iter().any(|target| is_own(&own, target, known))
}

fn is_own(guest: &Identity<'_>, target: &ChangedTarget, known: &Known) -> bool {
    let fits = |own: Option<&str>, there: &Option<String>| match (own, there) {
        (Some(own), Some(there)) => own == there,
        _ => true,
    };
    fits(guest.arch, &target.arch)
        && fits(Some(guest.virttype), &target.virttype)
        && guest.machine.is_none_or(|machine| is_machine(machine, target))
        && is_emulator(guest, target, known)
}

/// Whether a target is on the machine that a guest names. Where an alias moved, the two machines are
/// compared on behalf of those who name the alias: a guest of the old machine stays on it.
fn is_machine(name: &str, target: &ChangedTarget) -> bool {
    let ChangedTarget { old_machine: old, new_machine: new, alias, .. } = target;
    if old.is_none() && new.is_none() || alias.as_deref() == Some(name) {
        return true;
    }
    let is_moved_alias = alias.is_some() && old != new;
    !is_moved_alias && [old, new].into_iter().any(|machine| machine.as_deref() == Some(name))
}

fn is_emulator(guest: &Identity<'_>, target: &ChangedTarget, known: &Known) -> bool {
    let (Some(own), Some(there)) = (guest.emulator, &target.emulator) else { return true };
    let arch = target.arch.as_deref().or(guest.arch).unwrap_or_default();
    base_name(own) == base_name(there) || !known.has_several_emulators(arch, guest.virttype)
}

#[cfg(test)]
mod tests;
