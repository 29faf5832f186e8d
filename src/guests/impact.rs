//! Which changes hit which guests: two verdicts compared, requirement by requirement.

use std::collections::HashMap;

use super::check::{GuestAnswers, GuestChecks};
use super::verdict::{Answer, Reason};
use crate::diff::{Change, ChangedTarget, Difference, Evidence, Kind, Plain};
use crate::model::{
    CUSTOM_MODELS, Guest, HOST_MODEL, LOADERS, Target, Wanted, escape_key, is_at_or_below,
};
use crate::side::{Contents, Side, SideError};

/// What an upgrade does to guests: every requirement that became worse.
pub struct GuestImpacts<'g> {
    guests: Vec<&'g Guest>,
    worsened: Vec<WorsenedRequirement>,
    unjudged: Vec<usize>,
}

/// A guest's requirement that is met no more, or perhaps no more.
#[derive(Debug)]
struct WorsenedRequirement {
    guest: usize,
    was: Answer,
    reason: Reason,
    /// The guest's target on the old side and on the new one.
    targets: [Option<Target>; 2],
}

/// What a change does to one guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impact {
    /// The guest, by its number in the order they were given.
    pub guest: usize,
    /// What became of its requirement: no, or unknown.
    pub answer: Answer,
    /// The part of the guest's XML that it is about, and why.
    pub text: String,
}

impl<'g> GuestImpacts<'g> {
    /// Judges guests on both sides.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn new(
        guests: impl IntoIterator<Item = &'g Guest>,
        [old, new]: [&Side; 2],
        contents: &Contents,
    ) -> Result<Self, SideError> {
        let guests: Vec<&Guest> = guests.into_iter().collect();
        let mut checks = GuestChecks::new(guests.iter().copied());
        let (old, new) = (checks.judge(old, contents)?, checks.judge(new, contents)?);
        let (mut worsened, mut unjudged) = (Vec::new(), Vec::new());
        for (guest, (old, new)) in old.iter().zip(&new).enumerate() {
            let found = compare(guest, old, new);
            let is_broken = |worse: &WorsenedRequirement| worse.reason.answer == Answer::No;
            let is_judged =
                found.iter().any(is_broken) || answer(old) == Answer::No || is_found([old, new]);
            if !is_judged {
                unjudged.push(guest);
            }
            worsened.extend(found);
        }
        Ok(Self { guests, worsened, unjudged })
    }

    /// The guests that could not be judged: nothing is known of their target on one side.
    #[must_use]
    pub fn unjudged(&self) -> &[usize] {
        &self.unjudged
    }

    /// What a change does to the guests, each once, in their order.
    #[must_use]
    pub fn of(&self, change: &Change) -> Vec<Impact> {
        let mut hit: Vec<Impact> = Vec::new();
        for worse in &self.worsened {
            if !self.is_told(worse, change) {
                continue;
            }
            let WorsenedRequirement { guest, reason, .. } = worse;
            let text = format!("{}: {}", reason.element, reason.text);
            let impact = Impact { guest: *guest, answer: reason.answer, text };
            match hit.iter_mut().find(|known| known.guest == *guest) {
                Some(known) if impact.answer < known.answer => *known = impact,
                Some(_) => {}
                None => hit.push(impact),
            }
        }
        hit
    }

    /// A change for each requirement that became worse and of which none of `changes` tells.
    #[must_use]
    pub fn untold(&self, changes: &[Change]) -> Vec<Change> {
        let mut found: Vec<Change> = Vec::new();
        for worse in &self.worsened {
            if changes.iter().any(|change| self.is_told(worse, change)) {
                continue;
            }
            let difference = worse.difference();
            if !found.iter().any(|known| known.difference == difference) {
                let targets = [].into();
                found.push(Change { difference, evidence: Evidence::default(), targets });
            }
        }
        found
    }

    /// Whether a change says that a requirement became worse.
    fn is_told(&self, worse: &WorsenedRequirement, change: &Change) -> bool {
        if change.targets.is_empty() && change.difference == worse.difference() {
            return true;
        }
        if change.difference.kind == Kind::Gained {
            return false;
        }
        let guest = self.guests[worse.guest];
        // A loader is a file of the host: which lists it stood in does not matter.
        let is_own = change.difference.path == LOADERS
            || change.targets.is_empty()
            || change.targets.iter().any(|target| worse.is_own(guest, target));
        if !is_own {
            return false;
        }
        let mut needs = guest.needs.iter().filter(|need| need.element == worse.reason.element);
        needs.any(|need| need.witnesses().any(|(path, wanted)| tells(path, wanted, change)))
            || worse.is_level(guest, change)
    }
}

/// Whether a guest was found on both sides.
fn is_found(sides: [&GuestAnswers; 2]) -> bool {
    sides.iter().all(|side| side.target.is_some())
}

/// The worst of the answers.
fn answer(answers: &GuestAnswers) -> Answer {
    answers.reasons.iter().map(|reason| reason.answer).min().unwrap_or(Answer::Yes)
}

/// The requirements that are worse on the new side, each once.
fn compare(guest: usize, old: &GuestAnswers, new: &GuestAnswers) -> Vec<WorsenedRequirement> {
    let mut before: HashMap<&str, Answer> = HashMap::new();
    for reason in &old.reasons {
        let known = before.entry(&reason.element).or_insert(Answer::Yes);
        *known = reason.answer.min(*known);
    }
    // Where the guest was not found, nothing else was looked at.
    let unasked = if old.target.is_some() { Answer::Yes } else { answer(old) };
    let mut found: Vec<WorsenedRequirement> = Vec::new();
    for reason in &new.reasons {
        let was = before.get(reason.element.as_str()).copied().unwrap_or(unasked);
        if reason.answer >= was {
            continue;
        }
        let is_same = |known: &&mut WorsenedRequirement| known.reason.element == reason.element;
        match found.iter_mut().find(is_same) {
            Some(known) if reason.answer < known.reason.answer => known.reason = reason.clone(),
            Some(_) => {}
            None => {
                let targets = [old.target.clone(), new.target.clone()];
                found.push(WorsenedRequirement { guest, was, reason: reason.clone(), targets });
            }
        }
    }
    found
}

impl WorsenedRequirement {
    /// The change that this is, where no other tells of it.
    fn difference(&self) -> Difference {
        let path = self.reason.path.as_deref().unwrap_or("guest.requirement");
        let text = |answer: Answer| Some(Plain::text(answer.name()));
        Difference::new(Kind::Changed, path).with_sides(text(self.was), text(self.reason.answer))
    }

    /// Whether a change was seen on the guest's target.
    fn is_own(&self, guest: &Guest, target: &ChangedTarget) -> bool {
        let fits = |own: Option<&str>, there: &Option<String>| match (own, there) {
            (Some(own), Some(there)) => own == there,
            _ => true,
        };
        let machines = [&target.old_machine, &target.new_machine];
        let is_machine = |own: &str| machines.iter().any(|it| it.as_deref() == Some(own));
        let named = self.targets.iter().flatten().map(|own| own.machine.as_str());
        let is_named = target.alias.is_some() && target.alias == guest.machine;
        fits(guest.arch.as_deref(), &target.arch)
            && fits(Some(&guest.virttype), &target.virttype)
            && (machines.iter().all(|it| it.is_none())
                || is_named
                || guest.machine.is_none() && self.targets.iter().all(Option::is_none)
                || named.chain(guest.machine.as_deref()).any(is_machine))
    }

    /// Whether a change of a whole level, or of the machine list, is why the guest has no place, or another.
    fn is_level(&self, guest: &Guest, change: &Change) -> bool {
        let Difference { path, value, .. } = &change.difference;
        let element = self.reason.element.as_str();
        let is_value = |own: Option<&str>| own.is_some() && own == value.as_deref();
        let is_place = ["os/type", "domain type", "devices/emulator"]
            .iter()
            .any(|start| element.starts_with(start));
        match path.as_str() {
            "document" | "document.suspect" => true,
            _ if !is_place => false,
            "arch" => is_value(guest.arch.as_deref()),
            "virttype" => value.is_none() || is_value(Some(&guest.virttype)),
            "emulator" => guest.emulator.is_none() || is_value(guest.emulator.as_deref()),
            "machine" | "target" => true,
            _ if path.starts_with("emulator[") => element.starts_with("devices/emulator"),
            _ => {
                let name = guest.machine.as_deref().map(escape_key);
                name.is_some_and(|name| *path == format!("alias[{name}]"))
            }
        }
    }
}

/// Whether a change is of what is wanted at a path.
fn tells(path: &str, wanted: &Wanted, change: &Change) -> bool {
    let Difference { path: changed, value, .. } = &change.difference;
    let is_above = changed != path && is_at_or_below(path, changed);
    let is_value = |name: &str| value.as_deref().is_none_or(|value| value == name);
    match wanted {
        Wanted::Feature { name, .. } | Wanted::NoFeature(name) => {
            let own = format!("{HOST_MODEL}.feature[{}]", escape_key(name));
            (*changed == format!("{HOST_MODEL}.feature") && is_value(name))
                || is_at_or_below(changed, &own)
                || change.evidence.blockers.contains(name)
                || *changed == format!("{HOST_MODEL}.model")
                || is_at_or_below(HOST_MODEL, changed)
        }
        Wanted::Model(model) => {
            let own = format!("{CUSTOM_MODELS}[{}]", escape_key(&model.name));
            (changed == CUSTOM_MODELS && is_value(&model.name))
                || is_at_or_below(changed, &own)
                || (changed != CUSTOM_MODELS && is_at_or_below(CUSTOM_MODELS, changed))
        }
        Wanted::Member(name)
        | Wanted::MemberIfReported(name)
        | Wanted::Loader { path: name, .. } => is_above || changed == path && is_value(name),
        _ => is_above || changed == path,
    }
}

#[cfg(test)]
mod tests;
