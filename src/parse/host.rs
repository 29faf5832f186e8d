//! `virsh capabilities`: the host's CPU, and the machines of each arch and domain type.

use super::error::{Limit, MAX_MACHINES, MAX_TEXT, ParseError, Problem};
use super::xml::{self, Element, Xml};
use crate::model::{Context, Machine, MachineList};

/// What domcaps keeps of `virsh capabilities` (libvirt's docs/formatcaps.rst).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostCapabilities {
    /// Every machine of every arch and domain type.
    pub machines: MachineList,
    /// Every arch and domain type, with or without machines.
    pub domains: Vec<DomainType>,
    /// The host's own architecture.
    pub arch: Option<String>,
    /// Vendor and signature of the CPU: `AMD family 25 model 1 stepping 1`.
    pub cpu: Option<String>,
    /// Microcode version, decimal as libvirt prints it.
    pub microcode: Option<String>,
    /// Physical address bits of the CPU (`<maxphysaddr mode='emulate' bits='46'/>`, libvirt 9.0).
    pub maxphysaddr: Option<String>,
}

impl HostCapabilities {
    /// Adds what is known of the CPU to a context.
    pub fn add_to(&self, context: &mut Context) {
        context.cpu.clone_from(&self.cpu);
        context.microcode.clone_from(&self.microcode);
        context.maxphysaddr.clone_from(&self.maxphysaddr);
    }
}

/// One domain type of one guest architecture: what a target is but for its machine. bhyve and Xen
/// list some without any machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DomainType {
    /// Path of the emulator, where one is named.
    pub emulator: Option<String>,
    /// Guest architecture.
    pub arch: String,
    /// Domain type: `kvm`, `qemu`, `xen`, ….
    pub virttype: String,
    /// It lists machines.
    pub has_machines: bool,
}

/// Reads the output of `virsh capabilities`.
///
/// A `<domain>` without machines of its own shares those of its `<arch>`: libvirt reports what it
/// probed first for both (`virQEMUCapsGetMachineTypesCaps`, libvirt 11.3.0).
///
/// # Errors
/// Where the bytes are not well-formed XML in UTF-8 with the root `capabilities`.
pub fn capabilities(bytes: &[u8]) -> Result<HostCapabilities, ParseError> {
    const ROOT: &str = "capabilities";
    let xml = xml::read(bytes)?;
    let root = xml.root();
    if root.name != ROOT {
        let problem = Problem::Root { found: root.name.to_owned(), expected: ROOT };
        return Err(ParseError::at(bytes, root.span().start, problem));
    }
    let mut listed = Listed::default();
    for guest in xml.children(root).filter(|child| child.name == "guest") {
        for arch in xml.children(guest).filter(|child| child.name == "arch") {
            listed.arch(&xml, arch).map_err(|limit| {
                ParseError::at(bytes, arch.span().start, Problem::TooLarge(limit))
            })?;
        }
    }
    let cpu = xml.child(root, "host").and_then(|host| xml.child(host, "cpu"));
    Ok(HostCapabilities {
        machines: MachineList::new(listed.machines),
        domains: listed.domains,
        arch: cpu.and_then(|cpu| xml.child(cpu, "arch")).map(|arch| arch.text.to_string()),
        cpu: cpu.and_then(|cpu| cpu_signature(&xml, cpu)),
        microcode: cpu
            .and_then(|cpu| xml.child(cpu, "microcode"))
            .and_then(|microcode| xml.attribute(microcode, "version"))
            .map(str::to_owned),
        maxphysaddr: cpu
            .and_then(|cpu| xml.child(cpu, "maxphysaddr"))
            .and_then(|maxphysaddr| xml.attribute(maxphysaddr, "bits"))
            .map(str::to_owned),
    })
}

/// Machines and domain types, as long as they are not too many: each domain type has all machines of
/// its `<arch>`, each machine its emulator's path, so a small document can mean very much.
#[derive(Default)]
struct Listed {
    machines: Vec<Machine>,
    domains: Vec<DomainType>,
    /// Bytes of all their names.
    text: usize,
}

impl Listed {
    /// Counts what is to be added before it is.
    fn make_room(&mut self, texts: [&str; 5]) -> Result<(), Limit> {
        self.text += texts.iter().map(|text| text.len()).sum::<usize>();
        if self.machines.len() + self.domains.len() >= MAX_MACHINES {
            return Err(Limit::Machines);
        }
        if self.text > MAX_TEXT { Err(Limit::Text) } else { Ok(()) }
    }

    /// Adds those of one `<arch>`.
    fn arch(&mut self, xml: &Xml<'_>, arch: &Element<'_>) -> Result<(), Limit> {
        let is_machine = |child: &&Element<'_>| child.name == "machine";
        let name = xml.attribute(arch, "name").unwrap_or_default();
        // Looked for once: it may stand behind all machines, and so may each domain type.
        let shared_emulator = emulator(xml, arch);
        let shared: Vec<&Element<'_>> = xml.children(arch).filter(is_machine).collect();
        for domain in xml.children(arch).filter(|child| child.name == "domain") {
            let own: Vec<&Element<'_>> = xml.children(domain).filter(is_machine).collect();
            let machines = if own.is_empty() { &shared } else { &own };
            let emulator = emulator(xml, domain).or(shared_emulator);
            let virttype = xml.attribute(domain, "type").unwrap_or_default();
            self.make_room([emulator.unwrap_or_default(), name, virttype, "", ""])?;
            self.domains.push(DomainType {
                emulator: emulator.map(str::to_owned),
                arch: name.to_owned(),
                virttype: virttype.to_owned(),
                has_machines: !machines.is_empty(),
            });
            for machine in machines {
                let attribute = |name: &str| xml.attribute(machine, name);
                let canonical = attribute("canonical");
                let path = emulator.unwrap_or_default();
                self.make_room([
                    path,
                    name,
                    virttype,
                    &machine.text,
                    canonical.unwrap_or_default(),
                ])?;
                self.machines.push(Machine {
                    emulator: emulator.map(str::to_owned),
                    arch: name.to_owned(),
                    virttype: virttype.to_owned(),
                    name: machine.text.to_string(),
                    canonical: canonical.map(str::to_owned),
                    max_cpus: attribute("maxCpus").and_then(|text| text.parse().ok()),
                    deprecated: attribute("deprecated") == Some("yes"),
                });
            }
        }
        Ok(())
    }
}

/// The path of the emulator that an element names.
fn emulator<'x>(xml: &'x Xml<'_>, of: &'x Element<'_>) -> Option<&'x str> {
    xml.child(of, "emulator").map(|child| child.text.as_ref())
}

/// Vendor and signature in one line: what libvirt's capability cache is valid for.
fn cpu_signature(xml: &Xml<'_>, cpu: &Element<'_>) -> Option<String> {
    let vendor = xml.child(cpu, "vendor").map(|vendor| vendor.text.to_string());
    let signature = xml.child(cpu, "signature").map(|signature| {
        let part = |name: &str| Some(format!("{name} {}", xml.attribute(signature, name)?));
        ["family", "model", "stepping"].into_iter().filter_map(part).collect::<Vec<_>>().join(" ")
    });
    let parts: Vec<String> = [vendor, signature].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines_are_read_for_each_domain_type() {
        let text = "<capabilities><host><cpu><vendor>AMD</vendor><microcode version='7'/>\
            <signature family='25' model='1' stepping='1'/><maxphysaddr mode='emulate' bits='48'/></cpu></host>\
            <guest><os_type>hvm</os_type><arch name='x86_64'><emulator>/q</emulator>\
            <machine maxCpus='255' deprecated='yes'>pc-1.4</machine>\
            <machine canonical='pc-7.2' maxCpus='255'>pc</machine>\
            <domain type='qemu'/><domain type='kvm'><emulator>/k</emulator><machine>own</machine></domain>\
            </arch></guest></capabilities>";
        let read = capabilities(text.as_bytes()).unwrap();
        assert_eq!(read.cpu.as_deref(), Some("AMD family 25 model 1 stepping 1"));
        assert_eq!(read.microcode.as_deref(), Some("7"));
        assert_eq!(read.maxphysaddr.as_deref(), Some("48"));
        let shown: Vec<String> = read
            .machines
            .iter()
            .map(|each| {
                format!("{:?} {} {} {}", each.emulator, each.virttype, each.name, each.deprecated)
            })
            .collect();
        let expected = [
            r#"Some("/k") kvm own false"#,
            r#"Some("/q") qemu pc false"#,
            r#"Some("/q") qemu pc-1.4 true"#,
        ];
        assert_eq!(shown, expected);
        assert_eq!(read.machines.canonical_of("x86_64", "qemu", "pc"), Some("pc-7.2"));
    }

    #[test]
    fn another_document_is_refused() {
        let error = capabilities(b"<domainCapabilities/>").unwrap_err();
        assert_eq!(error.to_string(), "1:1: root is <domainCapabilities>, not <capabilities>");
    }

    #[test]
    fn few_lines_cannot_mean_a_million_machines() {
        let many = |name: &str| format!("<{name}>x</{name}>").repeat(3000);
        let text = format!(
            "<capabilities><guest><arch name='x'>{}{}</arch></guest></capabilities>",
            many("machine"),
            many("domain")
        );
        let error = capabilities(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "1:22: more than 20000 machines");
    }

    #[test]
    fn the_machines_of_the_last_domain_type_count_too() {
        let machines = |count: usize| {
            let text = format!(
                "<capabilities><guest><arch name='x'>{}<domain type='q'/></arch></guest></capabilities>",
                "<machine>x</machine>".repeat(count)
            );
            capabilities(text.as_bytes())
        };
        assert!(machines(MAX_MACHINES - 1).is_ok());
        assert_eq!(machines(MAX_MACHINES).unwrap_err().problem, Problem::TooLarge(Limit::Machines));
    }

    #[test]
    fn one_long_emulator_is_not_copied_for_each_machine() {
        let text = format!(
            "<capabilities><guest><arch name='x'><emulator>/{}</emulator>{}<domain type='q'/></arch></guest>\
             </capabilities>",
            "e".repeat(10_000),
            "<machine>x</machine>".repeat(1000)
        );
        let error = capabilities(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "1:22: paths and values of more than 8 MiB");
    }
}
