//! Lists of hosts: `hosts.toml`, or what `ansible-inventory --list` prints.

mod ansible;
mod hosts_toml;

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use super::site::Site;
use crate::model::HostName;

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
    /// Its name is a host's: the list does name that host.
    pub is_host: bool,
}

impl Inventory {
    /// Puts the files of one list together, in their order. What a file says for all of its hosts
    /// stays with these.
    #[must_use]
    pub fn joined(parts: Vec<(PathBuf, Self)>) -> Self {
        let mut whole = Self::default();
        let mut parts = parts.into_iter();
        if let Some((_, first)) = parts.next() {
            whole = first;
        }
        let rest: Vec<(PathBuf, Self)> = parts.collect();
        if rest.is_empty() {
            return whole;
        }
        let timeout = whole.timeout.take();
        whole.sites.iter_mut().for_each(|site| site.timeout = site.timeout.or(timeout));
        let mut names: HashSet<HostName> =
            whole.sites.iter().map(|site| site.name.clone()).collect();
        for (path, part) in rest {
            whole.refused.extend(part.refused);
            for site in part.sites {
                if names.insert(site.name.clone()) {
                    let timeout = site.timeout.or(part.timeout);
                    whole.sites.push(Site { timeout, ..site });
                } else {
                    whole.refused.push(Refused {
                        name: site.name.to_string(),
                        why: format!("is listed again in {}; the first counts", path.display()),
                        groups: site.groups,
                        is_host: true,
                    });
                }
            }
        }
        whole
    }
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
