//! What a comparison comes to: findings in order, and counts. Data only; [`crate::render`] shows it.

use crate::diff::{ChangedTarget, Comparison, ContextChange, Kind, NotCompared};
use crate::model::{SelectError, Target, is_at_or_below};
use crate::rules::{self, Finding, Severity};
use crate::side::Origin;

/// A judged comparison of two sides.
#[derive(Clone, Debug)]
pub struct Report {
    /// Where the old side comes from.
    pub old: Origin,
    /// Where the new side comes from.
    pub new: Origin,
    /// Versions and settings that differ.
    pub context: Vec<ContextChange>,
    /// Worst first.
    pub findings: Vec<Finding>,
    /// The target of every pair that was compared.
    pub pairs: Vec<ChangedTarget>,
    /// The two targets, where the user chose one document on each side.
    pub chosen: Option<(Target, Target)>,
    /// Pairs without any change.
    pub identical: usize,
    /// Targets that one side did not answer for.
    pub not_compared: Vec<NotCompared>,
}

impl Report {
    /// Judges a comparison.
    #[must_use]
    pub fn new(old: Origin, new: Origin, comparison: Comparison) -> Self {
        let Comparison { context, changes, pairs, chosen, identical, became_suspect, not_compared } =
            comparison;
        let findings = rules::findings(changes, became_suspect);
        Self { old, new, context, findings, pairs, chosen, identical, not_compared }
    }

    /// Keeps what stands at or below one of these paths, which may be short; `known` are the paths
    /// that there are, changed or not.
    ///
    /// # Errors
    /// Where a path names none, or could be several.
    pub fn keep_paths(&mut self, wanted: &[String], known: &[String]) -> Result<(), SelectError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let changed = self.findings.iter().map(|each| each.change.difference.path.as_str());
        let levels = ["document", "emulator", "arch", "virttype", "machine", "target", "alias"];
        let known: Vec<&str> =
            changed.chain(known.iter().map(String::as_str)).chain(levels).collect();
        let select = |path: &String| crate::model::select(known.iter().copied(), path);
        let full = wanted.iter().map(select).collect::<Result<Vec<_>, _>>()?;
        self.findings.retain(|finding| {
            full.iter().any(|path| is_at_or_below(&finding.change.difference.path, path))
        });
        Ok(())
    }

    /// How many findings are of a kind.
    #[must_use]
    pub fn count_kind(&self, kind: Kind) -> usize {
        self.findings.iter().filter(|each| each.change.difference.kind == kind).count()
    }

    /// How many findings are of a severity.
    #[must_use]
    pub fn count_severity(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|each| each.severity == severity).count()
    }
}
