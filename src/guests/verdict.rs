//! What is answered of a guest on a host, and why.

use crate::model::Target;
use crate::side::Origin;

/// What the documents say to a question; the worst is the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// They say no.
    No,
    /// They do not decide it.
    Unknown,
    /// They say yes, as far as they speak of it.
    Yes,
}

impl Answer {
    /// Every answer, worst first.
    pub const ALL: [Self; 3] = [Self::No, Self::Unknown, Self::Yes];

    /// The name used in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Unknown => "unknown",
            Self::Yes => "yes",
        }
    }
}

/// Why an answer is not yes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reason {
    /// No or unknown.
    pub answer: Answer,
    /// The part of the guest's XML it is about.
    pub element: String,
    /// The capability that decides, or would; none where it is the target, or no capability at all.
    pub path: Option<String>,
    /// The member that a set lacks, where that is the reason.
    pub value: Option<String>,
    /// What the set holds instead.
    pub there: Vec<String>,
    /// What is so, in a few words without a full stop.
    pub text: String,
}

impl Reason {
    /// A reason to say no.
    #[must_use]
    pub fn no(element: &str, path: Option<&str>, text: String) -> Self {
        let (element, path) = (element.to_owned(), path.map(str::to_owned));
        Self { answer: Answer::No, element, path, value: None, there: Vec::new(), text }
    }

    /// A set lacks a member.
    #[must_use]
    pub fn lacks(element: &str, path: &str, value: &str, there: Vec<String>) -> Self {
        let text = lacking(path, &[value], &there);
        Self { value: Some(value.to_owned()), there, ..Self::no(element, Some(path), text) }
    }

    /// A reason why it cannot be decided.
    #[must_use]
    pub fn unknown(element: &str, path: Option<&str>, text: String) -> Self {
        Self { answer: Answer::Unknown, ..Self::no(element, path, text) }
    }
}

/// `devices.disk.bus has no ide, but fdc, scsi`.
#[must_use]
pub fn lacking(path: &str, values: &[&str], there: &[String]) -> String {
    if there.is_empty() {
        return format!("{path} is empty");
    }
    let there = some(there.iter().map(String::as_str));
    format!("{path} has no {}, but {there}", some(values.iter().copied()))
}

/// Enough names to see what there is.
pub(super) fn some<'n>(names: impl Iterator<Item = &'n str>) -> String {
    const SHOWN: usize = 12;
    let names: Vec<&str> = names.collect();
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

/// The answer for one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The worst of the reasons; yes without any.
    pub answer: Answer,
    /// The target of the host that was looked at.
    pub target: Option<Target>,
    /// Everything that is not yes, each cause once, the worst first.
    pub reasons: Vec<Reason>,
    /// What decides nothing and is worth knowing: deprecation.
    pub notes: Vec<String>,
}

impl Verdict {
    /// The verdict that follows from reasons; of those with one cause the first stands.
    #[must_use]
    pub fn new(target: Option<&Target>, reasons: Vec<Reason>, notes: Vec<String>) -> Self {
        let mut kept: Vec<Reason> = Vec::with_capacity(reasons.len());
        for reason in reasons {
            let is_same = |other: &Reason| {
                reason.path.is_some()
                    && (other.answer, &other.path, &other.text)
                        == (reason.answer, &reason.path, &reason.text)
            };
            if !kept.iter().any(is_same) && !kept.contains(&reason) {
                kept.push(reason);
            }
        }
        kept.sort_by_key(|reason| reason.answer);
        let answer = kept.first().map_or(Answer::Yes, |reason| reason.answer);
        Self { answer, target: target.cloned(), reasons: kept, notes }
    }
}

/// A host, as the user named it and as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The operand, or the host's name.
    pub name: String,
    /// Where its side comes from.
    pub origin: Origin,
}

/// One question and its answer: does it run on `host`, or does it move there from `from`?
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Where the guest is before it moves.
    pub from: Option<Named>,
    /// Where it is to run.
    pub host: Named,
    /// The answer.
    pub verdict: Verdict,
}
