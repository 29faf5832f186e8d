//! Choosing stored hosts: by name, a group, or all.

use std::fmt;

use clap::Args;

use super::failure::Failure;
use crate::model::HostName;
use crate::store::Store;

/// Which hosts.
#[derive(Args, Debug)]
pub(super) struct Selection {
    /// Hosts by name
    #[arg(value_name = "HOST", required_unless_present_any = ["group", "all"])]
    hosts: Vec<String>,
    /// The hosts of a group
    #[arg(long, value_name = "GROUP", conflicts_with = "hosts")]
    group: Option<String>,
    /// Every host
    #[arg(long, conflicts_with_all = ["hosts", "group"])]
    all: bool,
}

impl fmt::Display for Selection {
    /// `hv01, hv02`, `group prod` or `all hosts`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.group {
            Some(group) => write!(f, "group {group}"),
            None if self.all => f.write_str("all hosts"),
            None => f.write_str(&self.hosts.join(", ")),
        }
    }
}

impl Selection {
    /// Whether every host is meant.
    pub(super) fn is_all(&self) -> bool {
        self.all
    }

    /// The hosts, by name.
    pub(super) fn hosts(&self, store: &Store) -> Result<Vec<HostName>, Failure> {
        if !self.hosts.is_empty() {
            let mut hosts = Vec::with_capacity(self.hosts.len());
            for name in &self.hosts {
                let (_, host) = store.host(name)?;
                if !hosts.contains(&host) {
                    hosts.push(host);
                }
            }
            return Ok(hosts);
        }
        let hosts = store.host_names(self.group.as_deref())?;
        match (&self.group, hosts.is_empty()) {
            (Some(group), true) => Err(Failure::new(&format!("no host is in group {group}"))
                .with_hint("`domcaps hosts` lists hosts and groups")),
            (None, true) => Err(Failure::from(crate::store::StoreError::Empty {
                path: store.path().to_owned(),
            })),
            _ => Ok(hosts),
        }
    }
}
