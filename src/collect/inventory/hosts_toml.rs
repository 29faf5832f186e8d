//! `hosts.toml`.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::{Inventory, InventoryError, Refused, fill};
use crate::collect::site::{Site, check_uri};
use crate::model::{HostName, Tag, line_and_column, parse_duration};

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// The URI of hosts without one of their own.
    uri: Option<String>,
    timeout: Option<Span>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    tags: Vec<Word<Tag>>,
    #[serde(default, rename = "host")]
    hosts: Vec<Host>,
}

/// One `[[host]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Host {
    name: Word<HostName>,
    uri: Option<String>,
    /// Where it is reached, for the template.
    address: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    tags: Vec<Word<Tag>>,
    timeout: Option<Span>,
}

/// A word that says itself whether it is one.
struct Word<T>(T);

impl<'de, T> Deserialize<'de> for Word<T>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

/// Seconds as a number, or a text such as `90s` and `5m`.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a timeout is seconds, or a text such as \"5m\"")]
enum Span {
    Seconds(u64),
    Text(String),
}

impl Span {
    fn duration(&self) -> Result<Duration, String> {
        let duration = match self {
            Self::Seconds(seconds) => parse_duration(&seconds.to_string())?,
            Self::Text(text) => parse_duration(text)?,
        };
        if duration.is_zero() { Err("a timeout must be more than 0".into()) } else { Ok(duration) }
    }
}

/// Reads `hosts.toml`; `path` is for errors.
///
/// # Errors
/// Where it is no TOML, or has a key or a value that it cannot have, with line and column.
pub fn hosts_toml(text: &str, path: &Path) -> Result<Inventory, InventoryError> {
    let file: File = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let (line, column) = line_and_column(text, at);
        InventoryError::Text {
            path: path.to_owned(),
            line,
            column,
            why: error.message().lines().collect::<Vec<_>>().join(", "),
        }
    })?;
    let mut inventory = Inventory::default();
    if let Some(timeout) = &file.timeout {
        match timeout.duration() {
            Ok(timeout) => inventory.timeout = Some(timeout),
            Err(why) => {
                let groups = file.groups.clone();
                inventory.refused.push(Refused {
                    name: "timeout".into(),
                    why,
                    groups,
                    is_host: false,
                });
            }
        }
    }
    let mut names: HashSet<&str> = HashSet::new();
    for host in &file.hosts {
        let name = host.name.0.to_string();
        let groups: Vec<String> = file.groups.iter().chain(&host.groups).cloned().collect();
        match site(&file, host, groups.clone()) {
            Ok(_) if !names.insert(host.name.0.as_str()) => {
                inventory.refused.push(Refused {
                    name,
                    why: "is listed twice; the first counts".into(),
                    groups,
                    is_host: true,
                });
            }
            Ok(site) => inventory.sites.push(site),
            Err(why) => inventory.refused.push(Refused { name, why, groups, is_host: true }),
        }
    }
    Ok(inventory)
}

fn site(file: &File, host: &Host, groups: Vec<String>) -> Result<Site, String> {
    let name = host.name.0.clone();
    let template = host.uri.as_ref().or(file.uri.as_ref());
    let template = template.ok_or("no uri, and the file has none for all")?;
    let uri = fill(template, name.as_str(), host.address.as_deref().unwrap_or(name.as_str()));
    check_uri(&uri)?;
    if let Some(bad) = groups.iter().find(|group| group.parse::<HostName>().is_err()) {
        return Err(format!("`{bad}` cannot name a group"));
    }
    Ok(Site {
        name,
        uri,
        groups,
        tags: file.tags.iter().chain(&host.tags).map(|tag| tag.0.clone()).collect(),
        timeout: host.timeout.as_ref().map(Span::duration).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Inventory, String> {
        hosts_toml(text, Path::new("hosts.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn a_template_gives_each_host_its_uri() {
        let text = "uri = 'qemu+ssh://root@{address}/system'\ntimeout = '5m'\ngroups = ['all-hosts']\n\
            [[host]]\nname = 'hv01'\n\
            [[host]]\nname = 'hv02'\naddress = '10.0.0.2'\ngroups = ['prod']\ntags = ['nightly']\n\
            [[host]]\nname = 'here'\nuri = 'qemu:///system'\ntimeout = 20\n";
        let inventory = read(text).unwrap();
        let shown: Vec<String> = inventory
            .sites
            .iter()
            .map(|site| format!("{} {} {:?} {:?}", site.name, site.uri, site.groups, site.timeout))
            .collect();
        assert_eq!(
            shown,
            [
                r#"hv01 qemu+ssh://root@hv01/system ["all-hosts"] None"#,
                r#"hv02 qemu+ssh://root@10.0.0.2/system ["all-hosts", "prod"] None"#,
                r#"here qemu:///system ["all-hosts"] Some(20s)"#,
            ]
        );
        assert_eq!(inventory.timeout, Some(Duration::from_secs(300)));
        assert_eq!(inventory.sites[1].tags[0].as_str(), "nightly");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        assert_eq!(
            read("[[host]]\nname = 'a b'\n").unwrap_err(),
            "hosts.toml:2:8: `a b` cannot name a host: a letter or digit, then letters, digits, `.`, `_` and `-`"
        );
        assert!(
            read("[[host]]\nnam = 'a'\n")
                .unwrap_err()
                .starts_with("hosts.toml:2:1: unknown field `nam`")
        );
        assert_eq!(
            read("[[host]]\nname = 'a'\ntags = ['latest']\n").unwrap_err(),
            "hosts.toml:3:8: `latest` cannot be a tag: it already says when in another way"
        );
        assert!(read("uri = \n").unwrap_err().starts_with("hosts.toml:1:"));
    }

    #[test]
    fn one_bad_host_costs_no_other() {
        let text = "[[host]]\nname = 'none'\n[[host]]\nname = 'a'\nuri = 'qemu:///system'\n\
            [[host]]\nname = 'a'\nuri = 'qemu:///system'\n\
            [[host]]\nname = 'option'\nuri = '--help'\n\
            [[host]]\nname = 'group'\nuri = 'qemu:///system'\ngroups = ['a b']\n\
            [[host]]\nname = 'slow'\nuri = 'qemu:///system'\ntimeout = 'soon'\n";
        let inventory = read(text).unwrap();
        assert_eq!(inventory.sites.len(), 1);
        let names: Vec<&str> = inventory.refused.iter().map(|each| each.name.as_str()).collect();
        assert_eq!(names, ["none", "a", "option", "group", "slow"]);
    }
}
