//! A captured document, as libvirt would have printed it on another host.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use super::builds::Class;
use super::chance::{Chance, Draw};
use super::cpus::{CPUS, needs};

/// Everything that decides what a host's documents say.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    /// Number in `BUILDS`.
    pub(crate) build: u8,
    /// Number in `CPUS`.
    pub(crate) cpu: u8,
    /// The microcode that takes features away is there.
    pub(crate) is_taken_away: bool,
    pub(crate) images: Images,
    /// The package of QEMU's spice modules is installed.
    pub(crate) has_spice: bool,
    pub(crate) missing: Option<Missing>,
    /// Where the host has a value of its own: its number.
    pub(crate) own: Option<usize>,
    /// `/dev/kvm` is half usable.
    pub(crate) is_suspect: bool,
}

/// Where the guests' firmware is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Images {
    /// Images of 2 MB, as Debian had them before those of 4 MB.
    Small,
    /// As captured.
    Usual,
    /// In the folder of another package.
    Moved,
}

/// A package of QEMU's modules that is missing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Missing {
    Spice,
    OpenGl,
    VirtioGpu,
}

/// What each CPU model needs of what QEMU emulates of none: its vendor, and the features.
pub(crate) type Models = HashMap<String, (String, BTreeSet<String>)>;

/// Reads them from a captured document, where emulation lacks what blocks a model.
pub(crate) fn models(captured: &str) -> Models {
    let mut models = Models::new();
    let mut blocked: Option<String> = None;
    for line in captured.lines() {
        if let Some(vendor) = attribute(line, "<model usable=", "vendor") {
            models.insert(model(line).to_owned(), (vendor.to_owned(), BTreeSet::new()));
        } else if let Some(name) = attribute(line, "<blockers ", "model") {
            blocked = Some(name.to_owned());
        } else if line.contains("</blockers>") {
            blocked = None;
        } else if let (Some(name), Some(blocked)) = (attribute(line, "<feature ", "name"), &blocked)
            && let Some((_, needed)) = models.get_mut(blocked)
        {
            needed.insert(name.to_owned());
        }
    }
    for (name, (vendor, needed)) in &mut models {
        needed.extend(needs(name, vendor).iter().map(|&feature| feature.to_owned()));
    }
    models
}

/// The document of a class on a host of that shape.
pub(crate) fn document(class: &Class, shape: &Shape, models: &Models, chance: Chance) -> String {
    let mut text = class.captured.clone();
    if class.target.virttype == "kvm" {
        text = on_kvm(&text, shape, models, chance);
    }
    match shape.images {
        Images::Small => text = text.replace("OVMF_CODE_4M", "OVMF_CODE"),
        Images::Usual => {}
        Images::Moved => text = text.replace("/usr/share/OVMF/", "/usr/share/edk2/ovmf/"),
    }
    if shape.has_spice && shape.missing != Some(Missing::Spice) {
        add(&mut text, "graphics", "type", "vnc", "spice");
        add(&mut text, "video", "modelType", "vmvga", "qxl");
        add(&mut text, "channel", "type", "unix", "spicevmc");
    }
    let gone: &[(&str, &str)] = match shape.missing {
        Some(Missing::Spice) => &[("graphics", "spice"), ("video", "qxl"), ("channel", "spicevmc")],
        Some(Missing::OpenGl) => &[("graphics", "egl-headless"), ("graphics", "dbus")],
        Some(Missing::VirtioGpu) => &[("video", "virtio")],
        None => &[],
    };
    for (device, value) in gone {
        remove(&mut text, device, value);
    }
    text
}

fn on_kvm(text: &str, shape: &Shape, models: &Models, chance: Chance) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let listed: BTreeSet<&str> =
        text.lines().filter(|line| line.contains("<model usable=")).map(model).collect();
    let has_blockers = text.contains("<blockers ");
    let mut is_skipping = None;
    for line in text.lines() {
        if let Some(end) = is_skipping {
            if line.contains(end) {
                is_skipping = None;
            }
            continue;
        }
        if line.contains("<blockers ") {
            is_skipping = Some("</blockers>");
        } else if line.contains("<mode name='host-model'") {
            host_model(&mut out, shape, &listed, models);
            is_skipping = Some("</mode>");
        } else if line.contains("<hyperv supported='yes'>") {
            is_skipping = Some("</hyperv>");
            out.push_str(HYPERV);
        } else if line.contains("<model usable=") {
            custom(&mut out, line, shape, models, has_blockers);
        } else {
            plain(&mut out, line, shape, text, chance);
        }
    }
    out
}

const HYPERV: &str = "    <hyperv supported='yes'>
      <enum name='features'>
        <value>relaxed</value>
        <value>vapic</value>
        <value>spinlocks</value>
        <value>vpindex</value>
        <value>runtime</value>
        <value>synic</value>
        <value>stimer</value>
        <value>reset</value>
        <value>vendor_id</value>
        <value>frequencies</value>
        <value>reenlightenment</value>
        <value>tlbflush</value>
        <value>ipi</value>
        <value>avic</value>
        <value>emsr_bitmap</value>
        <value>xmm_input</value>
      </enum>
    </hyperv>
";

/// A line that stands for itself, or for little.
fn plain(out: &mut String, line: &str, shape: &Shape, text: &str, chance: Chance) {
    let line_of_kvm = match line.trim_start() {
        "<domain>qemu</domain>" => "  <domain>kvm</domain>",
        "<mode name='host-passthrough' supported='no'/>" => {
            "    <mode name='host-passthrough' supported='yes'>
      <enum name='hostPassthroughMigratable'>
        <value>on</value>
        <value>off</value>
      </enum>
    </mode>"
        }
        "<enum name='pciBackend'/>" => {
            "      <enum name='pciBackend'>
        <value>default</value>
        <value>vfio</value>
      </enum>"
        }
        "<sev supported='no'/>" if shape.own.is_some() => {
            sev(out, shape.own.unwrap_or_default(), chance);
            return;
        }
        "<launchSecurity supported='no'/>" => {
            if !text.contains("<hyperv ") {
                out.push_str(HYPERV);
            }
            if shape.own.is_none() {
                line
            } else {
                "    <launchSecurity supported='yes'>
      <enum name='sectype'>
        <value>sev</value>
        <value>sev-snp</value>
      </enum>
    </launchSecurity>"
            }
        }
        _ => line,
    };
    out.push_str(line_of_kvm);
    out.push('\n');
}

fn sev(out: &mut String, host: usize, chance: Chance) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out.push_str(
        "    <sev supported='yes'>
      <cbitpos>51</cbitpos>
      <reducedPhysBits>1</reducedPhysBits>
      <maxGuests>410</maxGuests>
      <maxESGuests>99</maxESGuests>
      <cpu0Id>",
    );
    // 64 bytes in base64.
    for at in 0..85 {
        out.push(char::from(DIGITS[chance.roll(Draw::Cpu0Id, host, at, 64)]));
    }
    out.push_str("A==</cpu0Id>\n    </sev>\n");
}

/// host-model: the best model that this libvirt knows, with what the CPU has beside it and lacks of it.
fn host_model(out: &mut String, shape: &Shape, listed: &BTreeSet<&str>, models: &Models) {
    let cpu = &CPUS[usize::from(shape.cpu)];
    let name = cpu.models.iter().find(|name| listed.contains(*name)).unwrap_or(&"qemu64");
    let vendor = cpu.vendor;
    let bits = cpu.address_bits;
    let _infallible = write!(
        out,
        "    <mode name='host-model' supported='yes'>
      <model fallback='forbid'>{name}</model>
      <vendor>{vendor}</vendor>
"
    );
    if shape.build > 0 {
        let _infallible = writeln!(out, "      <maxphysaddr mode='passthrough' limit='{bits}'/>");
    }
    let mut policy = |policy: &str, feature: &str| {
        let _infallible = writeln!(out, "      <feature policy='{policy}' name='{feature}'/>");
    };
    cpu.required().iter().for_each(|feature| policy("require", feature));
    for feature in models.get(*name).into_iter().flat_map(|(_, needed)| needed) {
        if !cpu.has(feature, shape.is_taken_away) {
            policy("disable", feature);
        }
    }
    out.push_str("    </mode>\n");
}

/// One model of mode custom, and what blocks it.
fn custom(out: &mut String, line: &str, shape: &Shape, models: &Models, has_blockers: bool) {
    let cpu = &CPUS[usize::from(shape.cpu)];
    let name = model(line);
    let mut blockers: Vec<&str> = Vec::new();
    if let Some((_, needed)) = models.get(name) {
        let is_lacking = |feature: &&str| !cpu.has(feature, shape.is_taken_away);
        blockers.extend(needed.iter().map(String::as_str).filter(is_lacking));
    }
    if shape.is_suspect && !matches!(name, "486" | "pentium" | "pentium2" | "pentium3") {
        blockers.push("lm");
    }
    let usable = if blockers.is_empty() { "usable='yes'" } else { "usable='no'" };
    out.push_str(&line.replace("usable='no'", usable).replace("usable='yes'", usable));
    out.push('\n');
    if has_blockers && !blockers.is_empty() {
        let _infallible = writeln!(out, "      <blockers model='{name}'>");
        for blocker in blockers {
            let _infallible = writeln!(out, "        <feature name='{blocker}'/>");
        }
        out.push_str("      </blockers>\n");
    }
}

/// The text of a `<model …>` element on one line.
fn model(line: &str) -> &str {
    line.split_once('>').and_then(|(_, rest)| rest.split_once('<')).map_or("", |(name, _)| name)
}

/// The value of an attribute, on a line that holds `element`.
fn attribute<'l>(line: &'l str, element: &str, name: &str) -> Option<&'l str> {
    let (_, rest) = line.contains(element).then(|| line.split_once(&format!("{name}='")))??;
    rest.split_once('\'').map(|(value, _)| value)
}

/// Adds a member of an enum behind another, where the enum has not got it.
fn add(text: &mut String, device: &str, name: &str, behind: &str, value: &str) {
    let Some(start) = text.find(&format!("<{device} supported='yes'>")) else { return };
    let end = text[start..].find(&format!("</{device}>")).map_or(text.len(), |end| start + end);
    let Some(at) = text[start..end].find(&format!("<enum name='{name}'>")) else { return };
    let value = format!("<value>{value}</value>\n");
    let behind = format!("<value>{behind}</value>\n");
    if text[start..end].contains(&value) {
        return;
    }
    if let Some(found) = text[start + at..end].find(&behind) {
        text.insert_str(start + at + found + behind.len(), &format!("        {value}"));
    }
}

/// Removes a member from the enums of a device.
fn remove(text: &mut String, device: &str, value: &str) {
    let Some(start) = text.find(&format!("<{device} supported='yes'>")) else { return };
    let end = text[start..].find(&format!("</{device}>")).map_or(text.len(), |end| start + end);
    let line = format!("        <value>{value}</value>\n");
    if let Some(at) = text[start..end].find(&line) {
        text.replace_range(start + at..start + at + line.len(), "");
    }
}
