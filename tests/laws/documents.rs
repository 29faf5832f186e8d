//! Documents to try the laws on: libvirt's shapes, and elements nobody has seen.

use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// A document, before it is written as XML.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    machine: String,
    loaders: Option<Vec<&'static str>>,
    host_model: Option<(&'static str, Vec<(&'static str, &'static str)>)>,
    models: Option<Vec<Model>>,
    devices: Vec<Device>,
    invented: Vec<Element>,
}

#[derive(Clone, Debug)]
struct Model {
    name: &'static str,
    usable: Option<&'static str>,
    canonical: Option<&'static str>,
    blockers: Vec<&'static str>,
}

#[derive(Clone, Debug)]
struct Device {
    name: &'static str,
    supported: Option<&'static str>,
    enums: Vec<(&'static str, Vec<&'static str>)>,
}

/// Any element at all.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    name: &'static str,
    key: Option<(&'static str, &'static str)>,
    attribute: Option<&'static str>,
    text: Option<&'static str>,
    comment: bool,
    children: Vec<Self>,
}

const WORDS: &[&str] =
    &["virtio", "ide", "fdc", "spice", "a.b", "x]y", "two words", "7", "-0", "größe"];
const FEATURES: &[&str] = &["svm", "npt", "x2apic", "vme"];

pub(crate) fn any() -> impl Strategy<Value = Shape> {
    let loaders = option::of(vec(select(&["/a.fd", "/b.fd", "/c.fd"][..]), 0..3));
    let policy = (select(FEATURES), select(&["require", "disable"][..]));
    let host_model = option::of((select(&["EPYC", "Haswell"][..]), vec(policy, 0..4)));
    (
        select(&["pc", "pc-q35-7.2"][..]).prop_map(str::to_owned),
        loaders,
        host_model,
        option::of(vec(model(), 0..6)),
        vec(device(), 0..4),
        vec(element(), 0..4),
    )
        .prop_map(|(machine, loaders, host_model, models, devices, invented)| Shape {
            machine,
            loaders,
            host_model,
            models,
            devices,
            invented,
        })
}

/// Two documents that have much in common.
pub(crate) fn pair() -> impl Strategy<Value = (Shape, Shape)> {
    (any(), any(), 0..64_u32).prop_map(|(old, other, mask)| {
        let mut new = old.clone();
        let takes = |bit: u32| mask & (1 << bit) != 0;
        if takes(0) {
            new.loaders = other.loaders;
        }
        if takes(1) {
            new.host_model = other.host_model;
        }
        if takes(2) {
            new.models = other.models;
        }
        if takes(3) {
            new.devices = other.devices;
        }
        if takes(4) {
            new.invented = other.invented;
        }
        if takes(5) {
            new.machine = other.machine;
        }
        (old, new)
    })
}

fn model() -> impl Strategy<Value = Model> {
    (
        select(&["EPYC", "EPYC-v1", "Haswell", "z14.2-base", "486"][..]),
        option::of(select(&["yes", "no", "unknown"][..])),
        option::of(select(&["EPYC-v1", "EPYC-v2"][..])),
        vec(select(FEATURES), 0..3),
    )
        .prop_map(|(name, usable, canonical, blockers)| Model {
            name,
            usable,
            canonical,
            blockers,
        })
}

fn device() -> impl Strategy<Value = Device> {
    (
        select(&["disk", "video", "tpm", "hologram"][..]),
        option::of(select(&["yes", "no", "maybe", "unknown"][..])),
        vec((select(&["bus", "model", "type", "", "a.b"][..]), vec(select(WORDS), 0..4)), 0..3),
    )
        .prop_map(|(name, supported, enums)| Device { name, supported, enums })
}

fn element() -> impl Strategy<Value = Element> {
    let leaf = (
        select(&["quantum", "limit", "value", "feature", "section", "a.b"][..]),
        option::of((select(&["name", "node", "id"][..]), select(WORDS))),
        option::of(select(WORDS)),
        option::of(select(WORDS)),
        any_bool(),
    );
    let leaf = leaf.prop_map(|(name, key, attribute, text, comment)| Element {
        name,
        key,
        attribute,
        text,
        comment,
        children: Vec::new(),
    });
    leaf.prop_recursive(3, 12, 4, |inner| {
        (inner.clone(), vec(inner, 0..4)).prop_map(|(mut element, children)| {
            element.children = children;
            element
        })
    })
}

fn any_bool() -> impl Strategy<Value = bool> {
    proptest::bool::ANY
}

/// The document as XML.
pub(crate) fn render(shape: &Shape) -> String {
    let mut out = String::from(
        "<domainCapabilities>\n  <path>/usr/bin/qemu</path>\n  <domain>kvm</domain>\n",
    );
    write!(out, "  <machine>{}</machine>\n  <arch>x86_64</arch>\n", shape.machine).unwrap();
    if let Some(loaders) = &shape.loaders {
        let values: String = loaders.iter().map(|path| format!("<value>{path}</value>")).collect();
        write!(out, "<os supported='yes'><loader supported='yes'>{values}</loader></os>").unwrap();
    }
    out.push_str("<cpu>");
    if let Some((model, features)) = &shape.host_model {
        write!(out, "<mode name='host-model' supported='yes'><model>{model}</model>").unwrap();
        for (name, policy) in features {
            write!(out, "<feature policy='{policy}' name='{name}'/>").unwrap();
        }
        out.push_str("</mode>");
    }
    if let Some(models) = &shape.models {
        out.push_str("<mode name='custom' supported='yes'>");
        models.iter().for_each(|model| write_model(model, &mut out));
        out.push_str("</mode>");
    }
    out.push_str("</cpu><devices>");
    shape.devices.iter().for_each(|device| write_device(device, &mut out));
    out.push_str("</devices>");
    shape.invented.iter().for_each(|element| write_element(element, &mut out));
    out.push_str("\n</domainCapabilities>\n");
    out
}

fn write_model(model: &Model, out: &mut String) {
    let attribute = |name: &str, value: Option<&str>| {
        value.map(|value| format!(" {name}='{value}'")).unwrap_or_default()
    };
    let (usable, canonical) =
        (attribute("usable", model.usable), attribute("canonical", model.canonical));
    write!(out, "<model{usable}{canonical}>{}</model>", model.name).unwrap();
    if !model.blockers.is_empty() {
        let features: String =
            model.blockers.iter().map(|name| format!("<feature name='{name}'/>")).collect();
        write!(out, "<blockers model='{}'>{features}</blockers>", model.name).unwrap();
    }
}

fn write_device(device: &Device, out: &mut String) {
    let supported = device.supported.map(|it| format!(" supported='{it}'")).unwrap_or_default();
    write!(out, "<{}{supported}>", device.name).unwrap();
    for (name, values) in &device.enums {
        let values: String = values.iter().map(|value| format!("<value>{value}</value>")).collect();
        write!(out, "<enum name='{name}'>{values}</enum>").unwrap();
    }
    write!(out, "</{}>", device.name).unwrap();
}

fn write_element(element: &Element, out: &mut String) {
    write!(out, "<{}", element.name).unwrap();
    if let Some((name, value)) = element.key {
        write!(out, " {name}='{value}'").unwrap();
    }
    if let Some(value) = element.attribute {
        write!(out, " size='{value}'").unwrap();
    }
    out.push('>');
    if let Some(text) = element.text {
        let middle = text.char_indices().nth(1).map_or(text.len(), |(at, _)| at);
        let comment = if element.comment { "<!-- split -->" } else { "" };
        write!(out, "{}{comment}{}", &text[..middle], &text[middle..]).unwrap();
    }
    element.children.iter().for_each(|child| write_element(child, out));
    write!(out, "</{}>", element.name).unwrap();
}

/// Every text and attribute that must be found again.
pub(crate) fn leaves(shape: &Shape) -> Vec<String> {
    let mut found = Vec::new();
    found.extend(shape.loaders.iter().flatten().map(|path| (*path).to_owned()));
    if let Some((model, features)) = &shape.host_model {
        found.push((*model).to_owned());
        found.extend(features.iter().flat_map(|(name, _)| [(*name).to_owned()]));
    }
    for model in shape.models.iter().flatten() {
        found.push(model.name.to_owned());
        found.extend(model.blockers.iter().map(|name| (*name).to_owned()));
    }
    for device in &shape.devices {
        found.extend(device.supported.map(str::to_owned));
        found.extend(
            device.enums.iter().flat_map(|(_, values)| values).map(|value| (*value).to_owned()),
        );
    }
    for element in &shape.invented {
        element_leaves(element, &mut found);
    }
    found
}

fn element_leaves(element: &Element, found: &mut Vec<String>) {
    found.extend(element.key.map(|(_, key)| key.to_owned()));
    found.extend(element.attribute.map(str::to_owned));
    found.extend(element.text.map(str::to_owned));
    element.children.iter().for_each(|child| element_leaves(child, found));
}

/// The same document with its sets the other way round.
pub(crate) fn turned(mut shape: Shape) -> Shape {
    for device in &mut shape.devices {
        device.enums.iter_mut().for_each(|(_, values)| values.reverse());
    }
    for model in shape.models.iter_mut().flatten() {
        model.blockers.reverse();
    }
    // Names that stand twice merge by their order, so only documents without any are turned whole.
    if let Some(models) = &mut shape.models {
        let mut names: Vec<&str> = models.iter().map(|model| model.name).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() == models.len() {
            models.reverse();
        }
    }
    shape
}
