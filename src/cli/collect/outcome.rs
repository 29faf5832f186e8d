//! What became of a host.

use crate::collect::{Site, Visit};
use crate::ingest::Ingested;
use crate::model::{FailureClass, State, counted};
use crate::render::collected::{Collected, Outcome};
use crate::report::Report;
use crate::rules::Severity;

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
        is_narrowed: is_whole(ingested) && ingested.left_out > 0,
        seconds: Some(visit.took.as_secs_f64()),
        reason: reason(visit, ingested),
    }
}

/// Whether all that was asked was answered.
pub(super) fn is_whole(ingested: &Ingested) -> bool {
    let is_transient = |(_, class, _): &(_, FailureClass, _)| *class == FailureClass::Transient;
    ingested.is_whole && !ingested.failures.iter().any(is_transient)
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
fn reason(visit: &Visit, ingested: &Ingested) -> Option<String> {
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
