//! Whether a guest finds its CPU again.

use std::collections::BTreeSet;

use super::{Hosts, number};
use crate::diff::Facts;
use crate::guests::verdict::Reason;
use crate::guests::version::version;
use crate::model::{
    CUSTOM_MODELS, CpuModelNeed, Guest, HOST_MODEL, Need, Value, Wanted, escape_key,
};

const MODEL: &str = "cpu.mode[host-model].model";
const FEATURES: &str = "cpu.mode[host-model].feature";

/// What stands against a guest's CPU moving, beyond its needs: a CPU model that the guest names is one
/// of them.
pub(super) fn reasons(guest: &Guest, hosts: &Hosts<'_>) -> Vec<Reason> {
    let mut found: Vec<Reason> = address_bits(guest, hosts).into_iter().collect();
    if guest.has_cpu_mode("host-model") {
        found.extend(host_model(hosts));
    }
    for mode in ["host-passthrough", "maximum"] {
        if guest.has_cpu_mode(mode) {
            let element = format!("cpu mode={mode}");
            found.push(same_cpu(&element, hosts));
            found.extend(migratable(guest, mode));
        }
    }
    found.extend(threads(guest, hosts));
    found
}

/// Since QEMU 10.0 a CPU with several threads per core has `ht`, which a libvirt before 11.10 takes for
/// a feature that the guest must not have (NEWS 11.10; kubevirt#16386, harvester#11615).
fn threads(guest: &Guest, hosts: &Hosts<'_>) -> Option<Reason> {
    let [old, new] = [hosts.from, hosts.to].map(|side| &side.observed.context);
    let qemu = |text: &Option<String>| text.as_deref().and_then(version);
    let is_gained = qemu(&old.hypervisor).is_none_or(|qemu| qemu < (10, 0, 0))
        && qemu(&new.hypervisor).is_some_and(|qemu| qemu >= (10, 0, 0));
    let is_mended = hosts.new.libvirt.is_some_and(|libvirt| libvirt >= (11, 10, 0));
    let text =
        "with several threads per core QEMU 10.0 adds ht, which libvirt before 11.10 refuses";
    let is_open = guest.has_threads && is_gained && !is_mended;
    is_open.then(|| Reason::unknown("cpu/topology", None, text.to_owned()))
}

/// A guest with the host's physical addresses has no use for fewer of them.
fn address_bits(guest: &Guest, hosts: &Hosts<'_>) -> Option<Reason> {
    const BITS: &str = "cpu.mode[host-model].maxphysaddr.limit";
    let takes_all = |need: &&Need| need.path == "cpu.mode[host-model].maxphysaddr.mode";
    let modes = ["host-passthrough", "maximum", "host-model"];
    let mode = modes.iter().find(|mode| guest.has_cpu_mode(mode));
    let element = match guest.needs.iter().find(takes_all) {
        Some(need) => need.element.clone(),
        None => format!("cpu mode={}", mode?),
    };
    let (old, new) = (number(&hosts.old.facts, BITS)?, number(&hosts.new.facts, BITS)?);
    let text = format!("{BITS} is {old} on the source and {new} here: a large guest may not fit");
    (new < old).then(|| Reason::unknown(&element, Some(BITS), text))
}

/// host-passthrough gives the guest all that the CPU has: the other host needs the same one, and
/// libvirt checks none of it (docs/formatdomain.rst, `host-passthrough`).
fn same_cpu(element: &str, hosts: &Hosts<'_>) -> Reason {
    let [old, new] = [hosts.from, hosts.to].map(|side| &side.observed.context);
    let differs = |what: &str, old: &str, new: &str| {
        format!("needs the same CPU: {what} is {old} on the source and {new} here")
    };
    match (&old.cpu, &new.cpu) {
        (Some(old), Some(new)) if old != new => {
            // Another family, model or stepping may do: nothing refuses it.
            let vendor =
                |cpu: &str| cpu.split_once(" family ").map(|(vendor, _)| vendor.to_owned());
            let text = differs("it", old, new);
            return match (vendor(old), vendor(new)) {
                (Some(old), Some(new)) if old != new => Reason::no(element, None, text),
                _ => Reason::unknown(element, None, text),
            };
        }
        (Some(_), Some(_)) => {}
        _ => {
            let text = "needs the same CPU, and which one a host has is not known of both";
            return Reason::unknown(element, None, text.to_owned());
        }
    }
    let text = match (&old.microcode, &new.microcode) {
        (Some(old), Some(new)) if old != new => differs("its microcode", old, new),
        (Some(_), Some(_)) => {
            "CPU and microcode are the same; kernel and firmware may give the guest more or less of it"
                .to_owned()
        }
        _ => "the CPU is the same; its microcode is not known of both hosts".to_owned(),
    };
    Reason::unknown(element, None, text)
}

/// QEMU refuses to move a CPU with a feature that cannot move, and `migratable='off'` lets them in.
fn migratable(guest: &Guest, mode: &str) -> Option<Reason> {
    let name = if mode == "maximum" { "maximumMigratable" } else { "hostPassthroughMigratable" };
    let need = guest.needs_member(&format!("cpu.mode[{mode}].{name}"), "off")?;
    let text = "its CPU may have features that cannot be migrated".to_owned();
    Some(Reason::unknown(&need.element, None, text))
}

/// A running guest of mode host-model has the model that the source named, with its features.
fn host_model(hosts: &Hosts<'_>) -> Vec<Reason> {
    const ELEMENT: &str = "cpu mode=host-model";
    let unknown = |path: &str, text: String| Reason::unknown(ELEMENT, Some(path), text);
    let [old, new] = [&hosts.old.facts, &hosts.new.facts];
    if hosts.from.observed.context.api_flags != hosts.to.observed.context.api_flags {
        let text = "the two hosts were asked for it under other CPU flags".to_owned();
        return vec![unknown(FEATURES, text)];
    }
    let Some(model) = text(old, MODEL) else {
        return vec![unknown(MODEL, "which model it is on the source is not reported".to_owned())];
    };
    let (with, without) = (features(old, "require"), features(old, "disable"));
    let mut found = Vec::new();
    let is_same_model = text(new, MODEL) == Some(model);
    if is_same_model {
        // The same model: what this host takes from it must be what the source took from it.
        for feature in features(new, "disable").difference(&without) {
            found.push(lacks(feature));
        }
    } else {
        let wanted = Wanted::Model(CpuModelNeed {
            name: model.to_owned(),
            without: without.iter().map(|name| (*name).to_owned()).collect(),
            ..CpuModelNeed::default()
        });
        let path = format!("{CUSTOM_MODELS}[{}].usable", escape_key(model));
        let element = format!("{ELEMENT} ({model} on the source)");
        found.extend(hosts.new.unmet(&Need::new(&path, wanted, element)));
    }
    // What the source lists beyond the model is no part of it: under one libvirt, which has one
    // definition, a host with the same model that does not list it lacks it (harvester#11358, kubevirt#12519).
    let is_one_libvirt = hosts.old.libvirt.is_some() && hosts.old.libvirt == hosts.new.libvirt;
    let is_beyond_model = is_same_model && is_one_libvirt;
    let missing = with.difference(&features(new, "require")).copied().collect::<Vec<_>>();
    let (lacking, open): (Vec<&str>, Vec<&str>) = missing
        .into_iter()
        .partition(|name| is_beyond_model || hosts.new.has_feature(name) == Some(false));
    found.extend(lacking.into_iter().map(lacks));
    if !open.is_empty() {
        let text = format!("whether the host has {} is not in its document", open.join(", "));
        found.push(unknown(FEATURES, text));
    }
    found
}

fn lacks(feature: &str) -> Reason {
    let text = format!("the guest has {feature} from the source, and the host lacks it");
    Reason::no("cpu mode=host-model", Some(FEATURES), text)
}

fn text<'a>(facts: &Facts<'a>, path: &str) -> Option<&'a str> {
    match facts.get(path) {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

/// The keys of host-model's features of one policy, without invtsc: libvirt gives a guest only
/// what can migrate (virCPUUpdate; `migratable='no'` in src/cpu_map/x86_features.xml).
fn features<'a>(facts: &Facts<'a>, policy: &str) -> BTreeSet<&'a str> {
    let prefix = format!("{HOST_MODEL}.feature[");
    let of_policy = facts.iter().filter(|(_, value)| *value == Value::Text(policy));
    let names = of_policy
        .filter_map(|(path, _)| path.strip_prefix(prefix.as_str())?.strip_suffix("].policy"));
    names.filter(|name| *name != "invtsc").collect()
}
