//! The grammar of changes.

use std::sync::Arc;

use super::list::List;
use crate::model::{Members, TargetNames, Value};

/// What happened to a capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A number, text or list differs.
    Changed,
    /// Support no → yes, a member added to a set that both sides report, or something appeared.
    Gained,
    /// The mirror of gained.
    Lost,
    /// Only the new side says anything: not a gain.
    Reported,
    /// Only the old side says anything: not a loss.
    Unreported,
}

impl Kind {
    /// The name used in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Gained => "gained",
            Self::Lost => "lost",
            Self::Reported => "reported",
            Self::Unreported => "unreported",
        }
    }

    /// The kind that the same difference has with the sides swapped.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::Changed => Self::Changed,
            Self::Gained => Self::Lost,
            Self::Lost => Self::Gained,
            Self::Reported => Self::Unreported,
            Self::Unreported => Self::Reported,
        }
    }
}

/// A value as a change carries it: owned, and without the kinds that only capabilities need.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Plain {
    /// A number.
    Number(i64),
    /// Text; yes and no for support.
    Text(String),
    /// A list, or the whole of a set.
    List(List),
}

impl Plain {
    /// The value of a capability; `None` for null.
    #[must_use]
    pub fn of(value: Value<'_>) -> Option<Self> {
        let list = |members: Members<'_>| Self::List(members.iter().collect());
        match value {
            Value::Null => None,
            Value::Support(yes) => Some(Self::Text(if yes { "yes" } else { "no" }.to_owned())),
            Value::Number(number) => Some(Self::Number(number)),
            Value::Text(text) => Some(Self::Text(text.to_owned())),
            Value::Set(members) | Value::List(members) => Some(list(members)),
        }
    }

    /// Text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// One difference between two documents.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Difference {
    /// The capability's path.
    pub path: String,
    /// The member of a set, where one came or went.
    pub value: Option<String>,
    /// What happened.
    pub kind: Kind,
    /// The old side's value, for support and what changed.
    pub old: Option<Plain>,
    /// The new side's value, for support and what changed.
    pub new: Option<Plain>,
}

impl Difference {
    /// A difference that carries no values.
    #[must_use]
    pub fn new(kind: Kind, path: &str) -> Self {
        Self { path: path.to_owned(), value: None, kind, old: None, new: None }
    }

    /// With the member it is about.
    #[must_use]
    pub fn with_value(mut self, value: &str) -> Self {
        self.value = Some(value.to_owned());
        self
    }

    /// With the values of both sides.
    #[must_use]
    pub fn with_sides(mut self, old: Option<Plain>, new: Option<Plain>) -> Self {
        (self.old, self.new) = (old, new);
        self
    }

    /// The same difference with the sides swapped.
    #[must_use]
    pub fn mirrored(self) -> Self {
        Self { kind: self.kind.mirrored(), old: self.new, new: self.old, ..self }
    }
}

/// Where a difference was seen: the new side's emulator, arch and virttype, and both machines.
///
/// `None` is what the level of the change leaves open: a lost emulator has no one machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangedTarget {
    /// Guest architecture.
    pub arch: Option<String>,
    /// Domain type.
    pub virttype: Option<String>,
    /// The new side's machine.
    pub new_machine: Option<String>,
    /// The old side's machine.
    pub old_machine: Option<String>,
    /// The alias by which the two machines were matched.
    pub alias: Option<String>,
    /// Path of the emulator.
    pub emulator: Option<String>,
}

impl ChangedTarget {
    /// At a target's emulator, arch and virttype, on these machines; empty is unknown.
    #[must_use]
    pub fn new<'t>(
        at: impl Into<TargetNames<'t>>,
        old_machine: Option<&str>,
        new_machine: Option<&str>,
    ) -> Self {
        let at = at.into();
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            arch: known(at.arch),
            virttype: known(at.virttype),
            new_machine: new_machine.and_then(known),
            old_machine: old_machine.and_then(known),
            alias: None,
            emulator: known(at.emulator),
        }
    }

    /// Matched by this alias.
    #[must_use]
    pub fn with_alias(mut self, alias: Option<&str>) -> Self {
        self.alias = alias.map(str::to_owned);
        self
    }
}

/// What the documents say beside a difference that explains it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// For a CPU model's `usable`: the features that block it, on the side that blocks.
    pub blockers: Vec<String>,
    /// For a lost loader: the new side lists no image at all wherever it still says `efi`.
    pub leaves_no_loader: bool,
    /// For a lost loader: the new side still says `efi` for a machine that has lost it.
    pub keeps_efi: bool,
    /// For a loader that came or went: no firmware descriptor names the machine, so that libvirt lists
    /// what there is of a list that was built into it.
    pub is_builtin_list: bool,
    /// For launch security that came or went: the kinds there are or were.
    pub members: Vec<String>,
    /// For a CPU model that came or went: on the side that lists it, it cannot be used.
    pub is_unusable: bool,
    /// For a CPU model that came or went: its name is a version of another model that is listed beside it.
    pub is_listed_version: bool,
    /// For a CPU model that came: the old side already listed versioned names.
    pub listed_versions: bool,
    /// For what is unreported: the old side said `supported='yes'` there.
    pub said_yes: bool,
    /// For a host-model feature that only one side lists: the host had it, or now lacks it.
    pub may_be_loss: bool,
}

impl Evidence {
    /// For a lost loader: whether `efi` is still offered, and no image is left for it.
    #[must_use]
    pub fn is_last_loader(&self) -> bool {
        self.keeps_efi && self.leaves_no_loader
    }

    /// Takes in what another target says: machines can differ in what blocks a model.
    pub(crate) fn join(&mut self, other: &Self) {
        for blocker in &other.blockers {
            if !self.blockers.contains(blocker) {
                self.blockers.push(blocker.clone());
            }
        }
        self.blockers.sort();
        self.leaves_no_loader &= other.leaves_no_loader;
        self.keeps_efi |= other.keeps_efi;
        for member in &other.members {
            if !self.members.contains(member) {
                self.members.push(member.clone());
            }
        }
        // What is so of some machines only explains nothing of the others.
        self.is_unusable &= other.is_unusable;
        self.is_listed_version &= other.is_listed_version;
        self.listed_versions |= other.listed_versions;
        self.is_builtin_list &= other.is_builtin_list;
        self.said_yes |= other.said_yes;
        self.may_be_loss |= other.may_be_loss;
    }
}

/// One difference and everywhere it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The difference.
    pub difference: Difference,
    /// What explains it, of all its targets.
    pub evidence: Evidence,
    /// Sorted, each once; empty for what concerns a snapshot as a whole. Changes of the same documents
    /// share one list.
    pub targets: Arc<[ChangedTarget]>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_so_of_some_machines_only_explains_nothing_of_the_others() {
        let builtin = Evidence { is_builtin_list: true, is_unusable: true, ..Evidence::default() };
        let mut joined = builtin.clone();
        joined.join(&builtin);
        assert!(joined.is_builtin_list && joined.is_unusable);
        joined.join(&Evidence { leaves_no_loader: true, ..Evidence::default() });
        assert!(!joined.is_builtin_list && !joined.is_unusable && !joined.leaves_no_loader);
        let blocked = |by: &str| Evidence { blockers: vec![by.to_owned()], ..Evidence::default() };
        let mut joined = blocked("svm");
        joined.join(&blocked("hle"));
        assert_eq!(joined.blockers, ["hle", "svm"], "all of it explains the change");
    }
}
