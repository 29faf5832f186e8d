//! Which hosts a collection is of.

use std::collections::{BTreeMap, BTreeSet};
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
    /// The list whose hosts and groups the database follows.
    pub(super) followed: Option<FollowedList>,
}

/// A list of hosts as the database keeps it.
pub(super) struct FollowedList {
    /// What it is known by: the path of its file.
    pub(super) key: String,
    /// It names all of its hosts: what comes on standard input may be a part of an inventory.
    pub(super) is_whole: bool,
    /// Every host that it names, and the groups it puts it into.
    pub(super) members: BTreeMap<HostName, BTreeSet<String>>,
}

impl FollowedList {
    fn new(path: &Path, inventory: &Inventory) -> Self {
        let is_whole = path.is_file() || path.is_dir() || drop_ins(path).is_some();
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let key = if is_whole { absolute.display().to_string() } else { STDIN.to_owned() };
        let is_group = |group: &&String| group.parse::<HostName>().is_ok();
        let groups =
            |groups: &[String]| groups.iter().filter(is_group).cloned().collect::<BTreeSet<_>>();
        let mut members: BTreeMap<HostName, BTreeSet<String>> =
            inventory.sites.iter().map(|site| (site.name.clone(), groups(&site.groups))).collect();
        for refused in inventory.refused.iter().filter(|refused| refused.is_host) {
            if let Ok(name) = refused.name.parse() {
                members.entry(name).or_insert_with(|| groups(&refused.groups));
            }
        }
        Self { key, is_whole, members }
    }
}

/// The hosts that the command line means.
pub(super) fn of(arguments: &Arguments, database: &Path) -> Result<Hosts, Failure> {
    if let (Some(uri), Some(name)) = (&arguments.connect, &arguments.host) {
        let site = collect::site(name.clone(), uri.clone()).map_err(|why| Failure::usage(&why))?;
        return Ok(Hosts { sites: vec![site], ..Hosts::of_list(String::new()) });
    }
    if arguments.names.is_empty() && arguments.groups.is_empty() && !arguments.is_all() {
        return Err(Failure::usage(
            &"name the hosts: HOST, --group, --all, or --connect and --host",
        )
        .with_hint("`domcaps collect --connect qemu:///system --host NAME` asks this machine"));
    }
    let stored = || stored(database);
    let (list, inventory, followed) = match listed(arguments)? {
        Some((path, inventory)) => {
            let followed = FollowedList::new(&path, &inventory);
            (path.display().to_string(), inventory, Some(followed))
        }
        None => {
            let inventory = stored()?.filter(|stored| {
                !(arguments.is_all() && stored.sites.is_empty() && stored.refused.is_empty())
            });
            let inventory = inventory.ok_or_else(|| no_list(database))?;
            (database.display().to_string(), inventory, None)
        }
    };
    let mut hosts = Hosts { timeout: inventory.timeout, followed, ..Hosts::of_list(list) };
    if arguments.is_all() {
        (hosts.sites, hosts.refused) = (inventory.sites, inventory.refused);
    } else {
        hosts.add_groups(arguments, &inventory)?;
        hosts.add_names(&arguments.names, &inventory, || Ok(stored()?.unwrap_or_default()))?;
    }
    Ok(hosts)
}

/// The list that a file holds: the one that is named, or the usual one where it exists.
fn listed(arguments: &Arguments) -> Result<Option<(PathBuf, Inventory)>, Failure> {
    let usual = ui::default_hosts().filter(|path| path.exists() || drop_ins(path).is_some());
    let (path, inventory) = match (&arguments.ansible, arguments.hosts.clone().or(usual)) {
        (Some(path), _) => {
            (path.clone(), collect::ansible(&text(path)?, arguments.uri.as_deref(), path))
        }
        (None, Some(path)) => {
            let inventory = toml_files(&path)?;
            (path, Ok(inventory))
        }
        (None, None) => return Ok(None),
    };
    let inventory = inventory.map_err(|error| Failure::new(&error))?;
    Ok(Some((path, inventory)))
}

/// The list that a file holds with its drop-ins, or the files of a folder.
fn toml_files(path: &Path) -> Result<Inventory, Failure> {
    let folder = if path.is_dir() { Some(path.to_owned()) } else { drop_ins(path) };
    let mut files = Vec::new();
    if !path.is_dir() && (path.exists() || folder.is_none()) {
        files.push(path.to_owned());
    }
    if let Some(folder) = &folder {
        files.extend(toml_in(folder).map_err(|source| {
            Failure::new(&InventoryError::Io { path: folder.clone(), source })
        })?);
    }
    if files.is_empty() {
        return Err(Failure::new(&format!("{}: no *.toml in this folder", path.display())));
    }
    let mut parts = Vec::with_capacity(files.len());
    for file in files {
        let inventory = collect::hosts_toml(&text(&file)?, &file);
        parts.push((file, inventory.map_err(|error| Failure::new(&error))?));
    }
    Ok(Inventory::joined(parts))
}

/// The folder beside a list whose files belong to it: `hosts.d` of `hosts.toml`, where it holds any.
fn drop_ins(path: &Path) -> Option<PathBuf> {
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    let folder = path.with_extension("d");
    let holds_any = |folder: &PathBuf| toml_in(folder).is_ok_and(|files| !files.is_empty());
    Some(folder).filter(|_| is_toml).filter(holds_any)
}

/// The `*.toml` of a folder by name, but hidden ones.
fn toml_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_toml = path.extension().is_some_and(|extension| extension == "toml");
        let name = path.file_name().unwrap_or_default();
        if is_toml && !name.as_encoded_bytes().starts_with(b".") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
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
            Err(why) => {
                inventory.refused.push(Refused { name, why, groups: host.groups, is_host: true });
            }
        }
    }
    Ok(Some(inventory))
}

fn no_list(database: &Path) -> Failure {
    let usual = ui::default_hosts().map_or_else(String::new, |path| {
        let folder = path.with_extension("d");
        format!("no {}, nothing in {}, and ", path.display(), folder.display())
    });
    let database = database.display();
    let message = format!("there is no list of hosts: {usual}no host with a URI in {database}");
    Failure::new(&message).with_hint(&example())
}

/// That a list names no host that can be asked.
pub(super) fn none_to_ask(list: &str, is_empty: bool) -> Failure {
    let failure = Failure::new(&format!("{list}: no host that can be asked"));
    if is_empty { failure.with_hint(&example()) } else { failure }
}

/// How to write a list of hosts, and what else there is.
fn example() -> String {
    let path = ui::default_hosts().unwrap_or_else(|| PathBuf::from("hosts.toml"));
    format!(
        "write a list, such as these three lines in {}:\n  [[host]]\n  name = \"hv01\"\n  uri = \
         \"qemu+ssh://root@hv01/system\"\nor name one with --hosts or --ansible, or collect one host \
         with --connect URI --host NAME",
        path.display()
    )
}

impl Hosts {
    fn of_list(list: String) -> Self {
        Self { list, sites: Vec::new(), refused: Vec::new(), timeout: None, followed: None }
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
