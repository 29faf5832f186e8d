//! The table: one entry for each change of libvirt's reporting.

use super::{Entry, When};
use crate::diff::Kind;
use crate::model::CUSTOM_MODELS;

/// Every entry, by version.
pub const KNOWLEDGE: &[Entry] = &[Entry {
    since: (10, 10, 0),
    path: CUSTOM_MODELS,
    value: Some("*-v*"),
    kind: Kind::Gained,
    when: When::Always,
    reason: "libvirt 10.10 began to list the versioned names of CPU models",
    source: "NEWS 10.10.0",
}];
