//! `<cpu>`: mode, model and features.

use super::{Needs, Reader};
use crate::model::{
    CUSTOM_MODELS, CpuCheck, CpuModelNeed, HOST_MODEL, OpenQuestion, Wanted, escape_key,
};
use crate::parse::xml::Element;

/// Modes that take the host's CPU as it is, or nearly, and where libvirt says whether such a guest
/// can be migrated.
const MODES: [(&str, Option<&str>); 3] = [
    ("host-passthrough", Some("hostPassthroughMigratable")),
    ("maximum", Some("maximumMigratable")),
    ("host-model", None),
];

pub(super) fn needs(reader: &Reader<'_>, needs: &mut Needs) {
    let Some(cpu) = reader.at(&["cpu"]) else { return };
    let attribute = |name| reader.xml.attribute(cpu, name);
    let check = check(reader, cpu);
    let is_unchecked = check == CpuCheck::None;
    match attribute("mode") {
        Some(mode) if mode != "custom" => {
            let path = format!("cpu.mode[{}]", escape_key(mode));
            needs.add(&path, Wanted::Supported, || format!("cpu mode={mode}"));
            let known = MODES.iter().find(|(name, _)| *name == mode);
            if let (Some((_, Some(name))), Some(value)) = (known, attribute("migratable")) {
                let wanted = Wanted::Member(value.to_owned());
                needs.add(&format!("{path}.{name}"), wanted, || format!("cpu migratable={value}"));
            }
        }
        _ => model(reader, cpu, check, needs),
    }
    let maxphysaddr = reader.xml.child(cpu, "maxphysaddr");
    if maxphysaddr.and_then(|it| reader.xml.attribute(it, "mode")) == Some("passthrough") {
        let wanted = Wanted::TextIfReported("passthrough".to_owned());
        let element = || "cpu/maxphysaddr mode=passthrough".to_owned();
        needs.add(&format!("{HOST_MODEL}.maxphysaddr.mode"), wanted, element);
    }
    let vendor = reader.text(&["cpu", "vendor"]);
    if let Some(vendor) = vendor.filter(|_| !is_unchecked) {
        let wanted = Wanted::TextIfReported(vendor.to_owned());
        needs.add(&format!("{HOST_MODEL}.vendor"), wanted, || format!("cpu/vendor {vendor}"));
    }
    features(reader, cpu, is_unchecked, needs);
}

/// How libvirt compares the CPU with the host's: without the attribute in part, and not at all where
/// QEMU emulates a custom one ("Custom CPUs in TCG mode are not compared to host CPU by default",
/// qemuDomainDefCPUPostParse).
fn check<'x>(reader: &Reader<'x>, cpu: &'x Element<'x>) -> CpuCheck {
    let is_custom = reader.xml.attribute(cpu, "mode").is_none_or(|mode| mode == "custom");
    match reader.xml.attribute(cpu, "check") {
        Some("none") => CpuCheck::None,
        Some("full") => CpuCheck::Full,
        None | Some("default") if is_custom && reader.virttype() == "qemu" => CpuCheck::None,
        _ => CpuCheck::Partial,
    }
}

/// A model that the guest names, with the features that it does without if need be; what a running
/// guest has of host-model looks so too.
fn model<'x>(reader: &Reader<'x>, cpu: &'x Element<'x>, check: CpuCheck, needs: &mut Needs) {
    let Some(name) = reader.text(&["cpu", "model"]) else { return };
    let without = feature_names(reader, cpu, &["disable", "forbid", "optional"]);
    let element = reader.at(&["cpu", "model"]);
    let fallback = element.and_then(|model| reader.xml.attribute(model, "fallback"));
    let kind = reader.at(&["os", "type"]);
    let arch = kind.and_then(|kind| reader.xml.attribute(kind, "arch"));
    // Only the x86 driver can translate (virCPUTranslate).
    let is_x86 = arch.is_none_or(|arch| ["x86_64", "i686"].contains(&arch));
    let need = CpuModelNeed {
        name: name.to_owned(),
        without: without.into_iter().map(str::to_owned).collect(),
        check,
        may_fall_back: is_x86 && fallback != Some("forbid"),
        is_strict: reader.xml.attribute(cpu, "match") == Some("strict"),
        has_extra_features: !feature_names(reader, cpu, &EXTRA).is_empty(),
        is_emulated: reader.virttype() == "qemu",
    };
    let path = format!("{CUSTOM_MODELS}[{}].usable", escape_key(name));
    needs.add(&path, Wanted::Model(need), || format!("cpu/model {name}"));
}

/// What of a CPU no document decides.
pub(super) fn open_questions(reader: &Reader<'_>) -> Option<OpenQuestion> {
    let cpu = reader.at(&["cpu"])?;
    // ppc64: the host's CPU in the mode of an older one, which needs its support in the hypervisor.
    let is_host_model = reader.xml.attribute(cpu, "mode") == Some("host-model");
    let name = reader.text(&["cpu", "model"]).filter(|_| is_host_model)?;
    let kind = reader.at(&["os", "type"])?;
    let is_power = reader.xml.attribute(kind, "arch").is_some_and(|arch| arch.starts_with("ppc64"));
    is_power.then(|| OpenQuestion {
        element: format!("cpu/model {name}"),
        text: "whether the host supports this compatibility mode is in no document".to_owned(),
    })
}

/// Whether the guest's CPU has several threads per core.
pub(super) fn has_threads(reader: &Reader<'_>) -> bool {
    let topology = reader.at(&["cpu", "topology"]);
    let threads = topology.and_then(|it| reader.xml.attribute(it, "threads"));
    threads.is_some_and(|threads| threads != "1")
}

/// Policies for which libvirt looks beyond what QEMU says of the model.
const EXTRA: [&str; 4] = ["require", "optional", "force", "forbid"];

/// `force` needs nothing: QEMU then claims the feature whatever the host has.
fn features<'x>(reader: &Reader<'x>, cpu: &'x Element<'x>, is_unchecked: bool, needs: &mut Needs) {
    let path = format!("{HOST_MODEL}.feature");
    for name in feature_names(reader, cpu, &["require"]) {
        let wanted = Wanted::Feature { name: name.to_owned(), is_unchecked };
        needs.add(&path, wanted, || format!("cpu/feature {name}"));
    }
    if !is_unchecked {
        for name in feature_names(reader, cpu, &["forbid"]) {
            let wanted = Wanted::NoFeature(name.to_owned());
            needs.add(&path, wanted, || format!("cpu/feature {name} policy=forbid"));
        }
    }
}

/// The features of these policies; one without a policy is required.
fn feature_names<'x>(reader: &Reader<'x>, cpu: &'x Element<'x>, policies: &[&str]) -> Vec<&'x str> {
    let features = reader.xml.children(cpu).filter(|child| child.name == "feature");
    let chosen = features.filter(|feature| {
        let policy = reader.xml.attribute(feature, "policy").unwrap_or("require");
        policies.contains(&policy)
    });
    chosen.filter_map(|feature| reader.xml.attribute(feature, "name")).collect()
}
