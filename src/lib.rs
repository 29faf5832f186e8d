//! A history of what every hypervisor host of a fleet can do.

mod ahead;
mod bounded;
pub mod check;
mod cli;
pub mod collect;
pub mod config;
pub mod deliver;
pub mod demo;
pub mod diff;
pub mod fleet;
pub mod guests;
pub mod history;
pub mod ingest;
pub mod judging;
pub mod model;
pub mod observe;
pub mod operand;
pub mod parse;
pub mod query;
pub mod render;
pub mod report;
pub mod retention;
pub mod rules;
pub mod side;
pub mod source;
pub mod store;

pub use cli::run;
