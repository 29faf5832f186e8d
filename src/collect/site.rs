//! What is to be asked, and how.

use std::path::PathBuf;
use std::time::Duration;

use super::commands::ApiFlag;
use super::targets::Choice;
use crate::model::{HostName, Tag};

/// A host that can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its name.
    pub name: HostName,
    /// How virsh reaches it.
    pub uri: String,
    /// Groups to put it into.
    pub groups: Vec<String>,
    /// Tags for its snapshots.
    pub tags: Vec<Tag>,
    /// Its own time budget, where it has one.
    pub timeout: Option<Duration>,
}

/// How hosts are asked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The virsh program.
    pub virsh: PathBuf,
    /// Which targets.
    pub choice: Choice,
    /// CPU flags of each call, sorted.
    pub flags: Vec<ApiFlag>,
    /// The most time for a host, from start to end.
    pub host_budget: Duration,
    /// The most time for connecting, and for one answer.
    pub call_budget: Duration,
    /// How many hosts at once.
    pub jobs: usize,
    /// How often a host is tried again when there is no connection.
    pub retries: u32,
}

/// A host that is named by hand.
///
/// # Errors
/// Where the URI is none.
pub fn site(name: HostName, uri: String) -> Result<Site, String> {
    check_uri(&uri)?;
    Ok(Site { name, uri, groups: Vec::new(), tags: Vec::new(), timeout: None })
}

/// A URI that virsh would not take for an option, and that stands on one line.
///
/// # Errors
/// Where it is none, with the reason.
pub fn check_uri(uri: &str) -> Result<(), String> {
    let has_scheme = uri.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|each| each.is_ascii_alphanumeric() || "+.-".contains(each))
    });
    if let Some((_, rest)) = uri.split_once('{') {
        let name = rest.split('}').next().unwrap_or_default();
        return Err(format!("`{{{name}}}` in its URI is no placeholder: {{name}} or {{address}}"));
    }
    let is_plain = uri.chars().all(|each| !each.is_control() && !each.is_whitespace());
    if has_scheme && is_plain { Ok(()) } else { Err(format!("`{uri}` is no connection URI")) }
}

/// Drivers that manage the machine their daemon runs on.
const LOCAL_DRIVERS: [&str; 5] = ["qemu", "xen", "bhyve", "ch", "lxc"];

impl Site {
    /// The URI that virsh is given. ssh must not ask for a password where nobody answers: it would
    /// stop until its time is over.
    #[must_use]
    pub fn connection(&self) -> String {
        let (scheme, query) =
            (self.uri.split(':').next().unwrap_or_default(), self.uri.contains('?'));
        if !scheme.ends_with("+ssh") || self.uri.contains("no_tty=") {
            return self.uri.clone();
        }
        format!("{}{}no_tty=1", self.uri, if query { '&' } else { '?' })
    }

    /// Whether what this machine says of itself is true of the host too. A socket of its own may
    /// lead anywhere: into a container, or through a tunnel.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let Some((scheme, rest)) = self.uri.split_once("://") else { return false };
        let (driver, transport) = scheme.split_once('+').unwrap_or((scheme, "unix"));
        let is_here = LOCAL_DRIVERS.contains(&driver) && transport == "unix";
        is_here && rest.starts_with('/') && !rest.contains("socket=")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(uri: &str) -> Site {
        Site {
            name: "a".parse().unwrap(),
            uri: uri.into(),
            groups: Vec::new(),
            tags: Vec::new(),
            timeout: None,
        }
    }

    #[test]
    fn ssh_asks_nobody() {
        assert_eq!(site("qemu+ssh://h/system").connection(), "qemu+ssh://h/system?no_tty=1");
        assert_eq!(
            site("qemu+ssh://h/system?keyfile=k").connection(),
            "qemu+ssh://h/system?keyfile=k&no_tty=1"
        );
        for as_is in ["qemu+ssh://h/system?no_tty=0", "qemu:///system", "qemu+tls://h/system"] {
            assert_eq!(site(as_is).connection(), as_is);
        }
    }

    #[test]
    fn only_this_machine_is_local() {
        for local in [
            "qemu:///system",
            "qemu:///session",
            "qemu+unix:///system",
            "xen:///",
            "bhyve:///system",
        ] {
            assert!(site(local).is_local(), "{local}");
        }
        for remote in [
            "qemu+ssh://h/system",
            "qemu+tls:///system",
            "qemu+unix:///system?socket=/tmp/s",
            "qemu:///system?socket=/tmp/s",
            "test:///default",
            "esx://h/",
        ] {
            assert!(!site(remote).is_local(), "{remote}");
        }
    }
}
