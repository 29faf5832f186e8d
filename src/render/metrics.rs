//! Prometheus metrics, in the text format that node_exporter's textfile collector reads.
//!
//! All are gauges, since they are read from a database and not counted by a process. The text format
//! has no types `info` and `stateset`, and refuses a timestamp behind a value, so that times are values
//! too: <https://prometheus.io/docs/practices/naming/>, <https://github.com/prometheus/node_exporter>.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::time::Duration;

use super::hosts::HostOverview;
use super::status::HostState;
use crate::model::Time;
use crate::store::HostId;

/// What the metrics of a fleet are made of.
#[derive(Debug)]
pub struct FleetMetrics<'m> {
    /// All hosts.
    pub hosts: &'m [HostOverview],
    /// How long the last attempt of each host took.
    pub durations: &'m HashMap<HostId, Duration>,
    /// Bytes of the database file.
    pub database_bytes: u64,
    /// When they are written.
    pub now: Time,
    /// With more hosts than these, none has series of its own.
    pub most_hosts: usize,
}

/// The labels and the value of a series.
type Series<'s> = (Vec<(&'static str, &'s str)>, f64);

impl FleetMetrics<'_> {
    /// Whether each host has series of its own.
    #[must_use]
    pub fn has_hosts(&self) -> bool {
        self.hosts.len() <= self.most_hosts
    }

    /// Writes all of them.
    ///
    /// # Errors
    /// Where the output cannot be written.
    pub fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        self.fleet(out)?;
        self.groups(out)?;
        if self.has_hosts() {
            self.attempts(out)?;
            self.each_host(out)?;
        }
        Ok(())
    }

    fn fleet(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let version = vec![("version", env!("CARGO_PKG_VERSION"))];
        family(out, "domcaps_build_info", "The version of domcaps, as a label.", [(version, 1.0)])?;
        let mut single = |name, help, value| family(out, name, help, [(Vec::new(), value)]);
        single(
            "domcaps_metrics_timestamp_seconds",
            "When these metrics were written.",
            seconds(self.now),
        )?;
        single(
            "domcaps_database_size_bytes",
            "Size of the database file.",
            whole(self.database_bytes),
        )?;
        let snapshots: i64 = self.hosts.iter().map(|host| host.row.snapshots).sum();
        single("domcaps_snapshots", "Snapshots that are stored.", number(snapshots))?;
        let without = if self.has_hosts() { 0 } else { self.hosts.len() };
        single(
            "domcaps_hosts_without_series",
            "Hosts that have no series of their own, because there are more than the limit.",
            whole(without as u64),
        )?;
        let last = self.hosts.iter().filter_map(|host| host.contact.last_attempt).max();
        family(
            out,
            "domcaps_last_attempt_timestamp_seconds",
            "When any host was last tried to be collected.",
            last.map(|at| (Vec::new(), seconds(at))),
        )?;
        let states = counts(self.hosts.iter());
        family(
            out,
            "domcaps_hosts",
            "Hosts by state; each host is in one.",
            states.map(|(state, count)| (vec![("state", state.name())], count)),
        )
    }

    fn groups(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let mut groups: BTreeMap<&str, Vec<&HostOverview>> = BTreeMap::new();
        for host in self.hosts {
            for group in &host.row.groups {
                groups.entry(group).or_default().push(host);
            }
        }
        let states = groups.iter().flat_map(|(group, hosts)| {
            counts(hosts.iter().copied())
                .map(|(state, count)| (vec![("group", *group), ("state", state.name())], count))
        });
        family(out, "domcaps_group_hosts", "Hosts of a group by state.", states)?;
        let oldest = groups.iter().filter_map(|(group, hosts)| {
            let listed = hosts.iter().filter(|host| HostState::of(host) != HostState::Left);
            let oldest = listed.filter_map(|host| host.contact.last_success).min()?;
            Some((vec![("group", *group)], seconds(oldest)))
        });
        family(
            out,
            "domcaps_group_oldest_success_timestamp_seconds",
            "The last success of the host of a group whose last success is the oldest.",
            oldest,
        )
    }

    /// Hosts to watch: one that left its list is only counted.
    fn watched(&self) -> impl Iterator<Item = &HostOverview> {
        self.hosts.iter().filter(|host| HostState::of(host) != HostState::Left)
    }

    fn attempts(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let mut each = |name, help, value: &dyn Fn(&HostOverview) -> Option<f64>| {
            let series = self.watched().filter_map(|host| Some((vec![label(host)], value(host)?)));
            family(out, name, help, series)
        };
        each(
            "domcaps_host_last_attempt_timestamp_seconds",
            "When a host was last tried to be collected.",
            &|host| host.contact.last_attempt.map(seconds),
        )?;
        each(
            "domcaps_host_last_attempt_success",
            "Whether the last attempt was a success (1) or not (0).",
            &|host| host.contact.outcome.map(|outcome| truth(outcome.is_success())),
        )?;
        each(
            "domcaps_host_last_attempt_duration_seconds",
            "How long the last attempt took, retries included.",
            &|host| self.durations.get(&host.row.id).map(Duration::as_secs_f64),
        )?;
        each(
            "domcaps_host_failing_since_timestamp_seconds",
            "The first failed attempt after the last success; only of hosts that fail.",
            &|host| host.contact.failing_since.map(seconds),
        )?;
        each(
            "domcaps_host_consecutive_failures",
            "Failed attempts since the last success.",
            &|host| Some(whole(host.contact.failures)),
        )
    }

    fn each_host(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let info = self.watched().map(|host| {
            let libvirt = host.row.libvirt.as_deref().unwrap_or_default();
            let hypervisor = host.row.hypervisor.as_deref().unwrap_or_default();
            (vec![label(host), ("hypervisor", hypervisor), ("libvirt", libvirt)], 1.0)
        });
        family(
            out,
            "domcaps_host_info",
            "Versions in the newest snapshot of a host, as labels.",
            info,
        )?;
        let mut each = |name, help, value: &dyn Fn(&HostOverview) -> Option<f64>| {
            let series = self.watched().filter_map(|host| Some((vec![label(host)], value(host)?)));
            family(out, name, help, series)
        };
        each(
            "domcaps_host_collected",
            "Whether a host was ever collected successfully or imported (1) or not (0).",
            &|host| Some(truth(host.contact.last_success.is_some())),
        )?;
        each(
            "domcaps_host_last_success_timestamp_seconds",
            "The last success of a host; of one that is only imported, its newest snapshot.",
            &|host| host.contact.last_success.map(seconds),
        )?;
        each("domcaps_host_snapshots", "Snapshots of a host that are stored.", &|host| {
            Some(number(host.row.snapshots))
        })?;
        each(
            "domcaps_host_last_changed_timestamp_seconds",
            "When the capabilities of a host last changed, or were first stored.",
            &|host| host.row.last_changed.map(seconds),
        )
    }
}

/// How many hosts are in each state; a state without any is there too, as 0.
fn counts<'h>(
    hosts: impl Iterator<Item = &'h HostOverview>,
) -> impl Iterator<Item = (HostState, f64)> {
    let states: Vec<HostState> = hosts.map(HostState::of).collect();
    HostState::ALL.into_iter().map(move |state| {
        let count = states.iter().filter(|other| **other == state).count();
        (state, whole(count as u64))
    })
}

fn label(host: &HostOverview) -> (&'static str, &str) {
    ("host", host.row.name.as_str())
}

/// Writes a metric with its series; none where it has none.
fn family<'s>(
    out: &mut dyn Write,
    name: &str,
    help: &str,
    series: impl IntoIterator<Item = Series<'s>>,
) -> std::io::Result<()> {
    let mut series = series.into_iter().peekable();
    if series.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge")?;
    for (labels, value) in series {
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        match labels.is_empty() {
            true => writeln!(out, "{name} {value}")?,
            false => writeln!(out, "{name}{{{}}} {value}", labels.join(","))?,
        }
    }
    Ok(())
}

/// The value of a label between its quotes.
fn escaped(value: &str) -> String {
    super::plain(value).replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

fn seconds(time: Time) -> f64 {
    number(time.milliseconds()) / 1000.0
}

fn truth(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}

#[expect(clippy::cast_precision_loss, reason = "all values of Prometheus are floating point")]
fn number(value: i64) -> f64 {
    value as f64
}

fn whole(value: u64) -> f64 {
    number(i64::try_from(value).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{escaped, family};

    #[test]
    fn a_label_cannot_end_its_quotes_or_its_line() {
        assert_eq!(escaped(r#"a"b\c"#), r#"a\"b\\c"#);
        assert!(!escaped("a\nb 1\n").contains('\n'));
    }

    #[test]
    fn a_metric_without_series_is_left_out() {
        let mut out = Vec::new();
        family(&mut out, "a", "A.", []).unwrap();
        assert!(out.is_empty());
        family(&mut out, "a", "A.", [(vec![("b", "c")], 1_795_898_128.25)]).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "# HELP a A.\n# TYPE a gauge\na{b=\"c\"} 1795898128.25\n");
    }
}
