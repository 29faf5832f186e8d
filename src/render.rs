//! How results are shown: one format a file, and no decision about what to show elsewhere.
//!
//! Everything that came from a host passes [`plain`] before it reaches a terminal.

pub mod calendar;
pub mod collected;
pub mod csv;
pub mod export;
pub mod fleet;
mod format;
pub mod github;
pub mod grid;
pub mod history;
pub mod hosts;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod metrics;
pub mod ndjson;
pub mod notice;
pub mod page;
pub mod plan;
pub mod preflight;
pub mod query;
mod record;
pub mod release;
pub mod rows;
pub mod rules;
pub mod sarif;
pub mod schemas;
pub mod status;
pub mod table;
pub mod text;
pub mod tree;
pub mod unified;
mod visible;
mod words;

pub use format::{Format, Options, write};
pub use visible::{is_invisible, plain};
