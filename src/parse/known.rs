//! Which elements libvirt has been seen to print, up to 12.9: all others are kept and named.
//!
//! Read from libvirt's own test documents (`tests/domaincapsdata`, libvirt 1.2 to 12.x), from the
//! captures in `snapshots/` and from those of releases up to Debian's libvirt 12.9. Nothing depends on
//! it but a warning.

use std::borrow::Cow;

use crate::model::{CUSTOM_MODELS, ancestors};

/// Known paths without their keys, sorted; the elements above them are known too.
const KNOWN: &[&str] = &[
    "cpu.mode[].feature[].policy",
    "cpu.mode[].hostPassthroughMigratable",
    "cpu.mode[].maximumMigratable",
    "cpu.mode[].maxphysaddr.limit",
    "cpu.mode[].maxphysaddr.mode",
    "cpu.mode[].model.fallback",
    "cpu.mode[].model[].blockers",
    "cpu.mode[].model[].canonical",
    "cpu.mode[].model[].deprecated",
    "cpu.mode[].model[].usable",
    "cpu.mode[].model[].vendor",
    "cpu.mode[].vendor",
    "devices.channel.type",
    "devices.console.type",
    "devices.crypto.backendModel",
    "devices.crypto.model",
    "devices.crypto.type",
    "devices.disk.bus",
    "devices.disk.diskDevice",
    "devices.disk.model",
    "devices.filesystem.driverType",
    "devices.graphics.type",
    "devices.hostdev.capsType",
    "devices.hostdev.iommufd",
    "devices.hostdev.mode",
    "devices.hostdev.pciBackend",
    "devices.hostdev.startupPolicy",
    "devices.hostdev.subsysType",
    "devices.interface.backendType",
    "devices.panic.model",
    "devices.redirdev.bus",
    "devices.rng.backendModel",
    "devices.rng.model",
    "devices.tpm.backendModel",
    "devices.tpm.backendVersion",
    "devices.tpm.model",
    "devices.video.modelType",
    "features.async-teardown",
    "features.backingStoreInput",
    "features.backup",
    "features.genid",
    "features.gic.version",
    "features.hyperv.defaults.spinlocks",
    "features.hyperv.defaults.stimer_direct",
    "features.hyperv.defaults.tlbflush_direct",
    "features.hyperv.defaults.tlbflush_extended",
    "features.hyperv.defaults.vendor_id",
    "features.hyperv.features",
    "features.launchSecurity.sectype",
    "features.ps2",
    "features.s390-pv",
    "features.sev.cbitpos",
    "features.sev.cpu0Id",
    "features.sev.maxESGuests",
    "features.sev.maxGuests",
    "features.sev.reducedPhysBits",
    "features.sgx.flc",
    "features.sgx.section_size.unit",
    "features.sgx.sections.section[].size",
    "features.sgx.sections.section[].unit",
    "features.sgx.sgx1",
    "features.sgx.sgx2",
    "features.tdx",
    "features.vmcoreinfo",
    "iothreads",
    "memoryBacking.sourceType",
    "os.firmware",
    "os.firmwareFeatures.enrolledKeys",
    "os.firmwareFeatures.secureBoot",
    "os.loader.readonly",
    "os.loader.secure",
    "os.loader.type",
    "os.loader.value",
    "os.varstore",
    "vcpu.max",
];

/// What is known of each custom CPU model: nine tenths of a document's paths.
const OF_MODELS: [&str; 5] = [".blockers", ".canonical", ".deprecated", ".usable", ".vendor"];

/// Whether it is known of a custom model, as far as that is to be seen without taking it apart.
fn is_of_a_model(path: &str) -> bool {
    path.strip_prefix(CUSTOM_MODELS)
        .and_then(|rest| rest.strip_prefix('[')?.split_once(']'))
        .is_some_and(|(key, rest)| OF_MODELS.contains(&rest) && !key.ends_with('\\'))
}

/// The topmost element of a capability's path that is not known, its keys left out; `None` where
/// all of it is known.
#[must_use]
pub fn unknown_element(path: &str) -> Option<String> {
    let is_known = |element: &str| {
        let at = KNOWN.partition_point(|known| *known < element);
        KNOWN.get(at).is_some_and(|known| {
            known
                .strip_prefix(element)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        })
    };
    if is_of_a_model(path) || is_known(&without_keys(path)) {
        return None;
    }
    let unknown = ancestors(path).map(without_keys).find(|element| !is_known(element))?;
    Some(unknown.into_owned())
}

/// The path with nothing between its brackets.
fn without_keys(path: &str) -> Cow<'_, str> {
    if !path.contains('[') {
        return Cow::Borrowed(path);
    }
    let mut bare = String::with_capacity(path.len());
    let mut letters = path.chars();
    let mut in_key = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if in_key => {
                letters.next();
            }
            ']' => in_key = false,
            _ => {}
        }
        if !in_key {
            bare.push(letter);
        }
        in_key |= letter == '[';
    }
    Cow::Owned(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(KNOWN.is_sorted());
    }

    #[test]
    fn what_is_known_of_models_is_in_the_list() {
        for leaf in OF_MODELS {
            assert!(KNOWN.contains(&format!("cpu.mode[].model[]{leaf}").as_str()), "{leaf}");
            assert!(is_of_a_model(&format!("cpu.mode[custom].model[z14.2-base]{leaf}")), "{leaf}");
        }
    }

    #[test]
    fn news_is_named_at_its_topmost_element() {
        for (path, unknown) in [
            ("devices.disk.bus", None),
            ("devices", None),
            ("cpu.mode[custom].model[z14.2-base].usable", None),
            ("cpu.mode[custom].model", None),
            ("os.firmwareFeatures.secureBoot", None),
            ("os.varstore", None),
            ("features.hyperv.defaults.vendor_id", None),
            ("features.tdx", None),
            ("devices.console.type", None),
            ("devices.hostdev.iommufd", None),
            ("devices.hostdev.warpdrive", Some("devices.hostdev.warpdrive")),
            ("os.firmwareFeatures.since", Some("os.firmwareFeatures.since")),
            ("devices.disk.bus.since", Some("devices.disk.bus.since")),
            (r"x[a\]b].y", Some("x[]")),
            (r"cpu.mode[custom].model[a\].usable].x", Some("cpu.mode[].model[].x")),
            ("cpu.mode[custom].model[a].x[b].usable", Some("cpu.mode[].model[].x[]")),
        ] {
            assert_eq!(unknown_element(path).as_deref(), unknown, "{path}");
        }
    }
}
