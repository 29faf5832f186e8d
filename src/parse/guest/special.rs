//! Needs that more than one attribute tells: sizes, enlightenments, confidential guests, PCI devices
//! of the host.

use super::{Needs, Reader};
use crate::model::{Need, Wanted};

pub(super) fn needs(reader: &Reader<'_>, needs: &mut Needs) {
    counts(reader, needs);
    hyperv(reader, needs);
    launch_security(reader, needs);
    host_devices(reader, needs);
    sgx_memory(reader, needs);
}

/// Virtual CPUs and I/O threads.
fn counts(reader: &Reader<'_>, needs: &mut Needs) {
    let count = |name| reader.text(&[name]).and_then(|text| text.parse::<i64>().ok());
    // Every machine has one.
    if let Some(vcpus) = count("vcpu").filter(|vcpus| *vcpus > 1) {
        needs.add("vcpu.max", Wanted::AtLeast(vcpus), || format!("vcpu {vcpus}"));
    }
    if let Some(threads) = count("iothreads").filter(|threads| *threads > 0) {
        needs.add("iothreads", Wanted::Supported, || format!("iothreads {threads}"));
    }
}

/// `<hyperv>`: every enlightenment that is on, by the name of its element.
fn hyperv(reader: &Reader<'_>, needs: &mut Needs) {
    const FEATURES: &str = "features.hyperv.features";
    let Some(hyperv) = reader.at(&["features", "hyperv"]) else { return };
    for child in reader.xml.children(hyperv) {
        if reader.xml.attribute(child, "state") == Some("on") {
            let element = || format!("features/hyperv/{} state=on", child.name);
            let name = child.name.to_owned();
            let wanted = match reader.virttype() {
                "qemu" => Wanted::EmulatedMember(name),
                _ => Wanted::Member(name),
            };
            needs.add(FEATURES, wanted, element);
        }
    }
}

/// Confidential guests: libvirt names all kinds in one set since 10.5, three of them before that
/// each in a place of its own.
const CONFIDENTIAL: [(&str, &str); 3] =
    [("sev", "features.sev"), ("s390-pv", "features.s390-pv"), ("tdx", "features.tdx")];

fn launch_security(reader: &Reader<'_>, needs: &mut Needs) {
    let Some(element) = reader.at(&["launchSecurity"]) else { return };
    let Some(kind) = reader.xml.attribute(element, "type") else { return };
    let own = CONFIDENTIAL.iter().find(|(name, _)| *name == kind);
    let place = format!("launchSecurity type={kind}");
    let member = Wanted::Member(kind.to_owned());
    let need = Need::new("features.launchSecurity.sectype", member, place);
    let instead = own.map(|(_, path)| ((*path).to_owned(), Wanted::Supported));
    needs.add_with(Need { instead, ..need });
    if kind == "sev" {
        // How many guests of the kind there can be: none, and there can be no such guest. Bit 2 of
        // the policy asks for encrypted state (SEV-ES).
        let policy = reader.text(&["launchSecurity", "policy"]).and_then(number);
        let (path, what) = match policy {
            Some(policy) if policy & 4 != 0 => ("features.sev.maxESGuests", "with SEV-ES"),
            _ => ("features.sev.maxGuests", "without SEV-ES"),
        };
        needs.add(path, Wanted::AtLeastIfReported(1), || format!("launchSecurity type=sev {what}"));
    }
}

/// A number as libvirt reads one: decimal, or hexadecimal with its prefix.
fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// PCI devices of the host, also those that stand among the interfaces; QEMU's default backend is
/// VFIO, and libvirt reports `default` with it.
fn host_devices(reader: &Reader<'_>, needs: &mut Needs) {
    let is_qemu = matches!(reader.virttype(), "kvm" | "qemu");
    reader.each(|element, path, place| {
        let kind = reader.xml.attribute(element, "type");
        let is_pci = match path {
            "devices/hostdev" => kind == Some("pci"),
            "devices/interface" => kind == Some("hostdev"),
            _ => false,
        };
        if !is_pci {
            return;
        }
        let pci = || Wanted::Member("pci".to_owned());
        if path == "devices/interface" {
            let element = || format!("{place} type=hostdev");
            needs.add("devices.hostdev.subsysType", pci(), element);
        }
        let driver = reader.xml.child(element, "driver");
        let named = driver.and_then(|driver| reader.xml.attribute(driver, "name"));
        let backend = |name: &str| Wanted::Member(name.to_owned());
        const BACKEND: &str = "devices.hostdev.pciBackend";
        match named {
            Some(name) => {
                needs.add(BACKEND, backend(name), || format!("{place}/driver name={name}"));
            }
            None if is_qemu => needs.add(BACKEND, backend("default"), || place.to_owned()),
            None => {}
        }
    });
}

/// Memory inside enclaves, all of it together.
fn sgx_memory(reader: &Reader<'_>, needs: &mut Needs) {
    let mut total = 0_i64;
    let mut first = None;
    reader.each(|element, path, place| {
        let attribute = |name| reader.xml.attribute(element, name);
        if path != "devices/memory" || attribute("model") != Some("sgx-epc") {
            return;
        }
        first.get_or_insert_with(|| format!("{place} model=sgx-epc"));
        let target = reader.xml.child(element, "target");
        let size = target.and_then(|target| reader.xml.child(target, "size"));
        let kibibytes = size.and_then(|size| {
            let number: i64 = size.text.parse().ok()?;
            number.checked_mul(in_kibibytes(reader.xml.attribute(size, "unit"))?)
        });
        total = total.saturating_add(kibibytes.unwrap_or(0));
    });
    let Some(place) = first else { return };
    needs.add("features.sgx", Wanted::Supported, || place.clone());
    if total > 0 {
        // libvirt prints the host's size in KiB always (virDomainCapsFeatureSGXFormat).
        needs.add("features.sgx.section_size", Wanted::AtLeast(total), || place);
    }
}

/// How many KiB a unit is; `virsh dumpxml` prints KiB alone.
fn in_kibibytes(unit: Option<&str>) -> Option<i64> {
    match unit.unwrap_or("KiB") {
        "KiB" | "k" | "K" => Some(1),
        "MiB" | "M" => Some(1 << 10),
        "GiB" | "G" => Some(1 << 20),
        _ => None,
    }
}
