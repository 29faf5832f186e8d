//! Which targets of a host are asked, and in which order.

use std::collections::BTreeSet;

use crate::model::{Machine, Target, glob};
use crate::parse::{DomainType, HostCapabilities};

/// Which targets are asked of those that a host reports: all, unless something narrows it. Each
/// list is of names in which `*` stands for anything; an empty one means every name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Guest architectures.
    pub arches: Vec<String>,
    /// Domain types.
    pub virttypes: Vec<String>,
    /// Machines, by canonical name or alias. One that no host lists is asked all the same, so that
    /// libvirt's answer is on record.
    pub machines: Vec<String>,
    /// Only machines that an alias points to.
    pub aliases_only: bool,
}

impl Choice {
    /// The targets to ask, the most telling ones first: a run that is cut short has those.
    pub(super) fn targets(&self, host: &HostCapabilities) -> Vec<Target> {
        let mut seen = BTreeSet::new();
        let mut ranked: Vec<(Rank, Target)> = Vec::new();
        let aliased: BTreeSet<_> = host.machines.iter().filter_map(alias_of).collect();
        for machine in host.machines.iter() {
            let name = machine.canonical.as_deref().unwrap_or(&machine.name);
            let is_aliased = aliased.contains(&(&machine.arch, &machine.virttype, name));
            let target = Target { machine: name.to_owned(), ..of(machine) };
            if self.means(machine, name, is_aliased) && seen.insert(target.clone()) {
                let is_foreign = host.arch.as_ref() != Some(&machine.arch);
                ranked.push(((!is_aliased, is_foreign, machine.deprecated), target));
            }
        }
        // Stable: within a rank libvirt's names stay in order.
        ranked.sort_by_key(|(rank, _)| *rank);
        let bare = host.domains.iter().filter(|domain| !domain.has_machines);
        let bare = bare.filter(|domain| self.means_domain(&domain.arch, &domain.virttype));
        let bare = bare.filter(|_| self.machines.is_empty()).map(|domain| asked(domain, ""));
        ranked
            .into_iter()
            .map(|(_, target)| target)
            .chain(bare)
            .chain(self.unlisted(host))
            .collect()
    }

    /// Machines that were named in full and that the host does not list.
    fn unlisted<'h>(&'h self, host: &'h HostCapabilities) -> impl Iterator<Item = Target> + 'h {
        let is_listed = |name: &str| {
            let is_meant = |each: &Machine| self.means_domain(&each.arch, &each.virttype);
            host.machines.iter().any(|machine| machine.name == name && is_meant(machine))
        };
        let named = self.machines.iter().filter(|name| !name.contains('*'));
        named.filter(move |name| !is_listed(name)).flat_map(move |name| {
            let is_native = |domain: &&DomainType| {
                !self.arches.is_empty() || host.arch.as_ref() == Some(&domain.arch)
            };
            let domains = host.domains.iter().filter(is_native);
            domains
                .filter(|domain| self.means_domain(&domain.arch, &domain.virttype))
                .map(move |domain| asked(domain, name))
        })
    }

    fn means(&self, machine: &Machine, canonical: &str, is_aliased: bool) -> bool {
        self.means_domain(&machine.arch, &machine.virttype)
            && (is_any(&self.machines, canonical) || is_any(&self.machines, &machine.name))
            && (is_aliased || !self.aliases_only)
    }

    fn means_domain(&self, arch: &str, virttype: &str) -> bool {
        is_any(&self.arches, arch) && is_any(&self.virttypes, virttype)
    }
}

/// Without an alias, of another architecture than the host's, deprecated.
type Rank = (bool, bool, bool);

fn is_any(patterns: &[String], name: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| glob(pattern, name))
}

fn alias_of(machine: &Machine) -> Option<(&String, &String, &str)> {
    Some((&machine.arch, &machine.virttype, machine.canonical.as_deref()?))
}

fn of(machine: &Machine) -> Target {
    Target {
        arch: machine.arch.clone(),
        virttype: machine.virttype.clone(),
        machine: machine.name.clone(),
        emulator: machine.emulator.clone().unwrap_or_default(),
    }
}

fn asked(domain: &DomainType, machine: &str) -> Target {
    Target {
        arch: domain.arch.clone(),
        virttype: domain.virttype.clone(),
        machine: machine.to_owned(),
        emulator: domain.emulator.clone().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    const HOST: &str = "<capabilities><host><cpu><arch>x86_64</arch></cpu></host>\
        <guest><arch name='aarch64'><emulator>/a</emulator><machine canonical='virt-9.0'>virt</machine>\
        <machine>virt-9.0</machine><domain type='qemu'/></arch></guest>\
        <guest><arch name='x86_64'><emulator>/x</emulator><machine deprecated='yes'>pc-1.0</machine>\
        <machine canonical='pc-9.0'>pc</machine><machine>pc-9.0</machine><machine>pc-2.0</machine>\
        <domain type='qemu'/><domain type='kvm'/></arch></guest></capabilities>";

    fn asked(choice: &Choice, host: &str) -> Vec<String> {
        let host = parse::capabilities(host.as_bytes()).unwrap();
        choice.targets(&host).iter().map(Target::to_string).collect()
    }

    #[test]
    fn all_that_is_listed_the_most_telling_first() {
        assert_eq!(
            asked(&Choice::default(), HOST),
            [
                "x86_64/kvm/pc-9.0",
                "x86_64/qemu/pc-9.0",
                "aarch64/qemu/virt-9.0",
                "x86_64/kvm/pc-2.0",
                "x86_64/qemu/pc-2.0",
                "x86_64/kvm/pc-1.0",
                "x86_64/qemu/pc-1.0",
            ]
        );
    }

    #[test]
    fn a_choice_narrows_it() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let aliases = Choice { aliases_only: true, virttypes: list(&["q*"]), ..Choice::default() };
        assert_eq!(asked(&aliases, HOST), ["x86_64/qemu/pc-9.0", "aarch64/qemu/virt-9.0"]);
        let machines = Choice {
            machines: list(&["pc", "*-2.0"]),
            virttypes: list(&["kvm"]),
            ..Choice::default()
        };
        assert_eq!(asked(&machines, HOST), ["x86_64/kvm/pc-9.0", "x86_64/kvm/pc-2.0"]);
        let none = Choice { arches: list(&["s390x"]), ..Choice::default() };
        assert!(asked(&none, HOST).is_empty());
    }

    #[test]
    fn a_machine_that_is_not_listed_is_asked_where_it_could_be() {
        let gone = Choice { machines: vec!["pc-0.1".into()], ..Choice::default() };
        assert_eq!(asked(&gone, HOST), ["x86_64/qemu/pc-0.1", "x86_64/kvm/pc-0.1"]);
        let glob = Choice { machines: vec!["pc-0*".into()], ..Choice::default() };
        assert!(asked(&glob, HOST).is_empty());
    }

    #[test]
    fn a_driver_without_machines_is_asked_for_each_domain_type() {
        let host = "<capabilities><guest><arch name='x86_64'><emulator>/usr/sbin/bhyve</emulator>\
            <domain type='bhyve'/></arch></guest></capabilities>";
        assert_eq!(asked(&Choice::default(), host), ["x86_64/bhyve/"]);
    }
}
