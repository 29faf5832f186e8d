//! What changed between two documents.
//!
//! One pass over the paths at which they differ ([`differing()`]); three places have a meaning of their
//! own and stand in files of their own: CPU models ([`models`]), host-model ([`host_model`]) and loaders
//! ([`loaders`]). Everything else follows from the kind of the value.

mod differing;
mod host_model;
mod loaders;
mod models;

use std::collections::BTreeSet;

use foldhash::{HashSet, HashSetExt as _};

use differing::{Differing, differing};

use super::change::{Difference, Evidence, Kind, Plain};
use super::facts::Facts;
use crate::model::{CUSTOM_MODELS, Context, DottedNames, HOST_UNIQUE, LOADERS, Members, Value};

/// What the two documents have to do with each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Both are of one host: then a value unique to a host can change.
    pub is_one_host: bool,
    /// They were asked for under different CPU flags: then host-model features say nothing.
    pub is_other_flags: bool,
    /// They are not known to come from one version of libvirt: then a host-model feature that only one
    /// of them lists says nothing, since each version defines the named models in its own way.
    pub is_other_libvirt: bool,
}

impl Scope {
    /// What two contexts make of a comparison.
    #[must_use]
    pub fn between(old: &Context, new: &Context, is_one_host: bool) -> Self {
        Self {
            is_one_host,
            is_other_flags: old.api_flags != new.api_flags,
            is_other_libvirt: old.libvirt.is_none() || old.libvirt != new.libvirt,
        }
    }
}

/// Every difference between two documents, sorted by path, value and kind.
///
/// Targets are not looked at: two documents are compared whatever they describe.
#[must_use]
pub fn documents<'a>(old: &Facts<'a>, new: &Facts<'a>, scope: Scope) -> Vec<Difference> {
    match (old.is_empty_document(), new.is_empty_document()) {
        (false, true) => return vec![Difference::new(Kind::Lost, "document")],
        (true, false) => return vec![Difference::new(Kind::Gained, "document")],
        _ => {}
    }
    let mut dotted = old.dotted().clone();
    dotted.extend(new.dotted());
    let (hidden, found) = (HashSet::new(), Vec::new());
    let mut comparison = Comparison { old, new, scope, dotted, hidden, found };
    let differing = differing(old, new);
    comparison.hide_what_is_settled_above(&differing);
    for each in &differing {
        if !comparison.is_hidden(each.path) {
            comparison.path(each);
        }
    }
    if differing.iter().any(|each| host_model::is_below(each.path)) {
        host_model::features(&mut comparison);
    }
    let mut found = comparison.found;
    found.sort_unstable();
    found.dedup();
    found
}

/// Every difference with what explains it.
#[must_use]
pub fn explained<'a>(old: &Facts<'a>, new: &Facts<'a>, scope: Scope) -> super::DocumentChanges {
    let listed_versions = match old.get(CUSTOM_MODELS) {
        Some(Value::Set(names)) => names.iter().any(|name| {
            crate::model::base_of_version(name).is_some_and(|base| names.contains(base))
        }),
        _ => false,
    };
    let explain = |difference: Difference| {
        let evidence = Evidence {
            listed_versions: listed_versions && difference.path == CUSTOM_MODELS,
            ..evidence(&difference, old, new)
        };
        (difference, evidence)
    };
    documents(old, new, scope).into_iter().map(explain).collect()
}

/// The kinds of launch security, where any is supported.
const SECTYPES: &str = "features.launchSecurity.sectype";

/// What the two documents say beside a difference: the blockers of a CPU model on the side on which
/// it is blocked, the kinds of launch security there were, whether there was a yes.
fn evidence<'a>(difference: &Difference, old: &Facts<'a>, new: &Facts<'a>) -> Evidence {
    let names = |side: &Facts<'_>, path: &str| match side.get(path) {
        Some(Value::Set(names)) => names.iter().map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let blockers = models::blockers_path(&difference.path).map(|path| {
        let sides = [names(new, &path), names(old, &path)];
        sides.into_iter().find(|names| !names.is_empty()).unwrap_or_default()
    });
    let security = match difference.kind {
        Kind::Lost if SECTYPES.starts_with(&difference.path) => Some(old),
        Kind::Gained if SECTYPES.starts_with(&difference.path) => Some(new),
        _ => None,
    };
    let said_yes = || match old.get(&difference.path) {
        Some(Value::Support(yes)) => yes,
        Some(Value::Text(text)) => models::is_usable(&difference.path) && text == "yes",
        _ => false,
    };
    Evidence {
        is_unusable: models::is_listed_unusable(difference, old, new),
        blockers: blockers.unwrap_or_default(),
        members: security.map_or_else(Vec::new, |side| names(side, SECTYPES)),
        is_listed_version: models::is_listed_version(difference, old, new),
        said_yes: difference.kind == Kind::Unreported && said_yes(),
        may_be_loss: host_model::may_be_loss(difference, old, new),
        ..Evidence::default()
    }
}

struct Comparison<'c, 'a> {
    old: &'c Facts<'a>,
    new: &'c Facts<'a>,
    scope: Scope,
    dotted: DottedNames,
    /// Paths below which nothing is listed.
    hidden: HashSet<String>,
    /// In no order, and some of it twice.
    found: Vec<Difference>,
}

impl<'a> Comparison<'_, 'a> {
    /// Nothing is listed below a support change, nor below a member that came or went.
    fn hide_what_is_settled_above(&mut self, differing: &[Differing<'_>]) {
        for each in differing {
            let sides = self.sides(each);
            let is_support = sides.iter().any(|side| matches!(side, Some(Value::Support(_))));
            if is_support && support_change(sides[0], sides[1]).is_some() {
                self.hidden.insert(each.path.to_owned());
            }
        }
        self.hidden.extend(models::came_or_went(self.old, self.new));
    }

    /// What both sides say.
    fn sides(&self, each: &Differing<'_>) -> [Option<Value<'a>>; 2] {
        [each.old.map(|place| self.old.value(place)), each.new.map(|place| self.new.value(place))]
    }

    /// What both sides say, as a change carries it.
    fn plain(&self, each: &Differing<'_>) -> [Option<Plain>; 2] {
        let plain = |side: &Facts<'_>, place: Option<usize>| side.plain(place?);
        [plain(self.old, each.old), plain(self.new, each.new)]
    }

    fn is_hidden(&self, path: &str) -> bool {
        if self.hidden.is_empty() {
            return false;
        }
        let mut above = self.dotted.ancestors(path);
        above.any(|above| above.len() < path.len() && self.hidden.contains(above))
    }

    fn path(&mut self, each: &Differing<'a>) {
        let path = each.path;
        let sides = self.sides(each);
        let is_unique = HOST_UNIQUE.contains(&path) && !self.scope.is_one_host;
        if is_unique || host_model::is_feature(self, path) || models::explains(self, path) {
            return;
        }
        match sides {
            [Some(old), Some(new)] if old != new => self.values(each, old, new),
            [Some(old), None] => self.one_sided(path, old, Kind::Unreported),
            [None, Some(new)] => self.one_sided(path, new, Kind::Reported),
            _ => {}
        }
    }

    /// Both sides say something, and not the same.
    fn values(&mut self, each: &Differing<'_>, old: Value<'_>, new: Value<'_>) {
        let path = each.path;
        if support(Some(old)) == Some(None) && support(Some(new)) == Some(None) {
            return;
        }
        let is_support = models::is_usable(path)
            || matches!((old, new), (Value::Support(_), _) | (_, Value::Support(_)));
        if is_support && let Some(kind) = support_change(Some(old), Some(new)) {
            let difference = Difference::new(kind, path);
            self.found.push(difference.with_sides(known_support(old), known_support(new)));
            return;
        }
        let is_unknown =
            |side: Value<'_>| models::is_usable(path) && side == Value::Text("unknown");
        match (old, new) {
            (old, _) if old == Value::Null || is_unknown(old) => {
                self.found.push(Difference::new(Kind::Reported, path));
            }
            (_, new) if new == Value::Null || is_unknown(new) => {
                self.found.push(Difference::new(Kind::Unreported, path));
            }
            (Value::Set(old), Value::Set(new)) if models::is_blockers(path) => {
                models::blockers(self, each, old, new);
            }
            (Value::Set(old), Value::Set(new)) => self.members(path, old, new),
            (Value::List(old), Value::List(new)) if path == LOADERS => {
                loaders::compare(self, old, new);
            }
            _ => {
                let difference = Difference::new(Kind::Changed, path);
                let [old, new] = self.plain(each);
                self.found.push(difference.with_sides(old, new));
            }
        }
    }

    /// Members of a set that both sides report, or loaders.
    fn members(&mut self, path: &str, old: Members<'_>, new: Members<'_>) {
        let [old, new] = [old, new].map(|members| members.iter().collect::<BTreeSet<_>>());
        for lost in old.difference(&new) {
            self.found.push(Difference::new(Kind::Lost, path).with_value(lost));
        }
        for gained in new.difference(&old) {
            self.found.push(Difference::new(Kind::Gained, path).with_value(gained));
        }
    }

    /// Only one side says anything: once, at the topmost element that only this side has.
    fn one_sided(&mut self, path: &str, value: Value<'_>, kind: Kind) {
        let other = if kind == Kind::Reported { self.old } else { self.new };
        let is_missing = |above: &&str| !other.has_element(above) && !models::holds(above, path);
        let topmost = self.dotted.ancestors(path).find(is_missing);
        let is_support = match topmost {
            // The other side has the element.
            None => matches!(value, Value::Support(_) | Value::Text("unknown")),
            Some(topmost) => topmost == path && models::is_usable(path),
        };
        let is_unknown = is_support && known_support(value).is_none();
        let is_null = topmost.is_none() && value == Value::Null;
        if is_unknown || is_null || models::blocks_nothing(path, value) {
            return;
        }
        let difference = Difference::new(kind, topmost.unwrap_or(path));
        self.found.push(match kind {
            Kind::Reported if is_support => difference.with_sides(None, known_support(value)),
            _ if is_support => difference.with_sides(known_support(value), None),
            _ => difference,
        });
    }
}

/// What a support value says: yes, no, or nothing.
fn known_support(value: Value<'_>) -> Option<Plain> {
    support(Some(value)).flatten().map(|yes| Plain::text(if yes { "yes" } else { "no" }))
}

/// Yes or no; `Some(None)` for absent and unknown, which say nothing; `None` for other text.
fn support(value: Option<Value<'_>>) -> Option<Option<bool>> {
    match value {
        Some(Value::Support(yes)) => Some(Some(yes)),
        Some(Value::Text("yes")) => Some(Some(true)),
        Some(Value::Text("no")) => Some(Some(false)),
        None | Some(Value::Null | Value::Text("unknown")) => Some(None),
        _ => None,
    }
}

/// The kind of a support change; `None` where nothing changed or a side says something else.
fn support_change(old: Option<Value<'_>>, new: Option<Value<'_>>) -> Option<Kind> {
    match (support(old)?, support(new)?) {
        (Some(true), Some(false)) => Some(Kind::Lost),
        (Some(false), Some(true)) => Some(Kind::Gained),
        (Some(_), None) => Some(Kind::Unreported),
        (None, Some(_)) => Some(Kind::Reported),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
