//! Whether a document meets a need: yes, no, or it does not say.

use std::cell::{Cell, OnceCell};
use std::collections::HashSet;

use super::verdict::{Reason, some};
use super::version::Version;
use crate::diff::Facts;
use crate::model::{
    CUSTOM_MODELS, Capabilities, CpuCheck, CpuModelNeed, HOST_MODEL, Members, Need, Value, Wanted,
    ancestors, escape_key,
};

/// One document, and what stands beside it.
pub(super) struct Document<'a> {
    pub(super) facts: Facts<'a>,
    /// CPU flags it was asked for under.
    pub(super) flags: Option<&'a str>,
    /// Most virtual CPUs, as the machine list says it.
    pub(super) max_cpus: Cell<Option<i64>>,
    /// The host's libvirt, where its version is known.
    pub(super) libvirt: Option<Version>,
    blocked: OnceCell<HashSet<&'a str>>,
}

/// What a document says to one capability: met, or why not.
enum Said {
    Yes,
    /// With the path that says so.
    No(String, String),
    /// A member, and what the set holds.
    Lacks(String, Vec<String>),
    Unknown(String),
    /// The path is not reported at all.
    Nothing,
}

impl<'a> Document<'a> {
    pub(super) fn new(
        capabilities: &'a Capabilities,
        flags: Option<&'a str>,
        max_cpus: Option<i64>,
    ) -> Self {
        let (facts, max_cpus) = (Facts::of(capabilities), Cell::new(max_cpus));
        Self { facts, flags, max_cpus, libvirt: None, blocked: OnceCell::new() }
    }

    /// The document as this version of libvirt printed it.
    pub(super) fn of_libvirt(self, libvirt: Option<Version>) -> Self {
        Self { libvirt, ..self }
    }

    /// Why a need is not met; none where it is.
    pub(super) fn unmet(&self, need: &Need) -> Option<Reason> {
        for (path, wanted) in need.witnesses() {
            match self.said(path, wanted) {
                Said::Yes => return None,
                Said::No(path, text) => return Some(Reason::no(&need.element, Some(&path), text)),
                Said::Lacks(value, there) => {
                    return Some(Reason::lacks(&need.element, path, &value, there));
                }
                Said::Unknown(text) => {
                    return Some(Reason::unknown(&need.element, Some(path), text));
                }
                Said::Nothing => {}
            }
        }
        let text = format!("{} is not reported", need.path);
        Some(Reason::unknown(&need.element, Some(&need.path), text))
    }

    fn said(&self, path: &str, wanted: &Wanted) -> Said {
        if let Wanted::Feature { .. } | Wanted::NoFeature(_) = wanted {
            return self.feature_said(wanted);
        }
        if let Wanted::EmulatedMember(name) = wanted {
            return match self.facts.get(path) {
                Some(Value::Set(there)) if there.contains(name) => Said::Yes,
                // qemuProcessVerifyHypervFeatures is for kvm alone: relaxed started (9.0 and 11.3), vpindex
                // was refused by QEMU 7.2 and started by 10.0.
                _ => Said::Unknown(format!(
                    "{path} has no {name}; under emulation libvirt leaves that to QEMU"
                )),
            };
        }
        let is_denied = |above: &&str| self.facts.get(above) == Some(Value::Support(false));
        if !matches!(wanted, Wanted::TextIfReported(_) | Wanted::AtLeastIfReported(_))
            && let Some(above) = ancestors(path).find(is_denied)
        {
            return Said::No(above.to_owned(), format!("{above} is not supported"));
        }
        match (wanted, self.facts.get(path)) {
            (Wanted::Supported, Some(Value::Support(true))) => Said::Yes,
            (Wanted::Member(name), Some(Value::Set(there))) => has(name, there),
            (Wanted::MemberIfReported(name), Some(Value::Set(there))) => has(name, there),
            // Intel was started on a host of AMD (11.3): a usable model is enough.
            (Wanted::TextIfReported(wanted), Some(Value::Text(there)))
                if there != wanted
                    && path == HOST_VENDOR
                    && self.libvirt.is_some_and(|libvirt| libvirt >= TAKES_QEMUS_WORD) =>
            {
                Said::Unknown(format!("{path} is {there}, which libvirt may not compare"))
            }
            (Wanted::TextIfReported(wanted), Some(Value::Text(there))) if there != wanted => {
                Said::No(path.to_owned(), format!("{path} is {there}"))
            }
            (Wanted::MemberIfReported(_) | Wanted::TextIfReported(_), _) => Said::Yes,
            (Wanted::Loader { path: wanted, must_be_listed }, Some(Value::List(there))) => {
                listed(path, wanted, *must_be_listed, there)
            }
            (Wanted::ImageFormat(format), Some(Value::List(there))) => image_format(format, there),
            (Wanted::AtLeast(wanted), there) => self.at_least(path, *wanted, there),
            (Wanted::AtLeastIfReported(wanted), Some(Value::Number(there))) if there < *wanted => {
                Said::No(path.to_owned(), format!("{path} is {there}"))
            }
            (Wanted::AtLeastIfReported(_), _) => Said::Yes,
            (Wanted::Model(need), usable) => self.model(path, need, usable),
            _ => Said::Nothing,
        }
    }

    fn at_least(&self, path: &str, wanted: i64, there: Option<Value<'_>>) -> Said {
        let there = match there {
            Some(Value::Number(there)) => Some(there),
            // Some drivers leave it to the machine list.
            _ if path == "vcpu.max" => self.max_cpus.get(),
            _ => None,
        };
        match there {
            Some(there) if there >= wanted => Said::Yes,
            Some(there) => Said::No(path.to_owned(), format!("{path} is {there}")),
            None => Said::Nothing,
        }
    }

    /// Whether libvirt starts a guest with a CPU model that it names.
    fn model(&self, path: &str, need: &CpuModelNeed, usable: Option<Value<'_>>) -> Said {
        let name = &need.name;
        match self.facts.get(CUSTOM_MODELS) {
            Some(Value::Set(names)) if !names.contains(name) => {
                let text = format!("{CUSTOM_MODELS} has no {name}");
                return match need.may_fall_back {
                    // virCPUTranslate: Icelake-Client was started as IvyBridge with features.
                    true => Said::Unknown(format!(
                        "{text}; with fallback='allow' libvirt replaces a model that it knows by another"
                    )),
                    false => Said::No(CUSTOM_MODELS.to_owned(), text),
                };
            }
            _ => {}
        }
        let missing = match usable {
            Some(Value::Text("yes")) => None,
            Some(Value::Text("no")) => match self.missing(path, need) {
                Ok(missing) => Some(missing),
                Err(said) => return said,
            },
            Some(Value::Text(_)) => {
                let text = "libvirt does not know whether the host can use it";
                return Said::Unknown(text.to_owned());
            }
            _ => return Said::Nothing,
        };
        // A model that lacks only what the guest does without.
        let is_forgiven = missing.as_ref().is_some_and(|missing| missing.is_empty());
        match need.check {
            CpuCheck::None => Said::Yes,
            CpuCheck::Full => Said::Unknown(
                "check='full' also asks for nothing beyond it, and what the guest must not have is \
                in no document"
                    .to_owned(),
            ),
            CpuCheck::Partial if need.is_strict => Said::Unknown(
                "match='strict' asks for nothing beyond it, and what the host has is not all in \
                the document"
                    .to_owned(),
            ),
            CpuCheck::Partial if self.is_accepted(need, is_forgiven) => Said::Yes,
            CpuCheck::Partial => Said::Unknown(
                "with check='partial' libvirt compares its own definition of the model, which is in \
                no document"
                    .to_owned(),
            ),
        }
    }

    /// The features for want of which a model is not usable, without those that the guest does
    /// without; or what that says already.
    fn missing(&self, path: &str, need: &CpuModelNeed) -> Result<Vec<String>, Said> {
        let name = &need.name;
        let blockers = self.facts.get(&format!("{CUSTOM_MODELS}[{}].blockers", escape_key(name)));
        let blockers: Vec<&str> = match blockers {
            Some(Value::Set(features)) => features.iter().collect(),
            _ => Vec::new(),
        };
        let left =
            blockers.iter().filter(|feature| !need.without.iter().any(|own| own == *feature));
        let left: Vec<String> = left.map(|feature| (*feature).to_owned()).collect();
        if !blockers.is_empty() && left.is_empty() {
            return Ok(left);
        }
        let text = match blockers.is_empty() {
            true => "the host cannot use it".to_owned(),
            false => {
                format!(
                    "the host cannot use it: it lacks {}",
                    some(left.iter().map(String::as_str))
                )
            }
        };
        let unknown = |why: &str| Err(Said::Unknown(format!("{text}; {why}")));
        match need.check {
            // QEMU's emulation does without, and says so in its log only: 35 of 35 started.
            CpuCheck::None if need.is_emulated => return Ok(left),
            CpuCheck::None => return unknown("with check='none' the guest may start without"),
            _ => {}
        }
        if need.is_emulated {
            return unknown("under emulation that is no proof");
        }
        if blockers.is_empty() && !need.without.is_empty() {
            return unknown(
                "whether for want of a feature that the guest does without is not reported",
            );
        }
        if self.is_host_model(name) {
            return unknown("but it is the host's own model, so libvirt may accept it");
        }
        if !left.is_empty() && left.iter().all(|feature| is_left_out(feature)) {
            return unknown("libvirt's own definition of the model may do without");
        }
        Err(Said::No(path.to_owned(), text))
    }

    /// Whether check='partial' is known to accept a model.
    ///
    /// A newer libvirt takes QEMU's word for it, where the guest names no feature but to go without it
    /// (`virQEMUCapsIsCPUUsable`); the check of an older one compares libvirt's definition, of which
    /// host-model says that the host has it.
    fn is_accepted(&self, need: &CpuModelNeed, is_forgiven: bool) -> bool {
        let takes_qemus_word = self.libvirt.is_some_and(|libvirt| libvirt >= TAKES_QEMUS_WORD);
        if takes_qemus_word && !is_forgiven && !need.has_extra_features {
            return true;
        }
        let prefix = format!("{HOST_MODEL}.feature[");
        self.is_host_model(&need.name)
            && self.facts.iter().all(|(path, value)| {
                let feature = path.strip_prefix(prefix.as_str());
                let feature = feature.and_then(|rest| rest.strip_suffix("].policy"));
                value != Value::Text("disable")
                    || feature.is_none_or(|name| need.without.iter().any(|own| own == name))
            })
    }

    /// Whether host-model names this model, or the version that it stands for.
    fn is_host_model(&self, name: &str) -> bool {
        let Some(Value::Text(host)) = self.facts.get(&format!("{HOST_MODEL}.model")) else {
            return false;
        };
        let stands_for = |name: &str, other: &str| {
            let path = format!("{CUSTOM_MODELS}[{}].canonical", escape_key(name));
            self.facts.get(&path) == Some(Value::Text(other))
        };
        host == name || stands_for(name, host) || stands_for(host, name)
    }

    fn feature_said(&self, wanted: &Wanted) -> Said {
        let (Wanted::Feature { name, .. } | Wanted::NoFeature(name)) = wanted else {
            return Said::Nothing;
        };
        let path = || format!("{HOST_MODEL}.feature");
        match (self.has_feature(name), wanted) {
            (Some(true), Wanted::Feature { .. }) | (Some(false), Wanted::NoFeature(_)) => Said::Yes,
            (Some(false), Wanted::Feature { is_unchecked: false, .. }) => {
                Said::No(path(), format!("the host lacks {name}"))
            }
            (Some(false), _) => Said::Unknown(format!(
                "the host lacks {name}; with check='none' the guest may start without"
            )),
            (Some(true), _) => Said::No(path(), format!("the host has {name}")),
            (None, _) => {
                Said::Unknown(format!("whether the host has {name} is not in the document"))
            }
        }
    }

    /// Whether guests can have a CPU feature here.
    ///
    /// host-model lists what it has beyond the model it names, and what it lacks; a feature that
    /// blocks some model is one that the host lacks. All others may be part of the model or not,
    /// unless the document was asked for with every feature in it (libvirt 12.5).
    pub(super) fn has_feature(&self, name: &str) -> Option<bool> {
        let policy = format!("{HOST_MODEL}.feature[{}].policy", escape_key(name));
        match self.facts.get(&policy) {
            Some(Value::Text("require" | "force")) => return Some(true),
            Some(Value::Text("disable" | "forbid")) => return Some(false),
            _ => {}
        }
        if self.blocked().contains(name) {
            return Some(false);
        }
        let all = ["expand-cpu-features", "supported-cpu-features"];
        let is_complete = self.facts.get(HOST_MODEL) == Some(Value::Support(true))
            && self.flags.is_some_and(|flags| {
                all.iter().all(|flag| flags.split(',').any(|each| each == *flag))
            });
        is_complete.then_some(false)
    }

    /// Every feature that blocks some CPU model.
    fn blocked(&self) -> &HashSet<&'a str> {
        self.blocked.get_or_init(|| {
            let blockers = self.facts.iter().filter_map(|(path, value)| match value {
                Value::Set(features)
                    if path.starts_with(CUSTOM_MODELS) && path.ends_with("].blockers") =>
                {
                    Some(features)
                }
                _ => None,
            });
            blockers.flat_map(Members::iter).collect()
        })
    }
}

/// Where a document names the vendor of the host's CPU.
const HOST_VENDOR: &str = "cpu.mode[host-model].vendor";

/// Since this version check='partial' relies on `usable` (`virQEMUCapsIsCPUUsable`): commit 2ba73ca83b50,
/// "qemu: Optimize CPU check='partial' for usable CPUs". It stands behind 10.1.0, whose last capabilities of
/// QEMU it knows, and before the first of 10.2.0, which it does not.
const TAKES_QEMUS_WORD: Version = (10, 2, 0);

/// Features of QEMU's models that libvirt's definitions of the same models (src/cpu_map, those with
/// `<check partial='compat'/>`) leave out: EPYC-Rome without xsaves, core2duo without ss, Cascadelake without
/// ibrs-all.
fn is_left_out(feature: &str) -> bool {
    ["ss", "xsaves", "ibrs-all"].contains(&feature) || feature.starts_with("vmx-")
}

fn has(name: &str, there: Members<'_>) -> Said {
    if there.contains(name) {
        return Said::Yes;
    }
    Said::Lacks(name.to_owned(), there.iter().map(str::to_owned).collect())
}

/// libvirt lists the images of firmware packages; where it lists one of that name elsewhere, the path
/// may be a link to it, as on Fedora.
fn listed(path: &str, wanted: &str, must_be_listed: bool, there: Members<'_>) -> Said {
    let base_name = |path: &str| path.rsplit('/').next().map(str::to_owned);
    if there.contains(wanted) {
        return Said::Yes;
    }
    if let Some(other) = there.iter().find(|each| base_name(each) == base_name(wanted)) {
        return Said::Unknown(format!("{path} lists {other}, which may be the same image"));
    }
    if !must_be_listed {
        return Said::Unknown(format!(
            "{path} does not list it; the file may be there all the same"
        ));
    }
    let text = match there.is_empty() {
        true => format!("{path} is empty"),
        false => format!("{path} does not list it, but {}", some(there.iter())),
    };
    Said::No(path.to_owned(), text)
}

/// Whether libvirt finds an image of a format, by the names of those that it lists.
fn image_format(format: &str, there: Members<'_>) -> Said {
    let is_qcow2 = |image: &str| image.ends_with(".qcow2");
    match there.iter().any(|image| is_qcow2(image) == (format == "qcow2")) {
        true => Said::Yes,
        false => {
            Said::Unknown(format!("no image that libvirt lists looks like one of format {format}"))
        }
    }
}

#[cfg(test)]
mod tests;
