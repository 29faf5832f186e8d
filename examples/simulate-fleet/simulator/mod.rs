//! The fleet, night by night. `main.rs` says what happens in it.

mod afterwards;
mod builds;
mod calendar;
mod chance;
mod cpus;
mod documents;
mod fleet;
mod history;

pub(crate) use fleet::Plan;
pub(crate) use history::Simulation;
