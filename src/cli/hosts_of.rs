//! Choosing stored hosts: by name, a group, or all.

use std::borrow::Borrow;
use std::fmt;

use clap::Args;

use super::failure::Failure;
use crate::model::HostName;
use crate::store::{Store, StoreError};

/// Which hosts.
#[derive(Args, Debug)]
#[group(required = true)]
pub(super) struct Selection {
    /// Hosts by name
    #[arg(value_name = "HOST")]
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
        match self.hosts.is_empty() {
            true => stored(store, self.group.as_deref()),
            false => Ok(named(store, &self.hosts)?),
        }
    }
}

/// The hosts of these names, each once.
pub(super) fn named<'n>(
    store: &Store,
    names: impl IntoIterator<Item = &'n String>,
) -> Result<Vec<HostName>, StoreError> {
    let mut hosts = Vec::new();
    for name in names {
        let (_, host) = store.host(name)?;
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    Ok(hosts)
}

/// Every stored host, or those of a group, by name.
pub(super) fn stored(store: &Store, group: Option<&str>) -> Result<Vec<HostName>, Failure> {
    let hosts = store.host_names(group)?;
    if hosts.is_empty() { Err(none(store, group)) } else { Ok(hosts) }
}

/// How many hosts are stored, or are in a group.
pub(super) fn count(store: &Store, group: Option<&str>) -> Result<usize, Failure> {
    match store.count_hosts(group)? {
        0 => Err(none(store, group)),
        count => Ok(count),
    }
}

/// The error of a group, or of a database, without any host.
pub(super) fn none(store: &Store, group: Option<&str>) -> Failure {
    match group {
        Some(group) => Failure::new(&format!("no host is in group {group}"))
            .with_hint("`domcaps hosts` lists hosts and their groups"),
        None => StoreError::Empty { path: store.path().to_owned() }.into(),
    }
}

/// `3 hosts (hv01, hv02, hv03)`
pub(super) fn some<H: Borrow<HostName>>(hosts: &[H]) -> String {
    const NAMED: usize = 3;
    let named: Vec<&str> = hosts.iter().take(NAMED).map(|host| host.borrow().as_str()).collect();
    let more = if hosts.len() > NAMED { ", …" } else { "" };
    let noun = if hosts.len() == 1 { "host" } else { "hosts" };
    format!("{} {noun} ({}{more})", hosts.len(), named.join(", "))
}
