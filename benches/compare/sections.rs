//! The comparisons, in the order in which they run.

mod again;
mod collect;
mod diff_files;
mod diff_store;
mod fleet;
mod import;
mod night;
mod program;
mod walk;
mod writers;

use crate::bench::Bench;

type Run = fn(&mut Bench);

/// Every section by its name.
pub(crate) const ALL: [(&str, Run); 10] = [
    ("walk", walk::run),
    ("import", import::run),
    ("again", again::run),
    ("night", night::run),
    ("diff-files", diff_files::run),
    ("diff-store", diff_store::run),
    ("collect", collect::run),
    ("fleet", fleet::run),
    ("writers", writers::run),
    ("program", program::run),
];
