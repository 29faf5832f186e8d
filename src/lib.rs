//! A history of what every hypervisor host of a fleet can do.

pub mod model;
pub mod parse;
