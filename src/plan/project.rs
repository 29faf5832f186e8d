//! What a host would support on a release.
//!
//! Machines, devices, firmware and domain types are the release's; the CPU and all that the hardware
//! decides are the host's own, from its newest observation. Outside of `cpu`, the documents of kvm and of
//! emulation of one QEMU differ in nothing else (measured on four QEMUs: 5.2, 7.2, 8.2 and 10.0).
//!
//! What depends on neither, such as a package that may not be installed, makes two sides: what is sure, and what
//! is possible. Where they answer alike it does not matter.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::diff::{Observed, Outcome};
use crate::model::{
    CUSTOM_MODE, CUSTOM_MODELS, Capabilities, Context, HOST_MODEL, Machine, MachineList, State,
    Target, Value, escape_key, is_at_or_below, version_numbers,
};
use crate::release::{OptionalPackage, ReleaseManifest};
use crate::side::{Content, Contents, Origin, Side};
use crate::store::StoreError;

/// What the host's hardware, firmware and kernel decide under kvm. The order is that of libvirt's documents.
///
/// Sources: libvirt's formatdomaincaps.rst; `virQEMUCapsFillDomainCaps` of 11.3.
pub const OF_HOST: [&str; 9] = [
    "cpu",
    "devices.hostdev.pciBackend",
    "features.gic",
    "features.sev",
    "features.sgx",
    "features.tdx",
    "features.hyperv",
    "features.launchSecurity",
    "features.s390-pv",
];

/// Architectures that have kvm.
const KVM_ARCHES: [&str; 6] = ["x86_64", "i686", "aarch64", "ppc64", "ppc64le", "s390x"];

/// vCPUs that every kernel's kvm allows on x86: 288 since Linux 4.9, 1024 since 5.16 (`KVM_MAX_VCPUS`).
const KVM_VCPUS: i64 = 288;

/// A host as it would be on a release.
#[derive(Debug)]
pub struct Projection {
    /// What is there for sure.
    pub sure: Side,
    /// What is there if every package is installed that the release has.
    pub possible: Side,
    /// Whether a host was projected; else what every host has with kvm.
    pub has_host: bool,
    /// The firmware images that the release has.
    pub firmware: Vec<String>,
    /// The packages of which it is not known whether they are installed.
    pub open: Vec<OptionalPackage>,
}

/// A release that hosts are projected onto.
#[derive(Debug)]
pub struct ReleaseSide {
    /// As it was captured, with all optional packages.
    pub side: Side,
    /// What is known of its packages and files.
    pub manifest: ReleaseManifest,
}

impl ReleaseSide {
    /// Projects a host onto the release; without one, what every host has with it.
    ///
    /// A package of `installed` is there; and so is one whose capabilities the host has now, unless they were part
    /// of another package until this release.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn project(
        &self,
        contents: &mut Contents,
        host: Option<&Side>,
        installed: &[String],
    ) -> Result<Projection, StoreError> {
        Self::project_onto(&self.side, &self.manifest, contents, host, installed)
    }

    /// See [`Self::project`].
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn project_onto(
        release: &Side,
        manifest: &ReleaseManifest,
        contents: &mut Contents,
        host: Option<&Side>,
        installed: &[String],
    ) -> Result<Projection, StoreError> {
        let now = host.map(|host| offered(contents, host)).transpose()?;
        let is_there = |package: &OptionalPackage| {
            let is_named = |name: &str| installed.iter().any(|each| each == name || each == "all");
            package.package.split(' ').all(is_named)
                || now.as_ref().is_some_and(|now| is_kept(package, now, host))
        };
        let open: Vec<OptionalPackage> =
            manifest.optional.iter().filter(|package| !is_there(package)).cloned().collect();
        let missing: HashSet<&str> =
            open.iter().flat_map(|package| package.adds.iter().map(String::as_str)).collect();
        let cpus = host.map(cpus);
        let mut making = Making { release, host, cpus, made: HashMap::new() };
        let possible = making.side(contents, &HashSet::new())?;
        let sure = making.side(contents, &missing)?;
        Ok(Projection {
            sure,
            possible,
            has_host: host.is_some(),
            firmware: manifest.firmware.clone(),
            open,
        })
    }
}

/// Every `PATH=MEMBER` that a host's documents offer, with `PATH=yes` and `arch=NAME`.
fn offered(contents: &Contents, host: &Side) -> Result<HashSet<String>, StoreError> {
    let mut offered = HashSet::new();
    let mut seen: HashSet<&Content> = HashSet::new();
    for (target, content) in host.documents() {
        offered.insert(format!("arch={}", target.arch));
        if !seen.insert(content) {
            continue;
        }
        contents.with(content, |all| {
            for (path, value) in all.iter().filter(|(path, _)| !path.starts_with("cpu.")) {
                match value {
                    Value::Set(members) | Value::List(members) => {
                        offered.extend(members.iter().map(|member| format!("{path}={member}")));
                    }
                    Value::Support(true) => {
                        offered.insert(format!("{path}=yes"));
                    }
                    _ => {}
                }
            }
        })?;
    }
    Ok(offered)
}

/// Whether a package that adds what a host offers now is kept by an upgrade.
///
/// Debian and Ubuntu split qemu-system-modules-* off with QEMU 8.1 (Debian's qemu changelog): what an older host
/// offers came with another package.
fn is_kept(package: &OptionalPackage, now: &HashSet<String>, host: Option<&Side>) -> bool {
    let hypervisor = host.and_then(|host| host.observed.context.hypervisor.as_deref());
    let qemu = hypervisor.and_then(|text| version_numbers(text.strip_prefix("QEMU ")?));
    let is_split = package.package.starts_with("qemu-system-modules-");
    let is_old = qemu.is_none_or(|qemu| qemu < (8, 1, 0));
    !(is_split && is_old) && package.adds.iter().any(|each| now.contains(each))
}

/// The document of a host from which its CPU is taken, for each architecture under kvm.
fn cpus(host: &Side) -> BTreeMap<String, Content> {
    let mut cpus: BTreeMap<String, (u8, Content)> = BTreeMap::new();
    for (target, content) in host.documents().filter(|(target, _)| target.virttype == "kvm") {
        // The machines that guests have; others may lack a mode.
        let rank = match target.machine.as_str() {
            name if name.starts_with("pc-q35-") => 3,
            name if name.starts_with("pc-i440fx-") || name.starts_with("virt-") => 2,
            name if name.starts_with("pseries-") || name.starts_with("s390-ccw") => 2,
            _ => 1,
        };
        let best = cpus.entry(target.arch.clone()).or_insert_with(|| (0, content.clone()));
        if rank > best.0 {
            *best = (rank, content.clone());
        }
    }
    cpus.into_iter().map(|(arch, (_, content))| (arch, content)).collect()
}

/// What a made document follows from: the release's, the host's, and whether packages are missing.
type MadeOf = (Content, Option<Content>, bool, bool);

/// The sides that are made of one release and one host.
struct Making<'p> {
    release: &'p Side,
    host: Option<&'p Side>,
    cpus: Option<BTreeMap<String, Content>>,
    made: HashMap<MadeOf, Content>,
}

impl Making<'_> {
    /// The host without what `missing` packages add.
    fn side(
        &mut self,
        contents: &mut Contents,
        missing: &HashSet<&str>,
    ) -> Result<Side, StoreError> {
        let lacks_arch = |arch: &str| missing.contains(format!("arch={arch}").as_str());
        let mut outcomes = BTreeMap::new();
        for (target, content) in self.release.documents() {
            if lacks_arch(&target.arch) {
                continue;
            }
            let own = self.document(contents, content, None, missing)?;
            outcomes.insert(target.clone(), Outcome::Document(own));
            let Some(cpu) = self.kvm_cpu(&target.arch) else { continue };
            let content = self.document(contents, content, Some(cpu), missing)?;
            let target = Target { virttype: "kvm".to_owned(), ..target.clone() };
            outcomes.insert(target, Outcome::Document(content));
        }
        let machines = self.release.observed.machines.iter().flat_map(MachineList::iter);
        let machines = machines.filter(|machine| !lacks_arch(&machine.arch));
        let machines: BTreeSet<Machine> = machines
            .flat_map(|machine| {
                let kvm = Machine { virttype: "kvm".to_owned(), ..machine.clone() };
                let kvm = self.kvm_cpu(&machine.arch).map(|_| kvm);
                std::iter::once(machine.clone()).chain(kvm)
            })
            .collect();
        let host = self.host.map(|host| &host.observed);
        let release = &self.release.observed.context;
        let context = Context {
            libvirt: release.libvirt.clone(),
            hypervisor: release.hypervisor.clone(),
            ..host.map(|host| host.context.clone()).unwrap_or_default()
        };
        // The upgrade brings another kernel, and the URI is of how the host was asked.
        let context = Context { kernel: None, uri: None, firmware: None, ..context };
        let is_suspect = host.is_some_and(|host| host.state == State::Suspect);
        Ok(Side {
            origin: Origin {
                host: self.host.and_then(|host| host.origin.host.clone()),
                source: self.release.origin.source.clone(),
                taken_at: self.release.origin.taken_at,
                ..Origin::default()
            },
            observed: Observed {
                outcomes,
                machines: Some(MachineList::new(machines.into_iter().collect())),
                state: if is_suspect { State::Suspect } else { self.release.observed.state },
                context,
                is_chosen: self.release.observed.is_chosen,
                whole: None,
            },
            raw: BTreeMap::new(),
            passed_over: Vec::new(),
            bad: Vec::new(),
            unread: Vec::new(),
        })
    }

    /// The document with the host's CPU for an architecture, where it has kvm for it; no document where no host
    /// is known.
    fn kvm_cpu(&self, arch: &str) -> Option<Option<Content>> {
        match &self.cpus {
            Some(cpus) => cpus.get(arch).map(|cpu| Some(cpu.clone())),
            None => KVM_ARCHES.contains(&arch).then_some(None),
        }
    }

    /// The document of a target; under kvm with the CPU of `cpu`.
    fn document(
        &mut self,
        contents: &mut Contents,
        content: &Content,
        cpu: Option<Option<Content>>,
        missing: &HashSet<&str>,
    ) -> Result<Content, StoreError> {
        if cpu.is_none() && missing.is_empty() {
            return Ok(content.clone());
        }
        let (is_kvm, cpu) = (cpu.is_some(), cpu.flatten());
        let key = (content.clone(), cpu.clone(), is_kvm, missing.is_empty());
        if let Some(known) = self.made.get(&key) {
            return Ok(known.clone());
        }
        let is_sure = !missing.is_empty();
        let release = contents.with(content, |all| without(all, missing))?;
        let made = match (is_kvm, &cpu) {
            (false, _) => release,
            (true, None) => under_kvm(&release, None, is_sure),
            (true, Some(cpu)) => {
                contents.with(cpu, |host| under_kvm(&release, Some(host), is_sure))?
            }
        };
        let made = contents.add(made);
        self.made.insert(key, made.clone());
        Ok(made)
    }
}

/// A document without what packages add.
fn without(all: &Capabilities, missing: &HashSet<&str>) -> Capabilities {
    if missing.is_empty() {
        return all.clone();
    }
    let is_missing =
        |path: &str, member: &str| missing.contains(format!("{path}={member}").as_str());
    let mut left = Capabilities::new();
    let mut unsupported: Option<String> = None;
    for at in 0..all.len() {
        let (path, value) = all.at(at);
        if unsupported.as_ref().is_some_and(|above| is_at_or_below(path, above)) {
            continue;
        }
        match value {
            Value::Set(members) if !path.starts_with("cpu.") => {
                let mut kept: Vec<&str> =
                    members.iter().filter(|member| !is_missing(path, member)).collect();
                left.push_set(path, &mut kept);
            }
            Value::List(members) => {
                let kept: Vec<&str> =
                    members.iter().filter(|member| !is_missing(path, member)).collect();
                left.push_list(path, &kept);
            }
            Value::Support(true) if is_missing(path, "yes") => {
                left.push(path, Value::Support(false));
                unsupported = Some(path.to_owned());
            }
            _ => left.push(path, value),
        }
    }
    left
}

/// A document of emulation as it is under kvm; without a host, with what every host has.
fn under_kvm(release: &Capabilities, host: Option<&Capabilities>, is_sure: bool) -> Capabilities {
    let is_of_host = |path: &str| OF_HOST.iter().any(|of| is_at_or_below(path, of));
    let mut made = Capabilities::new();
    let host_vcpus = host.and_then(|host| match host.get("vcpu.max") {
        Some(Value::Number(max)) => Some(max),
        _ => None,
    });
    for (path, value) in release.iter().filter(|(path, _)| !is_of_host(path)) {
        match value {
            Value::Number(max) if path == "vcpu.max" && is_sure => {
                let known = host_vcpus.unwrap_or_default().max(KVM_VCPUS);
                made.push(path, Value::Number(max.min(known)));
            }
            _ => made.push(path, value),
        }
    }
    match host {
        Some(host) => {
            let is_model = |path: &str| is_at_or_below(path, CUSTOM_MODELS) || is_models(path);
            for (path, value) in host.iter() {
                if is_of_host(path) && !is_model(path) {
                    made.push(path, value);
                }
            }
            models(&mut made, release, host);
        }
        None => unknown_cpu(&mut made, release),
    }
    made
}

/// Whether a path is of a custom model: `cpu.mode[custom].model[EPYC].usable`.
fn is_models(path: &str) -> bool {
    path.strip_prefix(CUSTOM_MODELS).is_some_and(|rest| rest.starts_with('['))
}

/// The CPU models that the release has: those that the host has judged as it did, new ones as unknown.
fn models(made: &mut Capabilities, release: &Capabilities, host: &Capabilities) {
    let Some(Value::Set(names)) = release.get(CUSTOM_MODELS) else { return };
    if host.get(CUSTOM_MODE) != Some(Value::Support(true)) {
        return;
    }
    let mut all: Vec<&str> = names.iter().collect();
    made.push_set(CUSTOM_MODELS, &mut all);
    let of = |all: &'_ Capabilities| -> HashMap<String, usize> {
        let places = (0..all.len()).filter(|at| is_models(all.path_at(*at)));
        places.map(|at| (all.path_at(at).to_owned(), at)).collect()
    };
    let (of_release, of_host) = (of(release), of(host));
    for name in names.iter() {
        let prefix = format!("{CUSTOM_MODELS}[{}]", escape_key(name));
        let path = |part: &str| format!("{prefix}.{part}");
        let mut copy = |from: &Capabilities, places: &HashMap<String, usize>, part: &str| {
            let path = path(part);
            let Some(at) = places.get(&path) else { return false };
            made.push(&path, from.at(*at).1);
            true
        };
        let is_judged = copy(host, &of_host, "usable");
        copy(host, &of_host, "blockers");
        for part in ["vendor", "canonical", "deprecated"] {
            copy(release, &of_release, part);
        }
        if !is_judged {
            made.push(&path("usable"), Value::Text("unknown"));
        }
    }
}

/// The CPU of a host that is not known: the modes that kvm always has, and the names of the models.
///
/// host-passthrough is there with kvm; host-model on x86 and s390x (`virQEMUCapsIsCPUModeSupported`, libvirt 11.3).
fn unknown_cpu(made: &mut Capabilities, release: &Capabilities) {
    made.push("cpu.mode[host-passthrough]", Value::Support(true));
    let is_x86 =
        matches!(release.get(CUSTOM_MODELS), Some(Value::Set(names)) if names.contains("qemu64"));
    if is_x86 {
        // A property of QEMU's x86 CPUs under kvm.
        let mut both = vec!["off", "on"];
        made.push_set("cpu.mode[host-passthrough].hostPassthroughMigratable", &mut both);
    }
    for (path, value) in release.iter() {
        if path.starts_with("cpu.mode[maximum]") {
            made.push(path, value);
        }
    }
    let Some(Value::Set(names)) = release.get(CUSTOM_MODELS) else { return };
    made.push(HOST_MODEL, Value::Support(true));
    made.push(CUSTOM_MODE, Value::Support(true));
    let mut all: Vec<&str> = names.iter().collect();
    made.push_set(CUSTOM_MODELS, &mut all);
}
