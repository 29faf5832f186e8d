//! What JUnit makes of findings, and how many of each there are.

use super::Case;
use crate::rules::{Finding, Severity};

/// How many tests came out how.
#[derive(Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) tests: usize,
    pub(super) failures: usize,
    pub(super) errors: usize,
    pub(super) skipped: usize,
}

impl Count {
    /// Of a suite: without any finding it is one test that passed.
    pub(super) fn of(cases: &[Case<'_>]) -> Self {
        let count = |wanted: Outcome| {
            cases.iter().filter(|(finding, _)| Outcome::of(finding) == wanted).count()
        };
        Self {
            tests: cases.len().max(1),
            failures: count(Outcome::Failed),
            errors: 0,
            skipped: count(Outcome::Skipped),
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            tests: self.tests + other.tests,
            failures: self.failures + other.failures,
            errors: self.errors + other.errors,
            skipped: self.skipped + other.skipped,
        }
    }

    /// Tests, failures, errors and skipped ones.
    pub(super) fn texts(self) -> [String; 4] {
        [self.tests, self.failures, self.errors, self.skipped].map(|count| count.to_string())
    }
}

/// What JUnit makes of a finding.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Failed,
    Skipped,
    Passed,
}

impl Outcome {
    pub(super) fn of(finding: &Finding) -> Self {
        match (&finding.ignored, finding.severity) {
            (Some(_), _) | (None, Severity::Warning) => Self::Skipped,
            (None, Severity::Breaking) => Self::Failed,
            (None, Severity::Info) => Self::Passed,
        }
    }
}
