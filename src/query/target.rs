//! Questions about a target, which its name and the machine list answer.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::answer::Answer;
use super::value::Wanted;
use crate::model::{Machine, MachineList, Target, TargetPattern};
use crate::store::{MachineListId, Store, StoreError};

/// One question about a target.
#[derive(Debug)]
pub(super) enum TargetTest {
    /// About its machine, by the canonical name or an alias.
    Machine(Wanted),
    /// About the aliases of its machine.
    Alias(Wanted),
    /// About its arch.
    Arch(Wanted),
    /// About its domain type.
    Virttype(Wanted),
    /// About the path of its emulator.
    Emulator(Wanted),
    /// Whether its machine is deprecated.
    Deprecated(Wanted),
    /// Whether it is known if its machine is deprecated.
    IsDeprecationKnown(bool),
}

/// A machine list by names.
#[derive(Debug, Default)]
pub(super) struct Machines {
    by_name: HashMap<String, Vec<Machine>>,
    aliases: HashMap<String, Vec<Machine>>,
    targets: Vec<Rc<Target>>,
}

impl Machines {
    pub(super) fn new(list: &MachineList) -> Self {
        let targets: BTreeSet<Target> = list.iter().map(Target::of).collect();
        let targets = targets.into_iter().map(Rc::new).collect();
        let mut machines = Self { targets, ..Self::default() };
        for machine in list.iter() {
            machines.by_name.entry(machine.name.clone()).or_default().push(machine.clone());
            if let Some(canonical) = &machine.canonical {
                machines.aliases.entry(canonical.clone()).or_default().push(machine.clone());
            }
        }
        machines
    }

    fn entries<'m>(
        of: &'m HashMap<String, Vec<Machine>>,
        name: &str,
        arch: &str,
        virttype: &str,
    ) -> impl Iterator<Item = &'m Machine> {
        let all = of.get(name).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(move |each| each.arch == arch && each.virttype == virttype)
    }

    /// Whether a pattern means a target.
    pub(super) fn is_meant(&self, pattern: &TargetPattern, target: &Target) -> bool {
        pattern.matches(target, |arch, virttype, name| {
            Self::entries(&self.by_name, name, arch, virttype).next()?.canonical.as_deref()
        })
    }

    /// Every target that is listed, each once and in order.
    pub(super) fn targets(&self) -> &[Rc<Target>] {
        &self.targets
    }

    /// The names that stand for a target's machine.
    fn aliases<'m>(&'m self, target: &'m Target) -> impl Iterator<Item = &'m str> {
        let Target { arch, virttype, machine, .. } = target;
        Self::entries(&self.aliases, machine, arch, virttype).map(|alias| alias.name.as_str())
    }

    /// Whether a target's machine is deprecated; none where the list does not have it.
    fn is_deprecated(&self, target: &Target) -> Option<bool> {
        let Target { arch, virttype, machine, emulator } = target;
        let is_same = |each: &&Machine| {
            each.emulator.as_ref().is_none_or(|it| it == emulator || emulator.is_empty())
        };
        let mut entries =
            Self::entries(&self.by_name, machine, arch, virttype).filter(is_same).peekable();
        entries.peek()?;
        Some(entries.any(|entry| entry.deprecated))
    }
}

impl TargetTest {
    /// The answer for a target of a host with this machine list. Without the list, aliases and
    /// deprecation are not known.
    pub(super) fn answer(&self, target: &Target, machines: Option<&Machines>) -> Answer {
        match self {
            Self::Arch(wanted) => wanted.is_met_by(&target.arch).into(),
            Self::Virttype(wanted) => wanted.is_met_by(&target.virttype).into(),
            Self::Emulator(wanted) => wanted.is_met_by(&target.emulator).into(),
            Self::Machine(wanted) => {
                if wanted.is_met_by_machine(&target.machine) {
                    return Answer::Yes;
                }
                match machines {
                    _ if wanted.operator.is_order() => Answer::No,
                    Some(machines) => {
                        machines.aliases(target).any(|alias| wanted.is_met_by(alias)).into()
                    }
                    None => Answer::Unknown,
                }
            }
            Self::Alias(wanted) => match machines {
                Some(machines) => {
                    machines.aliases(target).any(|alias| wanted.is_met_by(alias)).into()
                }
                None => Answer::Unknown,
            },
            Self::Deprecated(wanted) => match machines.and_then(|it| it.is_deprecated(target)) {
                Some(is_deprecated) => {
                    wanted.is_met_by(if is_deprecated { "yes" } else { "no" }).into()
                }
                None => Answer::Unknown,
            },
            Self::IsDeprecationKnown(is_known) => {
                let known = machines.and_then(|it| it.is_deprecated(target)).is_some();
                (known == *is_known).into()
            }
        }
    }
}

/// Machine lists, read once.
#[derive(Debug, Default)]
pub(super) struct Lists(RefCell<HashMap<MachineListId, Rc<Machines>>>);

impl Lists {
    pub(super) fn get(&self, store: &Store, id: MachineListId) -> Result<Rc<Machines>, StoreError> {
        if let Some(known) = self.0.borrow().get(&id) {
            return Ok(Rc::clone(known));
        }
        let machines = Rc::new(Machines::new(&store.machine_list(id)?));
        self.0.borrow_mut().insert(id, Rc::clone(&machines));
        Ok(machines)
    }
}
