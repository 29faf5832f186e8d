//! What changed: between two documents, and between two snapshots of many.
//!
//! No opinion on what a change means (that is [`crate::rules`]), no XML, no SQL, no output.
//! Sides are always `old` and `new`; `diff(b, a)` mirrors `diff(a, b)`.

mod change;
mod document;
mod emulators;
mod facts;
mod gather;
mod levels;
mod list;
mod machines;
mod pairs;
mod snapshot;

pub use change::{Change, ChangedTarget, Difference, Evidence, Kind, Plain};
pub use document::{Scope, documents, explained};
pub use facts::Facts;
pub use list::List;
pub use snapshot::{
    Comparison, ContextChange, DocumentChanges, ListedFirmware, NotCompared, Observed, Outcome,
    WholeHost, snapshots,
};
