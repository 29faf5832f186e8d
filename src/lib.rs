//! A history of what every hypervisor host of a fleet can do.

pub mod diff;
pub mod ingest;
pub mod model;
pub mod operand;
pub mod parse;
pub mod source;
pub mod store;
