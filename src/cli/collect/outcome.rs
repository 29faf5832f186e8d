//! What became of a host.

use crate::collect::{Site, Visit};
use crate::ingest::Ingested;
use crate::model::{FailureClass, State, counted};
use crate::render::collected::{Collected, Outcome};
use crate::report::Report;
use crate::rules::Severity;
use crate::store::AttemptOutcome;

/// The row of a host of which a snapshot is stored.
pub(super) fn row(
    site: &Site,
    visit: &Visit,
    ingested: &Ingested,
    compared: &Compared,
) -> Collected {
    let outcome = match (ingested.state, compared) {
        (State::Partial, _) => Outcome::Partial,
        (State::Suspect, _) => Outcome::Suspect,
        (State::Failed, _) => Outcome::Failed,
        (State::Complete, Compared::First) => Outcome::Stored,
        (State::Complete, Compared::Same) => Outcome::Unchanged,
        (State::Complete, Compared::Other(_)) => Outcome::Changed,
    };
    let count = |class| ingested.failures.iter().filter(|(_, each, _)| *each == class).count();
    Collected {
        host: site.name.to_string(),
        outcome,
        taken_at: Some(visit.taken_at),
        snapshot: Some(ingested.stored.id.to_string()),
        documents: ingested.documents,
        unsupported: count(FailureClass::Unsupported),
        transient: count(FailureClass::Transient),
        refused: count(FailureClass::Refused),
        changes: compared.count(|report| report.findings.len()),
        breaking: compared.count(|report| report.count_severity(Severity::Breaking)),
        alike: match compared {
            Compared::Other(report) => Some(what_changed(report)),
            Compared::First | Compared::Same => None,
        },
        is_narrowed: is_whole(ingested) && ingested.left_out > 0,
        seconds: Some(visit.took.as_secs_f64()),
        reason: reason(visit, ingested),
        is_interrupted: false,
    }
}

/// The changes in a text that is the same where they are.
fn what_changed(report: &Report) -> String {
    let change = |finding: &crate::rules::Finding| {
        format!("{} {}", finding.severity.name(), finding.fingerprint())
    };
    let mut changes: Vec<String> = report.findings.iter().map(change).collect();
    changes.sort_unstable();
    changes.join("\n")
}

/// Whether all that was asked was answered.
pub(super) fn is_whole(ingested: &Ingested) -> bool {
    let is_transient = |(_, class, _): &(_, FailureClass, _)| *class == FailureClass::Transient;
    ingested.is_whole && !ingested.failures.iter().any(is_transient)
}

/// How the attempt ended: a success where all that was to be asked was answered.
pub(super) fn of_attempt(ingested: &Ingested) -> AttemptOutcome {
    match ingested.state {
        State::Complete if ingested.stored.is_change => AttemptOutcome::Stored,
        State::Complete => AttemptOutcome::Unchanged,
        State::Partial if is_whole(ingested) => AttemptOutcome::Stored,
        State::Partial => AttemptOutcome::Partial,
        State::Suspect => AttemptOutcome::Suspect,
        State::Failed => AttemptOutcome::Failed,
    }
}

/// How a snapshot stands to the one before.
pub(super) enum Compared {
    /// There is none to compare with.
    First,
    Same,
    Other(Box<Report>),
}

impl Compared {
    fn count(&self, of: impl Fn(&Report) -> usize) -> Option<usize> {
        match self {
            Self::First => None,
            Self::Same => Some(0),
            Self::Other(report) => Some(of(report)),
        }
    }
}

/// Why a snapshot is not whole, or what was not answered by a document.
pub(super) fn reason(visit: &Visit, ingested: &Ingested) -> Option<String> {
    if let Some(cut) = &visit.cut_short {
        return Some(cut.to_string());
    }
    if ingested.state == State::Suspect {
        return Some("kvm answers cannot be true: is /dev/kvm half usable?".to_owned());
    }
    // What says nothing about the host first, what it cannot do last.
    let order = [FailureClass::Transient, FailureClass::Refused, FailureClass::Unsupported];
    let first = order
        .iter()
        .find_map(|wanted| ingested.failures.iter().find(|(_, class, _)| class == wanted));
    if let Some((target, _, why)) = first {
        return Some(format!("{target}: {why}"));
    }
    let left_out = ingested.left_out;
    (left_out > 0).then(|| {
        let were = if left_out == 1 { "was" } else { "were" };
        let targets = counted(left_out, "target");
        format!("narrowed: {targets} of the newest complete snapshot {were} not asked")
    })
}
