//! Hosts and when each last answered: a table, and CSV.

use std::io::Write;

use crate::model::Time;
use crate::store::{HostContact, HostRow};

/// What is known of a host.
#[derive(Clone, Debug)]
pub struct HostOverview {
    /// What is stored.
    pub row: HostRow,
    /// What collecting it came to.
    pub contact: HostContact,
    /// Its last success is too long ago.
    pub is_stale: bool,
}

fn time(time: Option<Time>) -> String {
    time.map(|time| time.to_string()).unwrap_or_default()
}

/// Writes hosts as a table; columns on failures only where there are any.
///
/// # Errors
/// Where the output cannot be written.
pub fn table(hosts: &[HostOverview], out: &mut dyn Write) -> std::io::Result<()> {
    let has_failures = hosts.iter().any(|host| host.contact.is_failing());
    let has_left = hosts.iter().any(|host| host.contact.left_at().is_some());
    let mut header = vec![
        "host",
        "snapshots",
        "last success",
        "last changed",
        "libvirt",
        "hypervisor",
        "groups",
    ];
    if has_left {
        header.push("left the list");
    }
    if has_failures {
        header.extend(["failing since", "reason"]);
    }
    let row = |host: &HostOverview| {
        let HostOverview { row, contact, .. } = host;
        let mut cells = vec![
            row.name.to_string(),
            row.snapshots.to_string(),
            time(contact.last_success),
            time(row.last_changed),
            row.libvirt.as_deref().unwrap_or_default().to_owned(),
            row.hypervisor.as_deref().unwrap_or_default().to_owned(),
            row.groups.join(" "),
        ];
        if has_left {
            cells.push(time(contact.left_at()));
        }
        if has_failures {
            cells.push(time(contact.failing_since));
            let reason = contact.reason.clone().filter(|_| contact.is_failing());
            cells.push(reason.unwrap_or_default());
        }
        cells
    };
    let rows: Vec<Vec<String>> = hosts.iter().map(row).collect();
    super::table::table(&header, &rows, out)
}

/// Names of the columns; later versions add some at the end.
const COLUMNS: [&str; 15] = [
    "host",
    "uri",
    "groups",
    "snapshots",
    "last_attempt",
    "last_success",
    "failing_since",
    "failures",
    "outcome",
    "reason",
    "stale",
    "left_at",
    "last_changed",
    "libvirt",
    "hypervisor",
];

/// Writes hosts as CSV behind a row of names.
///
/// # Errors
/// Where the output cannot be written.
pub fn csv(hosts: &[HostOverview], out: &mut dyn Write) -> std::io::Result<()> {
    let record = |host: &HostOverview| {
        let HostOverview { row, contact, is_stale } = host;
        vec![
            row.name.to_string(),
            row.uri.clone().unwrap_or_default(),
            row.groups.join("; "),
            row.snapshots.to_string(),
            time(contact.last_attempt),
            time(contact.last_success),
            time(contact.failing_since),
            contact.failures.to_string(),
            contact.outcome.map(|outcome| outcome.name().to_owned()).unwrap_or_default(),
            contact.reason.clone().unwrap_or_default(),
            is_stale.to_string(),
            time(contact.left_at()),
            time(row.last_changed),
            row.libvirt.as_deref().unwrap_or_default().to_owned(),
            row.hypervisor.as_deref().unwrap_or_default().to_owned(),
        ]
    };
    super::csv::records(&COLUMNS, hosts.iter().map(record), out)
}
