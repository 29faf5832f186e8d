//! `domcaps metrics`

use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::{Exit, Failure};
use super::freshness::{self, StaleLimit};
use super::ui::{self, Ui};
use super::{Global, hosts, outputs};
use crate::model::Time;
use crate::render::metrics::FleetMetrics;
use crate::store::Store;

/// With more hosts than these, none has series of its own, unless the command line says otherwise.
const MOST_HOSTS: usize = 1000;

/// Write metrics for Prometheus, in the format of node_exporter's textfile collector
///
/// Which hosts are current, failing, stale or were never collected: as counts, by group, and with series
/// for each host. docs/monitoring.md lists the metrics; contrib/monitoring has alert rules and a Grafana
/// dashboard for them.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps metrics                                   what there is
  domcaps metrics --output /var/lib/prometheus/node-exporter/domcaps.prom
  domcaps collect --all --metrics /var/lib/prometheus/node-exporter/domcaps.prom")]
pub(super) struct Arguments {
    /// Write to a file, whole or not at all, that every user can read; its name must end in .prom for
    /// node_exporter
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write series for each host only where there are at most so many hosts
    #[arg(long, value_name = "N", default_value_t = MOST_HOSTS)]
    max_hosts: usize,
    #[command(flatten)]
    limit: StaleLimit,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let store = Store::open(&ui::database(global)?)?;
    let text = text(&store, arguments.limit.cutoff()?, arguments.max_hosts)?;
    match &arguments.output {
        Some(file) => outputs::save_for_all(file, &text)?,
        None => ui.out().write_all(&text)?,
    }
    Ok(Exit::Done)
}

/// Writes the metrics of a database to a file.
pub(super) fn save(database: &Path, file: &Path) -> Result<(), Failure> {
    let store = Store::open(database)?;
    outputs::save_for_all(file, &text(&store, freshness::cutoff(None)?, MOST_HOSTS)?)
}

fn text(store: &Store, cutoff: Time, most_hosts: usize) -> Result<Vec<u8>, Failure> {
    let (hosts, durations) = store.at_one_moment(|| {
        let hosts = hosts::read(store, None, cutoff)?;
        Ok::<_, Failure>((hosts, store.attempt_durations()?))
    })??;
    let metrics = FleetMetrics {
        hosts: &hosts,
        durations: &durations,
        database_bytes: std::fs::metadata(store.path()).map_or(0, |file| file.len()),
        now: ui::now(),
        most_hosts,
    };
    let mut text = Vec::new();
    metrics.write(&mut text)?;
    Ok(text)
}
