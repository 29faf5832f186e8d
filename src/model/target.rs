//! Targets: what one domainCapabilities document describes.

use std::fmt;
use std::str::FromStr;

use super::Machine;

/// One emulator, arch, virttype and machine of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// Guest architecture.
    pub arch: String,
    /// Domain type: `kvm`, `qemu`, `xen`, ….
    pub virttype: String,
    /// Canonical machine name; empty where the driver has no machines (bhyve).
    pub machine: String,
    /// Path of the emulator; empty where the driver names none (libvirt's test driver).
    pub emulator: String,
}

impl Target {
    /// The target of an entry of a machine list; of an alias, the one that it points to.
    #[must_use]
    pub fn of(machine: &Machine) -> Self {
        Self {
            arch: machine.arch.clone(),
            virttype: machine.virttype.clone(),
            machine: machine.canonical.as_ref().unwrap_or(&machine.name).clone(),
            emulator: machine.emulator.clone().unwrap_or_default(),
        }
    }

    /// Whether both are one target, where one may not name its emulator.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let is_silent = self.emulator.is_empty() || other.emulator.is_empty();
        (&self.arch, &self.virttype, &self.machine)
            == (&other.arch, &other.virttype, &other.machine)
            && (is_silent || self.emulator == other.emulator)
    }
}

impl fmt::Display for Target {
    /// `arch/virttype/machine`, the form that operands take.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        TargetNames::from(self).fmt(f)
    }
}

/// A target whose names stand elsewhere; sorts as [`Target`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetNames<'t> {
    /// See [`Target::arch`].
    pub arch: &'t str,
    /// See [`Target::virttype`].
    pub virttype: &'t str,
    /// See [`Target::machine`].
    pub machine: &'t str,
    /// See [`Target::emulator`].
    pub emulator: &'t str,
}

impl<'t> TargetNames<'t> {
    /// Where an entry of a machine list stands; an alias under its own name.
    #[must_use]
    pub fn of(machine: &'t Machine) -> Self {
        Self {
            arch: &machine.arch,
            virttype: &machine.virttype,
            machine: &machine.name,
            emulator: machine.emulator.as_deref().unwrap_or_default(),
        }
    }
}

impl<'t> From<&'t Target> for TargetNames<'t> {
    fn from(target: &'t Target) -> Self {
        let Target { arch, virttype, machine, emulator } = target;
        Self { arch, virttype, machine, emulator }
    }
}

impl fmt::Display for TargetNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.arch, self.virttype, self.machine)
    }
}

/// Which targets a user means: a machine or alias, or `arch/virttype/machine` with `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetPattern {
    arch: String,
    virttype: String,
    machine: String,
}

impl FromStr for TargetPattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts[..] {
            [machine] if !machine.is_empty() => Ok(Self::new("*", "*", machine)),
            [arch, virttype, machine] => Ok(Self::new(arch, virttype, machine)),
            _ => Err(format!("`{text}` is no target: write MACHINE or ARCH/VIRTTYPE/MACHINE")),
        }
    }
}

impl TargetPattern {
    fn new(arch: &str, virttype: &str, machine: &str) -> Self {
        Self { arch: arch.into(), virttype: virttype.into(), machine: machine.into() }
    }

    /// How much `target` is like what is meant: for telling the nearest.
    #[must_use]
    pub fn likeness(&self, target: &Target) -> usize {
        let shared = |wanted: &str, there: &str| {
            let (wanted, there) = (wanted.to_ascii_lowercase(), there.to_ascii_lowercase());
            let longest =
                (1..=wanted.len()).rev().filter(|length| wanted.is_char_boundary(*length));
            longest.into_iter().find(|length| there.contains(&wanted[..*length])).unwrap_or(0)
        };
        shared(&self.machine, &target.machine) * 2
            + usize::from(glob(&self.arch, &target.arch)) * 8
            + usize::from(glob(&self.virttype, &target.virttype)) * 8
    }

    /// Whether it means `target`; `canonical` resolves an alias for an arch and virttype.
    pub fn matches<'a>(
        &self,
        target: &Target,
        canonical: impl Fn(&str, &str, &str) -> Option<&'a str>,
    ) -> bool {
        let is_machine = |name: &str| glob(name, &target.machine);
        glob(&self.arch, &target.arch)
            && glob(&self.virttype, &target.virttype)
            && (is_machine(&self.machine)
                || canonical(&target.arch, &target.virttype, &self.machine).is_some_and(is_machine))
    }
}

/// Whether `text` fits `pattern`, in which `*` stands for any run of characters.
#[must_use]
pub fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(head) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return left.ends_with(piece);
        }
        match left.find(piece) {
            Some(at) => left = &left[at + piece.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_run_of_characters() {
        for (pattern, text) in [
            ("*", ""),
            ("*", "kvm"),
            ("pc-*", "pc-q35-7.2"),
            ("*q35*", "pc-q35-7.2"),
            ("a*b*b", "abb"),
        ] {
            assert!(glob(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("pc", "pc-q35"), ("*q36*", "pc-q35-7.2"), ("a*bb", "ab"), ("", "x")]
        {
            assert!(!glob(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn an_alias_means_its_canonical_machine() {
        let target = Target {
            arch: "x86_64".into(),
            virttype: "kvm".into(),
            machine: "pc-q35-7.2".into(),
            emulator: String::new(),
        };
        let alias = |_: &str, _: &str, name: &str| (name == "q35").then_some("pc-q35-7.2");
        let means = |text: &str| text.parse::<TargetPattern>().unwrap().matches(&target, alias);
        assert!(means("q35") && means("x86_64/kvm/q35") && means("*/*/pc-q35-*"));
        assert!(!means("pc") && !means("x86_64/qemu/q35"));
        assert!("a/b".parse::<TargetPattern>().is_err());
    }
}
