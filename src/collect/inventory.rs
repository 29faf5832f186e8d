//! Lists of hosts: `hosts.toml`, or what `ansible-inventory --list` prints.

mod ansible;
mod hosts_toml;

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use super::site::Site;

pub use ansible::ansible;
pub use hosts_toml::hosts_toml;

/// Largest list of hosts that is read. A host takes some 60 bytes of `hosts.toml`, and one to two
/// thousand of what `ansible-inventory --list` prints.
pub const MAX_LIST_BYTES: usize = 16 << 20;

/// The hosts of a list, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Those that can be asked.
    pub sites: Vec<Site>,
    /// Those that cannot.
    pub refused: Vec<Refused>,
    /// The time budget of each host that has none of its own.
    pub timeout: Option<Duration>,
}

/// An entry of a list that is no host, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its name there.
    pub name: String,
    /// What is wrong.
    pub why: String,
    /// The groups it would be in.
    pub groups: Vec<String>,
}

/// A list that cannot be used.
#[derive(Debug, Error)]
pub enum InventoryError {
    /// It cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{}:{line}:{column}: {why}", path.display())]
    Text {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        why: String,
    },
}

/// A URI from a template: `{name}` is the host's name, `{address}` where it is reached.
fn fill(template: &str, name: &str, address: &str) -> String {
    template.replace("{name}", name).replace("{address}", address)
}
