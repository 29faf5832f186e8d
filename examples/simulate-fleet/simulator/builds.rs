//! The builds of libvirt and QEMU that follow each other, from the captures of `tests/one-qemu`.

use std::collections::HashMap;
use std::error::Error;

use domcaps::demo::unpack;
use domcaps::model::{Machine, MachineList, Target};
use domcaps::parse;

/// See the module's text.
const PACK: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/one-qemu/one-qemu.pack.zst"));

/// QEMU and libvirt, oldest first. The first two are Debian 12.
pub(crate) const BUILDS: [(&str, &str); 6] = [
    ("7.2.22", "9.0.0"),
    ("7.2.22", "10.0.0"),
    ("10.0.13", "11.3.0"),
    ("10.0.13", "12.0.0"),
    ("11.1.3", "12.0.0"),
    ("11.1.3", "12.8.0"),
];

/// The first build of Debian 13.
pub(crate) const DEBIAN_13: u8 = 2;

/// How many targets of the 32-bit emulator every host is asked for at least.
const LEAST_I686: usize = 4;

/// What each host has of every machine. The 32-bit emulator's machines and documents are those of the
/// other: not all captures have its own.
const OFFERED: [(&str, &str, &str); 4] = [
    ("kvm", "x86_64", "/usr/bin/qemu-system-x86_64"),
    ("qemu", "x86_64", "/usr/bin/qemu-system-x86_64"),
    ("kvm", "i686", "/usr/bin/qemu-system-i386"),
    ("qemu", "i686", "/usr/bin/qemu-system-i386"),
];

/// Machines of which a document was captured; `x-remote` and `nitro` were not.
const FAMILIES: [&str; 4] = ["isapc", "microvm", "pc-i440fx-", "pc-q35-"];

/// What a host of one build is asked for.
pub(crate) struct Build {
    pub(crate) machines: MachineList,
    pub(crate) targets: Vec<Asked>,
    pub(crate) classes: Vec<Class>,
}

/// A target, and which of the build's classes its document is of.
pub(crate) struct Asked {
    pub(crate) target: Target,
    pub(crate) head: Vec<u8>,
    pub(crate) class: usize,
}

/// Targets whose documents differ in nothing but their identity.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Class {
    pub(crate) target: Target,
    /// The document that libvirt printed without KVM, with this class's most CPUs.
    pub(crate) captured: String,
}

/// Every build, with at most so many targets.
pub(crate) fn builds(targets: usize) -> Result<Vec<Build>, Box<dyn Error>> {
    let mut files: HashMap<String, HashMap<String, String>> = HashMap::new();
    for (folder, file, bytes) in unpack(PACK)? {
        files.entry(folder).or_default().insert(file, String::from_utf8(bytes)?);
    }
    let build = |(qemu, libvirt)| {
        let folder = format!("qemu-{qemu}_libvirt-{libvirt}");
        build(files.get(&folder).ok_or("no such capture")?, targets)
    };
    BUILDS.into_iter().map(build).collect()
}

fn build(files: &HashMap<String, String>, most: usize) -> Result<Build, Box<dyn Error>> {
    let host = parse::capabilities(files.get("capabilities.xml").ok_or("no list")?.as_bytes())?;
    let family = |name: &str| FAMILIES.into_iter().find(|family| name.starts_with(family));
    let mut listed: Vec<Machine> = Vec::new();
    for machine in host.machines.iter() {
        let name = machine.canonical.as_deref().unwrap_or(&machine.name);
        if machine.arch == "x86_64" && family(name).is_some() {
            for (virttype, arch, emulator) in OFFERED {
                listed.push(Machine {
                    virttype: virttype.to_owned(),
                    arch: arch.to_owned(),
                    emulator: Some(emulator.to_owned()),
                    ..machine.clone()
                });
            }
        }
    }
    let asked = |arch: &str, most: usize| {
        let mut asked: Vec<&Machine> =
            listed.iter().filter(|it| it.arch == arch && it.canonical.is_none()).collect();
        asked.sort_by_key(|machine| std::cmp::Reverse(version(&machine.name)));
        asked.truncate(most);
        asked
    };
    let mut wanted = asked("x86_64", most.saturating_sub(LEAST_I686));
    wanted.extend(asked("i686", most - wanted.len()));
    let mut build =
        Build { machines: MachineList::default(), targets: Vec::new(), classes: Vec::new() };
    for machine in &wanted {
        let family = family(&machine.name).unwrap_or_default();
        let file = files
            .iter()
            .find(|(name, _)| name.starts_with(&format!("x86_64.{family}")))
            .ok_or("no document")?;
        build.ask(machine, file.1)?;
    }
    // As a visit has them.
    build.targets.sort_by(|one, other| one.target.cmp(&other.target));
    // A host lists what it is asked for, and the aliases of that.
    let is_wanted = |machine: &Machine| {
        let name = machine.canonical.as_deref().unwrap_or(&machine.name);
        wanted.iter().any(|it| {
            (&it.arch, &it.virttype, it.name.as_str()) == (&machine.arch, &machine.virttype, name)
        })
    };
    build.machines = MachineList::new(listed.iter().filter(|it| is_wanted(it)).cloned().collect());
    Ok(build)
}

impl Build {
    fn ask(&mut self, machine: &Machine, captured: &str) -> Result<(), Box<dyn Error>> {
        let read = parse::split(captured.as_bytes()).ok_or("no document")?;
        let target = Target {
            arch: machine.arch.clone(),
            virttype: machine.virttype.clone(),
            machine: machine.name.clone(),
            emulator: machine.emulator.clone().unwrap_or_default(),
        };
        let head = captured[read.range]
            .replace(&read.target.emulator, &target.emulator)
            .replace(
                &format!("<machine>{}<", read.target.machine),
                &format!("<machine>{}<", target.machine),
            )
            .replace("<domain>qemu<", &format!("<domain>{}<", target.virttype))
            .replace("<arch>x86_64<", &format!("<arch>{}<", target.arch));
        let captured = with_most_cpus(captured, machine.max_cpus.unwrap_or(1));
        let class = Class { target: Target { machine: String::new(), ..target.clone() }, captured };
        let at = self.classes.iter().position(|known| *known == class).unwrap_or_else(|| {
            self.classes.push(class);
            self.classes.len() - 1
        });
        self.targets.push(Asked { target, head: head.into_bytes(), class: at });
        Ok(())
    }
}

/// libvirt has a document's number of CPUs from where it has that of the machine list.
fn with_most_cpus(captured: &str, most: i64) -> String {
    const START: &str = "<vcpu max='";
    let Some((before, after)) = captured.split_once(START) else { return captured.to_owned() };
    let rest = after.find('\'').map_or("", |at| &after[at..]);
    format!("{before}{START}{most}{rest}")
}

/// The version in a machine's name; those without one are not the first to be left out.
fn version(machine: &str) -> Vec<u32> {
    match machine.rsplit_once('-') {
        Some((_, version)) => version.split('.').filter_map(|part| part.parse().ok()).collect(),
        None => vec![5],
    }
}
