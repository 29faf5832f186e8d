//! Which arguments are guests, and which are hosts.

use std::path::{Path, PathBuf};

use super::Arguments;
use crate::cli::failure::Failure;
use crate::cli::{Global, hosts_of, sides};
use crate::model::{TargetPattern, When, glob};
use crate::operand::Operand;
use crate::side::Contents;

/// A host as it was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HostSource {
    /// As an operand: a host, a file or a folder.
    Operand(String),
    /// A stored host, whatever files are called.
    Stored(String),
}

impl HostSource {
    /// What it is called in the answer.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Operand(name) | Self::Stored(name) => name,
        }
    }

    /// The stored host that it means, the moment, and which targets where not all are meant.
    pub(super) fn stored(&self) -> Option<(String, When, Option<TargetPattern>)> {
        match self {
            Self::Stored(name) => Some((name.clone(), When::Latest, None)),
            Self::Operand(text) => stored(text),
        }
    }
}

/// What was asked for.
#[derive(Debug)]
pub(super) struct PreflightInputs<'a> {
    /// Files and folders of guests.
    pub(super) guests: Vec<PathBuf>,
    /// Hosts that are named; none with `--group` and `--all`.
    operands: Vec<&'a str>,
    group: Option<&'a str>,
}

impl<'a> PreflightInputs<'a> {
    /// Hosts stand behind the one guest, or are named by an option: then every argument is a guest.
    pub(super) fn of(arguments: &'a Arguments) -> Result<Self, Failure> {
        let has_option = !arguments.hosts.is_empty() || arguments.group.is_some() || arguments.all;
        let named = if has_option { &arguments.hosts } else { &arguments.operands };
        let mut guests = vec![arguments.guest.clone()];
        if has_option {
            for more in &arguments.operands {
                guests.push(guest_path(more)?);
            }
        } else if named.is_empty() {
            let message = "no host is named";
            return Err(Failure::usage(&message).with_hint(
                "name hosts behind the guest, or give --host HOST, --group GROUP or --all",
            ));
        }
        let inputs = Self {
            guests,
            operands: named.iter().map(String::as_str).collect(),
            group: arguments.group.as_deref(),
        };
        let guests = inputs.guests.iter().filter_map(|path| path.to_str());
        let hosts = inputs.operands.iter().copied();
        sides::at_most_one_stdin(guests.chain(hosts).chain(arguments.migrate_from.as_deref()))?;
        Ok(inputs)
    }

    /// Whether the answer is a table: whatever a folder holds, its answer has one form.
    pub(super) fn is_many(&self) -> bool {
        self.guests.len() > 1 || self.guests.iter().any(|path| path.is_dir())
    }

    /// Every host, in the order of the operands, else by name.
    pub(super) fn hosts(
        &self,
        global: &Global,
        contents: &mut Contents,
    ) -> Result<Vec<HostSource>, Failure> {
        let stored = |name: &dyn std::fmt::Display| HostSource::Stored(name.to_string());
        if self.operands.is_empty() {
            let store = sides::open_store(global, contents)?;
            let hosts = hosts_of::stored(store, self.group)?;
            return Ok(hosts.iter().map(|host| stored(host)).collect());
        }
        let mut hosts = Vec::new();
        for operand in &self.operands {
            let Some((pattern, rest)) = pattern(operand) else {
                hosts.push(HostSource::Operand((*operand).to_owned()));
                continue;
            };
            let store = sides::open_store(global, contents)?;
            let mut is_met = false;
            for host in store.host_names(None)? {
                if glob(pattern, host.as_str()) {
                    is_met = true;
                    let name = format!("{host}{rest}");
                    let source = match rest {
                        "" => HostSource::Stored(name),
                        _ => HostSource::Operand(name),
                    };
                    if !hosts.contains(&source) {
                        hosts.push(source);
                    }
                }
            }
            if !is_met {
                let message = format!("{operand}: no stored host fits {pattern}");
                return Err(Failure::new(&message).with_hint("`domcaps hosts` lists all"));
            }
        }
        Ok(hosts)
    }
}

/// The stored host that an operand means.
pub(super) fn stored(operand: &str) -> Option<(String, When, Option<TargetPattern>)> {
    match Operand::parse(operand, Path::exists) {
        Ok(Operand::Host { host, when, target }) if !host.contains('/') => {
            Some((host, when, target))
        }
        _ => None,
    }
}

/// The pattern of hosts in an operand, and what stands behind it; none where it is no pattern.
fn pattern(operand: &str) -> Option<(&str, &str)> {
    let is_path = matches!(Operand::parse(operand, Path::exists), Ok(Operand::Files(_)));
    let end = operand.find(['@', ':']).unwrap_or(operand.len());
    let (host, rest) = operand.split_at(end);
    (!is_path && host.contains('*')).then_some((host, rest))
}

/// A further guest; what looks like a host is one that was meant to be named otherwise.
fn guest_path(text: &str) -> Result<PathBuf, Failure> {
    match Operand::parse(text, Path::exists) {
        Ok(Operand::Files(path)) => Ok(path),
        _ => Err(Failure::usage(&format!("{text}: no such file")).with_hint(
            "with --host, --group or --all every argument is a guest; name hosts by one of them only",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn a_star_in_the_name_of_a_host_is_a_pattern() {
        assert_eq!(pattern("hv*"), Some(("hv*", "")));
        assert_eq!(pattern("*@pre-upgrade:q35"), Some(("*", "@pre-upgrade:q35")));
        for plain in ["hv01", "hv01:x86_64/*/pc", "./hv*", "/a/*", "hv*.xml"] {
            assert_eq!(pattern(plain), None, "{plain}");
        }
    }
}
