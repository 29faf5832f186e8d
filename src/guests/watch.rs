//! What a guest watches: the paths at which a change can hit it.
//!
//! A guest is compiled into watches once, so that many changes can be held against many guests
//! by looking paths up.

use std::borrow::Cow;

use super::Known;
use crate::diff::{Change, Difference, Kind, Plain};
use crate::model::{CUSTOM_MODELS, Guest, LOADERS, Wanted, escape_key, is_at_or_below};

/// One path, what must happen there, and where the guest's XML makes it matter.
pub(super) struct Watch<'g> {
    pub(super) path: Cow<'g, str>,
    trigger: Trigger<'g>,
    pub(super) element: &'g str,
}

enum Trigger<'g> {
    /// The need is met no more, or perhaps no more.
    Need(&'g Wanted),
    /// Any member is lost.
    AnyMember,
    /// This member is lost.
    Member(&'static str),
    /// Another value.
    Changed,
    /// Became yes.
    BecameYes,
}

/// The watches of a guest.
pub(super) fn watches<'g>(guest: &'g Guest, known: &Known) -> Vec<Watch<'g>> {
    let mut found = Vec::with_capacity(guest.needs.len() + 8);
    for need in &guest.needs {
        let watch = |path: String, trigger| Watch {
            path: Cow::Owned(path),
            trigger,
            element: need.element.as_str(),
        };
        for (path, wanted) in need.witnesses() {
            let (path, trigger) = (Cow::Borrowed(path), Trigger::Need(wanted));
            found.push(Watch { path, trigger, element: &need.element });
        }
        match &need.wanted {
            Wanted::Model { name, .. } => {
                let model = |key: &str| format!("{CUSTOM_MODELS}[{key}]");
                let own = model(&escape_key(name));
                found.push(watch(format!("{own}.canonical"), Trigger::Changed));
                found.push(watch(format!("{own}.deprecated"), Trigger::BecameYes));
                for version in known.versions(name) {
                    let usable = format!("{}.usable", model(version));
                    found.push(watch(usable, Trigger::Need(&need.wanted)));
                }
            }
            Wanted::Member(kind) if need.path == SECTYPE && kind.starts_with("sev") => {
                for name in ["cbitpos", "reducedPhysBits"] {
                    found.push(watch(format!("features.sev.{name}"), Trigger::Changed));
                }
            }
            Wanted::Member(_) if need.path == "os.firmware" && !names_loader(guest) => {
                found.push(watch(format!("{LOADERS}[0]"), Trigger::Changed));
            }
            Wanted::Supported => {
                for (mode, name, trigger) in of_modes() {
                    let (mode, name) = (format!("cpu.mode[{mode}]"), format!(".{name}"));
                    let path = format!("{mode}{name}");
                    if need.path == mode && guest.needs_member(&path, "off").is_none() {
                        found.push(watch(path, trigger));
                    }
                }
            }
            _ => {}
        }
    }
    found
}

pub(super) const SECTYPE: &str = "features.launchSecurity.sectype";

fn names_loader(guest: &Guest) -> bool {
    guest.needs.iter().any(|need| matches!(need.wanted, Wanted::Loader { .. }))
}

/// What matters to guests that take the host's CPU, whether their XML says so or not.
fn of_modes<'g>() -> [(&'static str, &'static str, Trigger<'g>); 4] {
    [
        ("host-passthrough", "hostPassthroughMigratable", Trigger::Member("on")),
        ("maximum", "maximumMigratable", Trigger::Member("on")),
        ("host-model", "model", Trigger::Changed),
        ("host-model", "feature", Trigger::AnyMember),
    ]
}

impl Watch<'_> {
    /// Whether a change of this path, or of one above it, hits the guest.
    pub(super) fn is_hit(&self, change: &Change) -> bool {
        let difference = &change.difference;
        let is_here = difference.path == self.path;
        match difference.kind {
            Kind::Gained => false,
            // A mark that libvirt prints only where it is set.
            Kind::Reported => is_here && matches!(self.trigger, Trigger::BecameYes),
            Kind::Changed => is_here && self.changed(difference),
            Kind::Lost => match &difference.value {
                Some(value) => self.member_lost(&difference.path, value),
                None => self.support_lost(&difference.path, &change.evidence.blockers),
            },
            // Nothing is known of it any more; what was denied before was no use before.
            Kind::Unreported => {
                let was_denied = difference.old == Some(Plain::text("no"));
                !was_denied && self.is_gone_with(&difference.path) && !self.needs_no_report()
            }
        }
    }

    fn is_gone_with(&self, path: &str) -> bool {
        matches!(self.trigger, Trigger::Need(_)) && is_at_or_below(&self.path, path)
    }

    fn needs_no_report(&self) -> bool {
        let Trigger::Need(wanted) = &self.trigger else { return false };
        matches!(
            wanted,
            Wanted::MemberIfReported(_) | Wanted::TextIfReported(_) | Wanted::NoFeature(_)
        )
    }

    fn member_lost(&self, path: &str, value: &str) -> bool {
        let is_here = path == self.path;
        match &self.trigger {
            Trigger::AnyMember => is_here,
            Trigger::Member(member) => is_here && *member == value,
            Trigger::Need(Wanted::Model { name, .. }) => path == CUSTOM_MODELS && name == value,
            Trigger::Need(
                Wanted::Member(name)
                | Wanted::MemberIfReported(name)
                | Wanted::Loader { path: name, .. }
                | Wanted::Feature { name, .. },
            ) => is_here && name == value,
            _ => false,
        }
    }

    /// Support of something is lost: of what is needed, or of what it is part of.
    fn support_lost(&self, path: &str, blockers: &[String]) -> bool {
        let Trigger::Need(wanted) = &self.trigger else { return false };
        match wanted {
            // Features of the guest's own: what host-model can do is only where one learns of them.
            Wanted::Feature { .. } | Wanted::NoFeature(_) | Wanted::TextIfReported(_) => false,
            Wanted::Model { without, .. } if path == self.path => {
                blockers.is_empty() || !blockers.iter().all(|each| without.contains(each))
            }
            _ => is_at_or_below(&self.path, path),
        }
    }

    fn changed(&self, difference: &Difference) -> bool {
        match (&self.trigger, &difference.new) {
            (Trigger::Changed, _) => true,
            (Trigger::BecameYes, new) => *new == Some(Plain::text("yes")),
            (Trigger::Need(Wanted::AtLeast(wanted)), Some(Plain::Number(new))) => new < wanted,
            (Trigger::Need(Wanted::TextIfReported(wanted)), Some(Plain::Text(new))) => {
                new != wanted
            }
            // Support that is neither yes nor no.
            (Trigger::Need(Wanted::Supported | Wanted::Model { .. }), _) => true,
            _ => false,
        }
    }

    /// Under which paths a change can hit: its own, and all above it.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        crate::model::ancestors(&self.path)
    }
}

/// How a change of a whole level hits a guest: the part of its XML that names what changed.
pub(super) fn level(guest: &Guest, change: &Change) -> Option<String> {
    let Difference { path, value, kind, new, .. } = &change.difference;
    let became_yes = *new == Some(Plain::text("yes"));
    let machine = || guest.machine.as_ref().map(|name| format!("os/type machine={name}"));
    let names = |own: &Option<String>| own.is_some() && own == value;
    match (path.as_str(), kind) {
        ("document", Kind::Lost) => Some("domain".to_owned()),
        ("document.suspect", Kind::Changed) => became_yes.then(|| "domain".to_owned()),
        ("emulator", Kind::Lost) => match (&guest.emulator, value) {
            (Some(own), Some(lost)) => {
                (base_name(own) == base_name(lost)).then(|| format!("devices/emulator {own}"))
            }
            _ => Some("domain".to_owned()),
        },
        ("arch", Kind::Lost) => {
            let name = guest.arch.as_ref().filter(|_| names(&guest.arch))?;
            Some(format!("os/type arch={name}"))
        }
        ("virttype", Kind::Lost) => (value.as_deref() == Some(guest.virttype.as_str()))
            .then(|| format!("domain type={}", guest.virttype)),
        // Whether it is the guest's own is said by the targets.
        ("machine" | "target", Kind::Lost) => machine(),
        _ => {
            let name = escape_key(guest.machine.as_ref()?);
            let is_alias = *path == format!("alias[{name}]");
            let is_deprecated = became_yes && *path == format!("machine[{name}].deprecated");
            (is_alias || is_deprecated).then(machine).flatten()
        }
    }
}

/// The name behind the last `/`.
pub(super) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
