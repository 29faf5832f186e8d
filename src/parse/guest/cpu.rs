//! `<cpu>`: mode, model and features.

use super::{Needs, Reader};
use crate::model::{CUSTOM_MODELS, HOST_MODEL, Wanted, escape_key};
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
    // libvirt compares the CPU with the host's, or leaves it to QEMU to do without (check='none').
    let is_unchecked = attribute("check") == Some("none");
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
        _ => model(reader, cpu, is_unchecked, needs),
    }
    let maxphysaddr = reader.xml.child(cpu, "maxphysaddr");
    if maxphysaddr.and_then(|it| reader.xml.attribute(it, "mode")) == Some("passthrough") {
        let wanted = Wanted::TextIfReported("passthrough".to_owned());
        let element = || "cpu/maxphysaddr mode=passthrough".to_owned();
        needs.add(&format!("{HOST_MODEL}.maxphysaddr.mode"), wanted, element);
    }
    let vendor = reader.text(&["cpu", "vendor"]);
    if let Some(vendor) = vendor.filter(|_| !is_unchecked && reader.virttype() == "kvm") {
        let wanted = Wanted::TextIfReported(vendor.to_owned());
        needs.add(&format!("{HOST_MODEL}.vendor"), wanted, || format!("cpu/vendor {vendor}"));
    }
    features(reader, cpu, is_unchecked, needs);
}

/// A model that the guest names, with the features that it does without if need be; what a running guest has of host-model looks so too.
fn model<'x>(reader: &Reader<'x>, cpu: &'x Element<'x>, is_unchecked: bool, needs: &mut Needs) {
    let Some(name) = reader.text(&["cpu", "model"]) else { return };
    let without = feature_names(reader, cpu, &["disable", "forbid", "optional"]);
    let without = without.into_iter().map(str::to_owned).collect();
    let path = format!("{CUSTOM_MODELS}[{}].usable", escape_key(name));
    let wanted = Wanted::Model { name: name.to_owned(), without, is_unchecked };
    needs.add(&path, wanted, || format!("cpu/model {name}"));
}

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
