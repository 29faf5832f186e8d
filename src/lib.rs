//! A history of what every hypervisor host of a fleet can do.

pub mod diff;
pub mod model;
pub mod parse;
