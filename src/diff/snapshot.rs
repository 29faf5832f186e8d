//! What changed between two snapshots: levels, machine list, and every pair of documents.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;
use std::rc::Rc;

use super::change::{Change, ChangedTarget, Difference, Evidence, Kind, Plain};
use super::gather::{Changes, Groups};
use super::pairs::{self, Pair};
use super::{levels, machines};
use crate::model::{Context, FailureClass, LOADERS, MachineList, State, Target};

/// What a target gave when asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<D> {
    /// A document.
    Document(D),
    /// libvirt's error.
    Failed {
        /// What the error means.
        class: FailureClass,
        /// libvirt's words.
        message: String,
    },
}

/// One side: everything collected from one host at one moment, or read from files.
///
/// `D` names a document; equal names mean equal content.
#[derive(Clone, Debug)]
pub struct Observed<D> {
    /// Every target that was asked.
    pub outcomes: BTreeMap<Target, Outcome<D>>,
    /// The machine list, complete where there is one.
    pub machines: Option<MachineList>,
    /// How far it can be trusted.
    pub state: State,
    /// What explains changes.
    pub context: Context,
    /// The user named these targets, or this file: then it is not all that the host has.
    pub is_chosen: bool,
    /// What the targets were chosen from, where that is known.
    pub whole: Option<Box<WholeHost<D>>>,
}

/// All that is known of a host of which some targets were chosen: what is not chosen is not gone.
#[derive(Clone, Debug)]
pub struct WholeHost<D> {
    /// Every target that was asked.
    pub outcomes: BTreeMap<Target, Outcome<D>>,
    /// The machine list.
    pub machines: Option<MachineList>,
}

impl<D> Observed<D> {
    /// The one document, where there is just one.
    fn single(&self) -> Option<(&Target, &D)> {
        match self.outcomes.iter().next() {
            Some((target, Outcome::Document(document))) if self.outcomes.len() == 1 => {
                Some((target, document))
            }
            _ => None,
        }
    }
}

/// Everything that changed, and what could not be compared.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// What explains changes: the old side's and the new side's.
    pub sides: [Context; 2],
    /// Versions and settings that differ, where both sides know them.
    pub context: Vec<ContextChange>,
    /// Names of the machines that the old side marks deprecated.
    pub deprecated: BTreeSet<String>,
    /// Each change once, in no particular order.
    pub changes: Vec<Change>,
    /// The target of every pair of documents that was compared.
    pub pairs: Vec<ChangedTarget>,
    /// The two targets, where the user chose one document on each side.
    pub chosen: Option<(Target, Target)>,
    /// Pairs without any change.
    pub identical: usize,
    /// The new snapshot is not to be believed, and the old one was.
    pub became_suspect: bool,
    /// The two documents are of different domain types: what else differs compares accelerators.
    pub is_other_virttype: bool,
    /// What the whole new side lists of firmware, where a loader was lost.
    pub firmware: ListedFirmware,
    /// Targets that one side did not answer for, though it has them.
    pub not_compared: Vec<NotCompared>,
}

impl Comparison {
    /// What the same contents come to among other versions and settings.
    #[must_use]
    pub fn among(&self, [old, new]: [&Context; 2]) -> Self {
        let sides = [old.clone(), new.clone()];
        Self { context: context(old, new), sides, ..self.clone() }
    }

    /// Whether a firmware image is no longer listed for some target.
    #[must_use]
    pub fn loses_a_loader(&self) -> bool {
        let mut changes = self.changes.iter().map(|change| &change.difference);
        changes.any(|it| it.kind == Kind::Lost && it.path == LOADERS)
    }
}

/// What all documents of a side list of firmware.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListedFirmware {
    /// Every image, whatever the target.
    pub images: BTreeSet<String>,
    /// No firmware descriptor names the machine of some target, so that libvirt lists there what exists
    /// of the files that it was built to look for.
    pub has_builtin_list: bool,
    /// The host is Ubuntu's, whose libvirt looks for one file more.
    pub is_ubuntu: bool,
    /// There are files in that list that are not of libvirt's own: it was built to look for others (openSUSE:
    /// `ovmf-x86_64-ms-4m-code.bin`), or `nvram` of qemu.conf names others.
    pub has_other_list: bool,
}

/// The firmware images that libvirt looks for where no descriptor names the machine
/// (`DEFAULT_LOADER_NVRAM`, src/qemu/qemu_conf.c).
const BUILTIN_IMAGES: [&str; 4] = [
    "/usr/share/OVMF/OVMF_CODE.fd",
    "/usr/share/OVMF/OVMF_CODE.secboot.fd",
    "/usr/share/AAVMF/AAVMF_CODE.fd",
    "/usr/share/AAVMF/AAVMF32_CODE.fd",
];

/// The one that Ubuntu adds: one QEMU and its firmware under libvirt 10.0, 11.6 and 12.0 of Ubuntu, and
/// under Debian's (`tests/one-qemu`).
const UBUNTU_IMAGE: &str = "/usr/share/OVMF/OVMF_CODE.ms.fd";

impl ListedFirmware {
    /// Notes what a document lists; `is_builtin` where no descriptor names its machine.
    pub fn note<'i>(&mut self, images: impl Iterator<Item = &'i String>, is_builtin: bool) {
        self.has_builtin_list |= is_builtin;
        for image in images {
            let is_own = BUILTIN_IMAGES.contains(&image.as_str()) || image == UBUNTU_IMAGE;
            self.has_other_list |= is_builtin && !is_own;
            self.images.insert(image.clone());
        }
    }

    /// Whether an image is no file of the host: libvirt looks for it, and lists it for no machine.
    #[must_use]
    pub fn lacks(&self, image: &str) -> bool {
        let is_looked_for =
            BUILTIN_IMAGES.contains(&image) || (self.is_ubuntu && image == UBUNTU_IMAGE);
        self.has_builtin_list
            && !self.has_other_list
            && is_looked_for
            && !self.images.contains(image)
    }
}

/// A version or setting that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextChange {
    /// As [`Context::named`] has it.
    pub name: &'static str,
    /// The old side's.
    pub old: Option<String>,
    /// The new side's.
    pub new: Option<String>,
}

/// A target that both sides have and one did not answer for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotCompared {
    /// `arch/virttype/machine`.
    pub target: String,
    /// `not asked`, or the class of the failure and libvirt's words.
    pub why: String,
}

/// Compares two snapshots; `documents` compares two documents, and is asked once for each two. It
/// gives the differences in pieces; what it gives again for two others is the same piece.
///
/// # Errors
/// What `documents` fails with.
pub fn snapshots<D: Clone + Eq + Hash, E>(
    old: &Observed<D>,
    new: &Observed<D>,
    mut documents: impl FnMut(&D, &D) -> Result<Vec<Rc<DocumentChanges>>, E>,
) -> Result<Comparison, E> {
    let mut comparison = Comparison {
        sides: [old.context.clone(), new.context.clone()],
        context: context(&old.context, &new.context),
        deprecated: deprecated(old.machines.as_ref()),
        ..Comparison::default()
    };
    let mut changes = Changes::default();
    let matched = pairs::Matched::new(old, new);
    // One document a side is compared whatever it describes; what else two whole snapshots with
    // machine lists say is compared all the same.
    let is_whole =
        !(old.is_chosen || new.is_chosen) && old.machines.is_some() && new.machines.is_some();
    let single = old.single().zip(new.single());
    let is_other_virttype = single.is_some_and(|((old, _), (new, _))| {
        let [old, new] = [&old.virttype, &new.virttype];
        !old.is_empty() && !new.is_empty() && old != new
    });
    // The lists say which domain type is gone: what another has besides is no change of the host.
    let single = single.filter(|_| !(is_whole && is_other_virttype));
    if single.is_none() || is_whole {
        let levels = levels::changes(&matched).into_iter().chain(machines::changes(&matched));
        for (difference, target) in levels.chain(matched.moved_emulators()) {
            changes.add(difference, target);
        }
        comparison.not_compared = matched.not_compared();
    }
    let pairs = match single {
        Some((old, new)) => {
            comparison.chosen = Some((old.0.clone(), new.0.clone()));
            let pair = Pair::chosen(old, new);
            comparison.is_other_virttype = is_other_virttype;
            if is_other_virttype {
                let sides = [old, new].map(|side| Some(Plain::text(&side.0.virttype)));
                let [from, to] = sides;
                let difference = Difference::new(Kind::Changed, "virttype").with_sides(from, to);
                changes.add(difference, pair.target.clone());
            } else if !is_whole && let Some(moved) = pairs::moved_emulator(old.0, new.0) {
                changes.add(moved.0, moved.1);
            }
            vec![pair]
        }
        None => matched.pairs(),
    };
    if let Some(difference) = suspicion(old.state, new.state) {
        comparison.became_suspect = new.state == State::Suspect;
        changes.snapshot(difference);
    }
    let pairs = Groups::of(pairs);
    comparison.pairs = pairs.targets;
    for (old, new, targets) in &pairs.groups {
        let pieces = if old == new { Vec::new() } else { documents(old, new)? };
        if pieces.iter().all(|piece| piece.is_empty()) {
            comparison.identical += targets.len();
        }
        for piece in pieces {
            changes.add_to_all(piece, targets);
        }
    }
    comparison.changes = changes.finish(&comparison.pairs);
    Ok(comparison)
}

/// A snapshot became suspect, or ceased to be.
fn suspicion(old: State, new: State) -> Option<Difference> {
    let [old, new] =
        [old, new].map(|state| Plain::text(if state == State::Suspect { "yes" } else { "no" }));
    let difference = Difference::new(Kind::Changed, "document.suspect");
    (old != new).then(|| difference.with_sides(Some(old), Some(new)))
}

/// The differences of two documents, each with what explains it.
pub type DocumentChanges = Vec<(Difference, Evidence)>;

fn deprecated(machines: Option<&MachineList>) -> BTreeSet<String> {
    let machines = machines.into_iter().flat_map(MachineList::iter);
    machines.filter(|machine| machine.deprecated).map(|machine| machine.name.clone()).collect()
}

fn context(old: &Context, new: &Context) -> Vec<ContextChange> {
    let pairs = old.named().zip(new.named());
    let differing = pairs.filter(|((name, old), (_, new))| {
        // Flags that were not given are known: the plain call.
        match (old, new) {
            (Some(old), Some(new)) if *name == "cpu" => Context::is_other_cpu(old, new),
            (Some(old), Some(new)) => old != new,
            _ => *name == "api_flags" && old != new,
        }
    });
    differing
        .map(|((name, old), (_, new))| ContextChange {
            name,
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_missing_only_where_libvirt_is_known_to_look_for_it() {
        const PLAIN: &str = "/usr/share/OVMF/OVMF_CODE.fd";
        let listed = |images: &[&str], is_builtin: bool| {
            let mut listed = ListedFirmware::default();
            let images: Vec<String> = images.iter().map(|it| (*it).to_owned()).collect();
            listed.note(images.iter(), is_builtin);
            listed
        };
        assert!(listed(&[], true).lacks(PLAIN));
        assert!(listed(&["/usr/share/AAVMF/AAVMF_CODE.fd"], true).lacks(PLAIN));
        assert!(!listed(&[PLAIN], true).lacks(PLAIN), "it is listed");
        assert!(!listed(&[], false).lacks(PLAIN), "a descriptor names what it likes");
        assert!(!listed(&[], true).lacks("/usr/share/OVMF/OVMF_CODE_4M.fd"));
        let suse = listed(&["/usr/share/qemu/ovmf-x86_64-ms-4m-code.bin"], true);
        assert!(!suse.lacks(PLAIN), "that build looks for others");
        let mut ubuntu = listed(&[], true);
        assert!(!ubuntu.lacks(UBUNTU_IMAGE));
        ubuntu.is_ubuntu = true;
        assert!(ubuntu.lacks(UBUNTU_IMAGE) && ubuntu.lacks(PLAIN));
    }
}
