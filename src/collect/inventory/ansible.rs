//! The JSON that `ansible-inventory --list` prints.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value as Json;

use super::{Inventory, InventoryError, Refused, fill};
use crate::collect::site::{Site, check_uri};
use crate::model::HostName;

/// The URI of hosts that name none, but for those that ansible reaches without a connection.
const TEMPLATE: &str = "qemu+ssh://{address}/system";

/// A group of the inventory; `_meta` has neither.
#[derive(Default, Deserialize)]
struct Group {
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    children: Vec<String>,
}

type Variables = BTreeMap<String, Json>;

/// Reads an inventory; `path` is for errors. A host's URI is its variable `domcaps_uri`, else the
/// `template`, else `qemu+ssh://USER@ADDRESS:PORT/system` as ansible itself would reach it.
///
/// # Errors
/// Where it is no such JSON, with line and column.
pub fn ansible(
    text: &str,
    template: Option<&str>,
    path: &Path,
) -> Result<Inventory, InventoryError> {
    let error = |error: serde_json::Error| InventoryError::Text {
        path: path.to_owned(),
        line: error.line().max(1),
        column: error.column().max(1),
        why: format!("not what `ansible-inventory --list` prints: {}", plain(&error)),
    };
    let mut all: BTreeMap<String, Json> = serde_json::from_str(text).map_err(error)?;
    let meta = all.remove("_meta").unwrap_or_default();
    let variables: BTreeMap<String, Variables> = match meta.get("hostvars") {
        Some(hosts) => Deserialize::deserialize(hosts).map_err(error)?,
        None => BTreeMap::new(),
    };
    let mut groups = BTreeMap::new();
    for (name, group) in &all {
        groups.insert(name.as_str(), Group::deserialize(group).map_err(error)?);
    }
    let mut names: BTreeSet<&str> = variables.keys().map(String::as_str).collect();
    names.extend(groups.values().flat_map(|group| group.hosts.iter().map(String::as_str)));
    let mut inventory = Inventory::default();
    let none = Variables::new();
    let holders = Holders::of(&groups);
    for name in names {
        let variables = variables.get(name).unwrap_or(&none);
        match site(name, variables, template, &holders) {
            Ok(site) => inventory.sites.push(site),
            Err(why) => inventory.refused.push(Refused {
                name: name.to_owned(),
                why,
                groups: holders.groups_of(name),
                is_host: true,
            }),
        }
    }
    Ok(inventory)
}

fn site(
    name: &str,
    variables: &Variables,
    template: Option<&str>,
    holders: &Holders<'_>,
) -> Result<Site, String> {
    let host: HostName =
        name.parse().map_err(|error: crate::model::HostNameError| error.to_string())?;
    let uri = uri(name, variables, template)?;
    check_uri(&uri)?;
    Ok(Site { name: host, uri, groups: holders.groups_of(name), tags: Vec::new(), timeout: None })
}

fn uri(name: &str, variables: &Variables, template: Option<&str>) -> Result<String, String> {
    let text = |variable: &str| match variables.get(variable) {
        Some(Json::String(text)) if !text.is_empty() => Some(text.clone()),
        Some(Json::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let address = text("ansible_host").unwrap_or_else(|| name.to_owned());
    // An IPv6 address stands in brackets in a URI.
    let address = if address.contains(':') { format!("[{address}]") } else { address };
    is_address("ansible_host", &address)?;
    if let Some(uri) = text("domcaps_uri") {
        return Ok(fill(&uri, name, &address));
    }
    if let Some(template) = template {
        return Ok(fill(template, name, &address));
    }
    if text("ansible_connection").as_deref() == Some("local") {
        return Ok("qemu:///system".to_owned());
    }
    let user = text("ansible_user").map(|user| format!("{user}@")).unwrap_or_default();
    let port = text("ansible_port").map(|port| format!(":{port}")).unwrap_or_default();
    is_address("ansible_user", &user)?;
    is_address("ansible_port", &port)?;
    Ok(fill(TEMPLATE, name, &format!("{user}{address}{port}")))
}

/// Whether a variable can stand in a URI and mean nothing but itself: `?command=` there would run a
/// program.
fn is_address(variable: &str, text: &str) -> Result<(), String> {
    let is_fine = |each: char| each.is_ascii_alphanumeric() || "._-:[]%@".contains(each);
    match text.chars().find(|each| !is_fine(*each)) {
        Some(bad) => Err(format!("`{bad}` in its {variable}: set domcaps_uri")),
        None => Ok(()),
    }
}

/// Which groups hold what, so that no host has to look through all of them.
struct Holders<'g> {
    /// Of a host.
    hosts: HashMap<&'g str, Vec<&'g str>>,
    /// Of a group.
    groups: HashMap<&'g str, Vec<&'g str>>,
}

impl<'g> Holders<'g> {
    fn of(all: &'g BTreeMap<&'g str, Group>) -> Self {
        let mut holders = Self { hosts: HashMap::new(), groups: HashMap::new() };
        for (name, group) in all {
            for host in &group.hosts {
                holders.hosts.entry(host).or_default().push(name);
            }
            for child in &group.children {
                holders.groups.entry(child).or_default().push(name);
            }
        }
        holders
    }

    /// The groups that hold a host, themselves or by their children; not those that hold everything.
    fn groups_of(&self, name: &str) -> Vec<String> {
        let mut found: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<&str> = self.hosts.get(name).cloned().unwrap_or_default();
        while let Some(group) = open.pop() {
            if found.insert(group) {
                open.extend(self.groups.get(group).into_iter().flatten());
            }
        }
        let is_own = |group: &&str| {
            !matches!(*group, "all" | "ungrouped") && group.parse::<HostName>().is_ok()
        };
        found.into_iter().filter(is_own).map(str::to_owned).collect()
    }
}

/// The error without the place that serde_json puts at its end.
fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"{
        "_meta": { "hostvars": {
            "hv01": { "ansible_host": "10.0.0.1", "ansible_user": "root", "ansible_port": 2222 },
            "hv02": { "domcaps_uri": "qemu+tls://{name}.example/system" },
            "here": { "ansible_connection": "local" },
            "six": { "ansible_host": "fd00::6" },
            "trap": { "ansible_host": "h/system?command=/tmp/x&y=" } } },
        "all": { "children": ["ungrouped", "compute"] },
        "compute": { "children": ["rack1", "rack2"] },
        "rack1": { "hosts": ["hv01", "hv02"] },
        "rack2": { "hosts": ["six", "bad name"] },
        "ungrouped": { "hosts": ["here"] } }"#;

    fn uris(template: Option<&str>) -> Vec<String> {
        let inventory = ansible(LIST, template, Path::new("-")).unwrap();
        inventory.sites.iter().map(|site| site.uri.clone()).collect()
    }

    #[test]
    fn hosts_are_reached_as_ansible_reaches_them() {
        assert_eq!(
            uris(None),
            [
                "qemu:///system",
                "qemu+ssh://root@10.0.0.1:2222/system",
                "qemu+tls://hv02.example/system",
                "qemu+ssh://[fd00::6]/system",
            ]
        );
        assert_eq!(uris(Some("xen+tls://{address}/"))[1], "xen+tls://10.0.0.1/");
    }

    #[test]
    fn groups_are_those_of_parents_too() {
        let inventory = ansible(LIST, None, Path::new("-")).unwrap();
        let groups: Vec<String> =
            inventory.sites.iter().map(|site| site.groups.join(" ")).collect();
        assert_eq!(groups, ["", "compute rack1", "compute rack1", "compute rack2"]);
        assert_eq!(inventory.refused[0].name, "bad name");
        assert_eq!(inventory.refused[1].why, "`/` in its ansible_host: set domcaps_uri");
    }

    #[test]
    fn another_json_is_refused() {
        for text in ["[]", "{\"all\": 3}", "{", "", "{\"_meta\": {\"hostvars\": []}}"] {
            let error = ansible(text, None, Path::new("i.json")).unwrap_err().to_string();
            assert!(error.starts_with("i.json:") && error.contains("ansible-inventory"), "{error}");
        }
    }
}
