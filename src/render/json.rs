//! JSON: the only place that decides its shape. Schemas are in `docs/schemas`.
//!
//! The wire structs stand apart from the model, so that neither changes with the other.

mod calendar;
mod collected;
mod diff;
mod fleet;
mod freshness;
mod history;
mod listing;
mod notice;
mod plan;
mod preflight;
mod query;
mod release;
mod report;
mod row;
mod rules;
mod shallow;
mod status;
mod upkeep;

use std::io::Write;

use serde::Serialize;

use super::visible::VisibleJson;

pub use calendar::calendar;
pub use collected::{collected, list_check};
pub use diff::diff;
pub use fleet::{cohorts, common, matrix, outliers};
pub use history::history;
pub use listing::{Failed, Imported, Shown, hosts, imported, machines, show, snapshots};
pub use notice::{SinkResult, in_line, notice_in_line, notified};
pub use plan::{plan, planned_guests};
pub use preflight::{guest_table, preflight};
pub use query::{answers, paths, query};
pub use release::{release, releases, which};
pub use report::report;
pub use row::views;
pub(super) use row::{Listed, hex, object};
pub use rules::rules;
pub(super) use shallow::write as write_shallow;
pub use status::status;
pub use upkeep::{
    Forgotten, ForgottenHost, GoneHost, Judged, backed_up, checked, forgotten, gone, pruned,
    removed, renamed, tagged,
};

/// Writes one object, indented, with a line end.
fn write(value: &impl Serialize, out: &mut dyn Write) -> std::io::Result<()> {
    serde_json::to_writer_pretty(VisibleJson::new(out), value)?;
    writeln!(out)
}

/// Writes a value, indented, with a line end.
pub(super) fn value(value: &serde_json::Value, out: &mut dyn Write) -> std::io::Result<()> {
    write(value, out)
}

/// A plain value of a change.
impl Serialize for crate::diff::Plain {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => serializer.collect_seq(list.iter()),
        }
    }
}
