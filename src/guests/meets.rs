//! Whether a document meets a need: yes, no, or it does not say.

use std::cell::OnceCell;
use std::collections::HashSet;

use super::verdict::{Reason, some};
use crate::diff::Facts;
use crate::model::{
    CUSTOM_MODELS, Capabilities, HOST_MODEL, Members, Need, Value, Wanted, ancestors, escape_key,
};

/// One document, and what stands beside it.
pub(super) struct Document<'a> {
    pub(super) facts: Facts<'a>,
    /// CPU flags it was asked for under.
    pub(super) flags: Option<&'a str>,
    /// Most virtual CPUs, as the machine list says it.
    pub(super) max_cpus: Option<i64>,
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
        Self { facts: Facts::of(capabilities), flags, max_cpus, blocked: OnceCell::new() }
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
        let is_denied = |above: &&str| self.facts.get(above) == Some(Value::Support(false));
        if !matches!(wanted, Wanted::TextIfReported(_))
            && let Some(above) = ancestors(path).find(is_denied)
        {
            return Said::No(above.to_owned(), format!("{above} is not supported"));
        }
        match (wanted, self.facts.get(path)) {
            (Wanted::Supported, Some(Value::Support(true))) => Said::Yes,
            (Wanted::Member(name), Some(Value::Set(there))) => has(name, there),
            (Wanted::MemberIfReported(name), Some(Value::Set(there))) => has(name, there),
            (Wanted::TextIfReported(wanted), Some(Value::Text(there))) if there != wanted => {
                Said::No(path.to_owned(), format!("{path} is {there}"))
            }
            (Wanted::MemberIfReported(_) | Wanted::TextIfReported(_), _) => Said::Yes,
            (Wanted::Loader { path: wanted, must_be_listed }, Some(Value::List(there))) => {
                listed(path, wanted, *must_be_listed, there)
            }
            (Wanted::AtLeast(wanted), there) => self.at_least(path, *wanted, there),
            (Wanted::Model { .. }, usable) => self.model(path, wanted, usable),
            _ => Said::Nothing,
        }
    }

    fn at_least(&self, path: &str, wanted: i64, there: Option<Value<'_>>) -> Said {
        let there = match there {
            Some(Value::Number(there)) => Some(there),
            // Some drivers leave it to the machine list.
            _ if path == "vcpu.max" => self.max_cpus,
            _ => None,
        };
        match there {
            Some(there) if there >= wanted => Said::Yes,
            Some(there) => Said::No(path.to_owned(), format!("{path} is {there}")),
            None => Said::Nothing,
        }
    }

    /// `usable`, but for features that the guest does without.
    fn model(&self, path: &str, wanted: &Wanted, usable: Option<Value<'_>>) -> Said {
        let Wanted::Model { name, without, is_unchecked } = wanted else { return Said::Nothing };
        match self.facts.get(CUSTOM_MODELS) {
            Some(Value::Set(names)) if !names.contains(name) => {
                let text = format!("{CUSTOM_MODELS} has no {name}");
                return Said::No(CUSTOM_MODELS.to_owned(), text);
            }
            _ => {}
        }
        match usable {
            Some(Value::Text("yes")) => return Said::Yes,
            Some(Value::Text("no")) => {}
            Some(Value::Text(_)) => {
                let text = "libvirt does not know whether the host can use it";
                return Said::Unknown(text.to_owned());
            }
            _ => return Said::Nothing,
        }
        let blockers = self.facts.get(&format!("{CUSTOM_MODELS}[{}].blockers", escape_key(name)));
        let blockers = match blockers {
            Some(Value::Set(features)) => features.iter().collect(),
            _ => Vec::new(),
        };
        let left = blockers.iter().filter(|feature| !without.iter().any(|own| own == *feature));
        let left: Vec<&str> = left.copied().collect();
        if !blockers.is_empty() && left.is_empty() {
            return Said::Yes;
        }
        let text = match blockers.is_empty() {
            true => "the host cannot use it".to_owned(),
            false => format!("the host cannot use it: it lacks {}", some(left.into_iter())),
        };
        if *is_unchecked {
            return Said::Unknown(format!("{text}; with check='none' the guest may start without"));
        }
        if blockers.is_empty() && !without.is_empty() {
            let why = "whether for want of a feature that the guest does without is not reported";
            return Said::Unknown(format!("{text}; {why}"));
        }
        Said::No(path.to_owned(), text)
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

#[cfg(test)]
mod tests;
