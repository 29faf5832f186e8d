//! What changes a verdict: another machine type, another image, a package, and the command for it.

use super::project::Projection;
use crate::guests::{Answer, Reason};
use crate::model::{Guest, LOADERS, MachineList, Target, natural_order, version_order};
use crate::side::Side;

/// What is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FixPlace {
    /// The guest's XML.
    Guest,
    /// The host.
    Host,
}

impl FixPlace {
    /// The name used in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Host => "host",
        }
    }
}

/// A change that makes a guest run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fix {
    /// Where it is made.
    pub place: FixPlace,
    /// What it is, without the guest's name: `move to machine type pc-i440fx-2.4`.
    pub text: String,
    /// Of a guest the options of virt-xml; of a host the command.
    pub options: String,
    /// What is to be minded, in a sentence without a full stop.
    pub note: Option<&'static str>,
}

/// Values that another one stands in for, with virt-xml's option, where the host offers the other.
///
/// The guest sees another device: Windows needs its driver before. Sources: virt-xml(1); libvirt's
/// formatdomain.rst.
const REPLACEMENTS: [Replacement; 4] = [
    Replacement {
        path: "devices.graphics.type",
        old: "spice",
        new: "vnc",
        options: "--edit type=spice --graphics type=vnc",
    },
    Replacement {
        path: "devices.video.modelType",
        old: "qxl",
        new: "virtio",
        options: "--edit model=qxl --video clearxml=yes,model=virtio",
    },
    Replacement {
        path: "devices.channel.type",
        old: "spicevmc",
        new: "unix",
        options: "--remove-device --channel type=spicevmc",
    },
    Replacement {
        path: "devices.console.type",
        old: "spicevmc",
        new: "unix",
        options: "--remove-device --channel type=spicevmc",
    },
];

/// A value, and what stands in for it.
struct Replacement {
    path: &'static str,
    old: &'static str,
    new: &'static str,
    options: &'static str,
}

impl Fix {
    /// Installing a package on a host.
    pub(super) fn install(package: &str) -> Self {
        Self {
            place: FixPlace::Host,
            text: format!("install {package}"),
            options: format!("apt install {package}"),
            note: None,
        }
    }

    /// The command that makes the change for a guest of this name.
    #[must_use]
    pub fn command(&self, guest: &str) -> String {
        match self.place {
            FixPlace::Guest => format!("virt-xml {} {}", quoted(guest), self.options),
            FixPlace::Host => self.options.clone(),
        }
    }

    /// A change of a guest's XML.
    fn of_guest(text: String, options: &str) -> Self {
        Self { place: FixPlace::Guest, text, options: options.to_owned(), note: None }
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+=@%:".contains(letter);
    match !word.is_empty() && !word.starts_with('-') && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// What changes a reason, where something is known to.
pub(super) fn fix(
    guest: &Guest,
    reason: &Reason,
    projection: &Projection,
    target: Option<&Target>,
) -> Option<Fix> {
    if let Some(emulator) = reason.element.strip_prefix("devices/emulator ") {
        let there = target.map(|target| &target.emulator).filter(|there| *there != emulator)?;
        let options = format!("--edit --xml ./devices/emulator={there}");
        return Some(Fix::of_guest(format!("take the emulator {there}"), &options));
    }
    if reason.answer != Answer::No {
        return None;
    }
    if let Some(machine) = reason.element.strip_prefix("os/type machine=") {
        let to = successor(guest, machine, &projection.possible)?;
        let text = format!("move to machine type {to}");
        let options = format!("--edit --xml ./os/type/@machine={to}");
        let note = Some("devices can move within the guest: Windows may ask to be activated again");
        return Some(Fix { note, ..Fix::of_guest(text, &options) });
    }
    if reason.path.as_deref() == Some(LOADERS) {
        return loader(reason, &projection.firmware);
    }
    let value = reason.value.as_deref()?;
    let found = REPLACEMENTS.iter().find(|each| {
        Some(each.path) == reason.path.as_deref()
            && each.old == value
            && reason.there.iter().any(|there| there == each.new)
    })?;
    let text = match found.options.starts_with("--remove-device") {
        true => format!("remove the {value} device"),
        false => format!("take {} for {value}", found.new),
    };
    Some(Fix::of_guest(text, found.options))
}

/// A machine type's name before its version: `pc-q35`.
pub(super) fn family(machine: &str) -> (&str, &str) {
    match machine.rsplit_once('-') {
        Some((family, version)) if version.starts_with(|it: char| it.is_ascii_digit()) => {
            (family, version)
        }
        _ => {
            // Ubuntu's and Red Hat's own: `pc-q35-jammy`, `pc-i440fx-rhel7.6.0`.
            ["pc-i440fx", "pc-q35", "virt", "pseries", "s390-ccw-virtio"]
                .into_iter()
                .find_map(|known| Some((known, machine.strip_prefix(known)?.strip_prefix('-')?)))
                .unwrap_or((machine, ""))
        }
    }
}

/// The machine type to move to: the next one of its family, so that as little as can be changes in the guest; of
/// those that are not deprecated, where there is one.
pub(super) fn successor(guest: &Guest, machine: &str, side: &Side) -> Option<String> {
    let (family_of, version) = family(machine);
    let own_version = |name: &'_ str| -> Option<String> {
        let (family, version) = family(name);
        (family == family_of && version.starts_with(|it: char| it.is_ascii_digit()))
            .then(|| version.to_owned())
    };
    let machines = side.observed.machines.iter().flat_map(MachineList::iter);
    let mut there: Vec<(String, &str, bool)> = machines
        .filter(|it| it.canonical.is_none() && it.virttype == guest.virttype)
        .filter(|it| guest.arch.as_ref().is_none_or(|arch| *arch == it.arch))
        .filter_map(|it| Some((own_version(&it.name)?, it.name.as_str(), it.deprecated)))
        .collect();
    there.sort_by(|one, other| version_order(&one.0, &other.0));
    there.dedup_by(|one, other| one.1 == other.1);
    // `pc-1.0` is what pc-i440fx was called before.
    let is_own = version.starts_with(|it: char| it.is_ascii_digit());
    let later = there.iter().filter(|(other, ..)| is_own && natural_order(other, version).is_gt());
    let later: Vec<_> = later.collect();
    let next = later.iter().find(|(_, _, is_deprecated)| !is_deprecated).or(later.first());
    // Of another distribution's own nothing tells which is next: the newest.
    let (_, name, _) = next.copied().or(there.last())?;
    Some((*name).to_owned())
}

/// The image that stands in for one that is gone: that of the same features, of 4 MiB.
///
/// Debian's ovmf has no 2M images since 2023.11 (its changelog). The variables of one size do not fit the other.
fn loader(reason: &Reason, files: &[String]) -> Option<Fix> {
    let old = reason.element.strip_prefix("os/loader ")?;
    let (folder, name) = old.rsplit_once('/')?;
    let rest = name.strip_prefix("OVMF_CODE.")?;
    let new = Some(format!("{folder}/OVMF_CODE_4M.{rest}")).filter(|path| files.contains(path))?;
    let variables = match rest.starts_with("ms.") {
        true => format!("{folder}/OVMF_VARS_4M.ms.fd"),
        false => format!("{folder}/OVMF_VARS_4M.fd"),
    };
    let options = format!("--edit --xml ./os/loader={new} --xml ./os/nvram/@template={variables}");
    let note = "its variables have to be made anew, which forgets its boot entries: `virsh start --reset-nvram`";
    let text = format!("take the image {new}");
    Some(Fix { note: Some(note), ..Fix::of_guest(text, &options) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_for_a_shell() {
        for (name, word) in [
            ("web01", "web01"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("-x", "'-x'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(name), word);
        }
    }

    #[test]
    fn a_family_is_what_stands_before_the_version() {
        for (machine, both) in [
            ("pc-q35-4.1", ("pc-q35", "4.1")),
            ("virt-7.2", ("virt", "7.2")),
            ("pc-q35-jammy", ("pc-q35", "jammy")),
            ("pc-i440fx-rhel7.6.0", ("pc-i440fx", "rhel7.6.0")),
            ("microvm", ("microvm", "")),
        ] {
            assert_eq!(family(machine), both);
        }
    }
}
