//! Asks libvirt daemons what their hosts can do: one `virsh` process and connection for each host,
//! many hosts at once.
//!
//! [`fleet()`] runs visits side by side and hands each on when it is done; nothing is stored here. A host is trusted with nothing: names that go into a command are of a strict pattern, what
//! it answers is limited in time and bytes, and an answer that does not come costs only itself.

mod answers;
mod commands;
mod errors;
mod failure;
mod fleet;
mod hook;
mod inventory;
mod local;
mod places;
mod session;
mod site;
mod stream;
mod targets;
mod visit;

pub use commands::ApiFlag;
pub use fleet::{Event, fleet};
pub use hook::{Change, Untold, run_within, shell, tell};
pub use inventory::{Inventory, InventoryError, MAX_LIST_BYTES, Refused, ansible, hosts_toml};
pub use session::Broken;
pub use site::{Settings, Site, check_uri, site};
pub use targets::Choice;
pub use visit::{CutShort, Observed, RawBody, Unreached, Visit};
