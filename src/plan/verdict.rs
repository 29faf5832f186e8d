//! The verdict on a guest on a projection: what is sure beside what is possible.

use super::fix::{Fix, fix, successor};
use super::project::{OF_HOST, Projection};
use crate::guests::{Answer, GuestChecks, Reason, Verdict};
use crate::model::{Guest, LOADERS, is_at_or_below};
use crate::release::OptionalPackage;
use crate::side::{Contents, SideError};

/// What an answer rests on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// The release.
    Release,
    /// The host's newest observation.
    Host,
    /// Whether packages are installed, which neither says.
    Package(String),
    /// Nothing: no host was named whose CPU it could be.
    Nothing,
}

impl Basis {
    /// The name used in JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Host => "host",
            Self::Package(_) => "package",
            Self::Nothing => "nothing",
        }
    }
}

/// Why a guest cannot stay as it is, or why that cannot be decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PlannedReason {
    /// The reason.
    pub reason: Reason,
    /// What it rests on.
    pub basis: Basis,
    /// What changes it, where something does.
    pub fix: Option<Fix>,
}

/// The verdict on a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedVerdict {
    /// The worst of the reasons.
    pub answer: Answer,
    /// Everything that is not yes, the worst first.
    pub reasons: Vec<PlannedReason>,
    /// What decides nothing and is worth knowing.
    pub notes: Vec<String>,
}

impl Projection {
    /// The verdict on each guest.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn judge(
        &self,
        checks: &mut GuestChecks<'_>,
        guests: &[&Guest],
        contents: &Contents,
    ) -> Result<Vec<PlannedVerdict>, SideError> {
        let possible = checks.check(&self.possible, contents)?;
        let sure = match self.is_all_sure() {
            true => possible.clone(),
            false => checks.check(&self.sure, contents)?,
        };
        let merged = guests.iter().zip(possible).zip(sure);
        let mut verdicts: Vec<PlannedVerdict> =
            merged.map(|((guest, possible), sure)| self.merged(guest, possible, sure)).collect();
        self.judge_moved(&mut verdicts, guests, contents)?;
        Ok(verdicts)
    }

    /// Adds what else has to change in guests whose machine type is gone, as they are on the one that they move to.
    fn judge_moved(
        &self,
        verdicts: &mut [PlannedVerdict],
        guests: &[&Guest],
        contents: &Contents,
    ) -> Result<(), SideError> {
        let moved = |(at, verdict): (usize, &PlannedVerdict)| {
            let mut reasons = verdict.reasons.iter();
            let is_gone = |it: &&PlannedReason| {
                it.reason.answer == Answer::No && it.reason.element.starts_with("os/type machine=")
            };
            reasons.find(is_gone)?;
            let machine = successor(guests[at], guests[at].machine.as_deref()?, &self.possible)?;
            Some((at, Guest { machine: Some(machine), ..guests[at].clone() }))
        };
        let moved: Vec<(usize, Guest)> = verdicts.iter().enumerate().filter_map(moved).collect();
        if moved.is_empty() {
            return Ok(());
        }
        let mut checks = GuestChecks::new(moved.iter().map(|(_, guest)| guest));
        let possible = checks.check(&self.possible, contents)?;
        let sure = checks.check(&self.sure, contents)?;
        for (((at, guest), possible), sure) in moved.iter().zip(possible).zip(sure) {
            let there = self.merged(guest, possible, sure);
            let verdict = &mut verdicts[*at];
            verdict.reasons.extend(there.reasons);
            verdict.reasons.sort_by_key(|planned| planned.reason.answer);
            let machine = guest.machine.as_deref().unwrap_or_default();
            verdict.notes = vec![format!("what else it needs was looked at on {machine}")];
            verdict.notes.extend(there.notes);
        }
        Ok(())
    }

    /// The verdict on each guest, as of a host.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn verdicts(
        &self,
        checks: &mut GuestChecks<'_>,
        contents: &Contents,
    ) -> Result<Vec<Verdict>, SideError> {
        let possible = checks.check(&self.possible, contents)?;
        let sure = checks.check(&self.sure, contents)?;
        let verdict = |((guest, possible), sure): ((&Guest, Verdict), Verdict)| {
            let target = possible.target.clone();
            let merged = self.merged(guest, possible, sure);
            let reasons = merged.reasons.into_iter().map(|planned| planned.reason).collect();
            Verdict::new(target.as_ref(), reasons, merged.notes)
        };
        Ok(checks.guests().zip(possible).zip(sure).map(verdict).collect())
    }

    /// Whether nothing hangs on packages or the kernel.
    fn is_all_sure(&self) -> bool {
        self.sure.observed.outcomes == self.possible.observed.outcomes
    }

    /// What is possible, and beside it what is not sure.
    fn merged(&self, guest: &Guest, possible: Verdict, sure: Verdict) -> PlannedVerdict {
        let is_same = |one: &Reason, other: &Reason| {
            (&one.element, &one.path, &one.value) == (&other.element, &other.path, &other.value)
        };
        let unsure = sure
            .reasons
            .into_iter()
            .filter(|reason| !possible.reasons.iter().any(|other| is_same(reason, other)));
        let unsure: Vec<PlannedReason> = unsure.map(|reason| self.unsure(reason)).collect();
        let mut reasons: Vec<PlannedReason> = Vec::new();
        for reason in possible.reasons.into_iter().filter_map(|reason| self.with_file(reason)) {
            let basis = self.basis(&reason);
            let fix = fix(guest, &reason, self, possible.target.as_ref());
            let reason = match &basis {
                Basis::Nothing => Reason {
                    text: format!("{}: no host was named, and its hardware decides", reason.text),
                    ..reason
                },
                _ => reason,
            };
            reasons.push(PlannedReason { reason, basis, fix });
        }
        reasons.extend(unsure);
        reasons.sort_by_key(|planned| planned.reason.answer);
        let answer = reasons.first().map_or(Answer::Yes, |planned| planned.reason.answer);
        PlannedVerdict { answer, reasons, notes: possible.notes }
    }

    /// A reason to doubt an image that no document lists, by the release's files: libvirt starts a guest with whatever
    /// image it names, where the file is there.
    fn with_file(&self, reason: Reason) -> Option<Reason> {
        let image = reason.element.strip_prefix("os/loader ").filter(|it| it.starts_with('/'));
        let (Some(image), Some(LOADERS)) = (image, reason.path.as_deref()) else {
            return Some(reason);
        };
        let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        if self.firmware.iter().any(|file| file == image) {
            return None;
        }
        if !self.firmware.iter().any(|file| folder(file) == folder(image)) {
            return Some(reason);
        }
        let text = format!("no package of the release has {image}");
        Some(Reason { answer: Answer::No, text, ..reason })
    }

    /// A reason that only holds where a package is missing, or the kernel allows less.
    fn unsure(&self, reason: Reason) -> PlannedReason {
        let package = self.open.iter().find(|package| adds(package, &reason));
        let (basis, text, fix) = match package {
            Some(package) => {
                let name = &package.package;
                let text = format!("{}: it needs {name}, which may not be installed", reason.text);
                (Basis::Package(name.clone()), text, Some(Fix::install(name)))
            }
            None => {
                let text = format!("{}, as far as the host's kernel is known", reason.text);
                (Basis::Nothing, text, None)
            }
        };
        let reason = Reason { answer: Answer::Unknown, text, ..reason };
        PlannedReason { reason, basis, fix }
    }

    /// What a reason rests on: the path of the capability says it.
    fn basis(&self, reason: &Reason) -> Basis {
        let is_of_host = reason
            .path
            .as_deref()
            .is_some_and(|path| OF_HOST.iter().any(|of| is_at_or_below(path, of)));
        match (is_of_host, self.has_host) {
            (true, true) => Basis::Host,
            (true, false) => Basis::Nothing,
            (false, _) => Basis::Release,
        }
    }
}

/// Whether a package adds what a reason says is missing.
fn adds(package: &OptionalPackage, reason: &Reason) -> bool {
    let member = match (&reason.path, &reason.value) {
        (Some(path), Some(value)) => Some(format!("{path}={value}")),
        _ => reason.element.strip_prefix("os/type ").map(str::to_owned),
    };
    let is_below = |each: &String| {
        let path = each.split('=').next().unwrap_or_default();
        reason.value.is_none()
            && reason.path.as_deref().is_some_and(|own| is_at_or_below(path, own))
    };
    package.adds.iter().any(|each| Some(each) == member.as_ref() || is_below(each))
}
