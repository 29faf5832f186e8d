//! Which hosts a collection is of.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Arguments;
use crate::bounded;
use crate::cli::failure::Failure;
use crate::cli::ui;
use crate::collect::{self, Inventory, InventoryError, MAX_LIST_BYTES, Refused, Site};
use crate::model::HostName;
use crate::source::STDIN;
use crate::store::{Store, StoreError};

/// The hosts to ask, and those that cannot be asked.
pub(super) struct Hosts {
    /// What lists them, for messages.
    pub(super) list: String,
    pub(super) sites: Vec<Site>,
    pub(super) refused: Vec<Refused>,
    pub(super) timeout: Option<Duration>,
}

/// The hosts that the command line means.
pub(super) fn of(arguments: &Arguments, database: &Path) -> Result<Hosts, Failure> {
    if let (Some(uri), Some(name)) = (&arguments.connect, &arguments.host) {
        let site = collect::site(name.clone(), uri.clone()).map_err(|why| Failure::usage(&why))?;
        return Ok(Hosts { sites: vec![site], ..Hosts::of_list(String::new()) });
    }
    if arguments.names.is_empty() && arguments.groups.is_empty() && !arguments.all {
        return Err(Failure::usage(
            &"name the hosts: HOST, --group, --all, or --connect and --host",
        )
        .with_hint("`domcaps collect --connect qemu:///system --host NAME` asks this machine"));
    }
    let stored = || stored(database);
    let (list, inventory) = match listed(arguments)? {
        Some((path, inventory)) => (path.display().to_string(), inventory),
        None => (database.display().to_string(), stored()?.ok_or_else(no_list)?),
    };
    let mut hosts = Hosts { timeout: inventory.timeout, ..Hosts::of_list(list) };
    if arguments.all {
        (hosts.sites, hosts.refused) = (inventory.sites, inventory.refused);
    } else {
        hosts.add_groups(arguments, &inventory)?;
        hosts.add_names(&arguments.names, &inventory, || Ok(stored()?.unwrap_or_default()))?;
    }
    Ok(hosts)
}

/// The list that a file holds: the one that is named, or the usual one where it exists.
fn listed(arguments: &Arguments) -> Result<Option<(PathBuf, Inventory)>, Failure> {
    let usual = ui::default_hosts().filter(|path| path.exists());
    let (path, inventory) = match (&arguments.ansible, arguments.hosts.clone().or(usual)) {
        (Some(path), _) => {
            (path.clone(), collect::ansible(&text(path)?, arguments.uri.as_deref(), path))
        }
        (None, Some(path)) => {
            let inventory = collect::hosts_toml(&text(&path)?, &path);
            (path, inventory)
        }
        (None, None) => return Ok(None),
    };
    let inventory = inventory.map_err(|error| Failure::new(&error))?;
    Ok(Some((path, inventory)))
}

fn text(path: &Path) -> Result<String, Failure> {
    let read = if path == Path::new(STDIN) {
        bounded::text(std::io::stdin().lock(), MAX_LIST_BYTES)
    } else {
        bounded::file(path, MAX_LIST_BYTES)
    };
    read.map_err(|source| Failure::new(&InventoryError::Io { path: path.to_owned(), source }))
}

/// The hosts of the database that have a URI; `None` where there is no database.
fn stored(database: &Path) -> Result<Option<Inventory>, Failure> {
    let store = match Store::open(database) {
        Err(StoreError::Missing { .. }) => return Ok(None),
        other => other?,
    };
    let mut inventory = Inventory::default();
    for host in store.hosts(None)? {
        let Some(uri) = host.uri else { continue };
        let name = host.name.to_string();
        match collect::site(host.name, uri) {
            Ok(site) => inventory.sites.push(Site { groups: host.groups, ..site }),
            Err(why) => inventory.refused.push(Refused { name, why, groups: host.groups }),
        }
    }
    Ok(Some(inventory))
}

fn no_list() -> Failure {
    let usual = ui::default_hosts().map(|path| format!(": {} does not exist", path.display()));
    Failure::new(&format!("there is no list of hosts{}", usual.unwrap_or_default())).with_hint(
        "write one, name one by --hosts or --ansible, or ask one host by --connect and --host",
    )
}

impl Hosts {
    fn of_list(list: String) -> Self {
        Self { list, sites: Vec::new(), refused: Vec::new(), timeout: None }
    }

    fn add(&mut self, site: &Site) {
        if !self.sites.iter().any(|other| other.name == site.name) {
            self.sites.push(site.clone());
        }
    }

    fn add_groups(&mut self, arguments: &Arguments, inventory: &Inventory) -> Result<(), Failure> {
        for group in &arguments.groups {
            let before = self.sites.len() + self.refused.len();
            let members = inventory.sites.iter().filter(|site| site.groups.contains(group));
            members.for_each(|site| self.add(site));
            let refused = inventory.refused.iter().filter(|each| each.groups.contains(group));
            self.refused.extend(refused.cloned());
            if self.sites.len() + self.refused.len() == before {
                let groups = inventory.sites.iter().flat_map(|site| &site.groups);
                let groups: BTreeSet<&str> = groups.map(String::as_str).collect();
                let groups = groups.into_iter().collect::<Vec<_>>().join(", ");
                let error = format!("{}: no host is in group {group}", self.list);
                let hint = format!("its groups are: {groups}");
                return Err(Failure::new(&error).with_hint(&hint));
            }
        }
        Ok(())
    }

    /// Hosts by name: of the list, else of the database.
    fn add_names(
        &mut self,
        names: &[HostName],
        inventory: &Inventory,
        stored: impl Fn() -> Result<Inventory, Failure>,
    ) -> Result<(), Failure> {
        let find = |inventory: &Inventory, name: &HostName| {
            inventory.sites.iter().find(|site| site.name == *name).cloned()
        };
        for name in names {
            if let Some(site) = find(inventory, name) {
                self.add(&site);
            } else if let Some(refused) =
                inventory.refused.iter().find(|each| each.name == name.as_str())
            {
                self.refused.push(refused.clone());
            } else if let Some(site) = find(&stored()?, name) {
                self.add(&site);
            } else {
                let error =
                    format!("{}: no host {name}; nor has the database a URI of it", self.list);
                return Err(Failure::new(&error).with_hint(
                    "--connect URI --host NAME asks one that is not listed, and keeps its URI",
                ));
            }
        }
        Ok(())
    }
}
