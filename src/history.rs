//! The history of one host: each change of its content, and how long it stayed so.

use crate::diff::Plain;
use crate::model::Context;
use crate::report::Report;
use crate::store::{ChangePoint, SnapshotRow};

/// What is shown of a host.
#[derive(Debug)]
pub struct History {
    /// What was asked for: a path, an expression, or nothing.
    pub about: About,
    /// How many complete snapshots there are.
    pub snapshots: usize,
    /// In order of time; the first is how it began. Changes that have nothing of what was asked for
    /// are left out.
    pub steps: Vec<Step>,
}

/// What a history is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// All that the host can do.
    All,
    /// A capability and what is below it, by its full path.
    Path(String),
    /// The answer to an expression.
    Expression(String),
}

/// A change, and the time until the next.
#[derive(Debug)]
pub struct Step {
    /// The first snapshot of it, and the one before.
    pub point: ChangePoint,
    /// The last snapshot that holds the same, of what was asked for.
    pub last: SnapshotRow,
    /// How many complete snapshots hold it.
    pub snapshots: usize,
    /// The versions and settings around its first snapshot.
    pub context: Context,
    /// Whether the host has the targets that were asked for.
    pub is_there: bool,
    /// What changed; the first step has nothing before it.
    pub report: Option<Report>,
    /// What the host's targets say at this path, or whether the expression is so: each with the number
    /// of targets that say it, most first.
    pub values: Vec<(Option<Plain>, usize)>,
}
