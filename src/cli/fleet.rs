//! `domcaps fleet`

mod cohorts;
mod common;
mod matrix;
mod outliers;

use std::collections::HashSet;

use clap::{Args, Subcommand};

use super::failure::{Exit, Failure};
use super::freshness::{self, StaleLimit};
use super::ui::{self, Ui};
use super::{Global, future, hosts_of};
use crate::fleet::{Cohorts, Offers};
use crate::model::{HostFreshness, HostName, TargetPattern, Time};
use crate::side::Contents;
use crate::store::{Store, StoreError};

/// Questions about many hosts: which are alike, what all can do, who stands out
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, Subcommand)]
enum Question {
    Cohorts(cohorts::Arguments),
    Common(common::Arguments),
    Outliers(outliers::Arguments),
    Matrix(matrix::Arguments),
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    match &arguments.question {
        Question::Cohorts(arguments) => cohorts::run(ui, global, arguments),
        Question::Common(arguments) => common::run(ui, global, arguments),
        Question::Outliers(arguments) => outliers::run(ui, global, arguments),
        Question::Matrix(arguments) => matrix::run(ui, global, arguments),
    }
}

/// Which hosts; all where nothing is said.
#[derive(Args, Debug)]
struct Chosen {
    /// Hosts by name; without any, and without --group, all
    #[arg(value_name = "HOST")]
    hosts: Vec<String>,
    /// The hosts of a group
    #[arg(long, value_name = "GROUP", conflicts_with = "hosts")]
    group: Option<String>,
    #[command(flatten)]
    limit: StaleLimit,
}

impl Chosen {
    fn read(&self, ui: &mut Ui<'_>, global: &Global) -> Result<ChosenFleet, Failure> {
        read(ui, global, &self.hosts, self.group.as_deref(), &self.limit)
    }
}

/// The hosts that were asked about, put together by content.
struct ChosenFleet {
    contents: Contents,
    cohorts: Cohorts,
    /// Hosts of which no complete snapshot is stored.
    silent: Vec<HostName>,
    /// The moment since which a host must have answered.
    cutoff: Time,
}

impl ChosenFleet {
    /// How current each host is.
    fn freshness(&self) -> Result<Vec<HostFreshness>, Failure> {
        let Some(store) = &self.contents.store else { return Ok(Vec::new()) };
        let members = self.cohorts.cohorts.iter().flat_map(|cohort| &cohort.hosts);
        let without = self.cohorts.left_out.iter().map(|(host, _)| host).chain(&self.silent);
        let asked: HashSet<&HostName> = members.chain(without).collect();
        Ok(freshness::of_hosts(store, None, self.cutoff, |host| asked.contains(host))?)
    }
}

/// Which targets count.
#[derive(Args, Debug)]
struct Targets {
    /// Only these targets: a machine or alias, or ARCH/VIRTTYPE/MACHINE with * (may be repeated)
    #[arg(long, value_name = "MACHINE")]
    machine: Vec<TargetPattern>,
}

impl Targets {
    /// What each cohort offers on them.
    fn offers(&self, contents: &Contents, cohorts: &Cohorts) -> Result<Offers, Failure> {
        let Some(store) = &contents.store else { return Ok(Offers::default()) };
        let offers = Offers::read(store, cohorts, &self.machine)?;
        if offers.families().is_empty() {
            let error = "no host has a target that --machine means";
            return Err(Failure::new(&error)
                .with_hint("`domcaps machines HOST` lists machines and aliases"));
        }
        Ok(offers)
    }
}

/// Opens the database and puts hosts together by content; says on stderr which say less than they
/// should.
fn read(
    ui: &mut Ui<'_>,
    global: &Global,
    named: &[String],
    group: Option<&str>,
    limit: &StaleLimit,
) -> Result<ChosenFleet, Failure> {
    let store = Store::open(&ui::database(global)?)?;
    let is_asked =
        |host: &HostName| named.is_empty() || named.iter().any(|name| name == host.as_str());
    let cutoff = limit.warn(ui, &store, group, is_asked)?;
    let mut latest = store.latest_of_all(group)?;
    let mut silent = Vec::new();
    if named.is_empty() {
        let there: HashSet<&HostName> = latest.iter().map(|each| &each.snapshot.host).collect();
        silent = hosts_of::stored(&store, group)?;
        silent.retain(|host| !there.contains(host));
    } else {
        let hosts: Result<HashSet<HostName>, StoreError> =
            named.iter().map(|name| store.host(name).map(|(_, host)| host)).collect();
        let mut hosts = hosts?;
        latest.retain(|each| hosts.remove(&each.snapshot.host));
        silent.extend(hosts);
        silent.sort();
    }
    let answering = latest.iter().map(|each| &each.snapshot);
    future::warn_rows(ui, &store, answering)?;
    let cohorts = Cohorts::of(&store, latest)?;
    tell(ui, &cohorts, &silent);
    if cohorts.cohorts.is_empty() {
        return Err(Failure::new(&"no host has a complete snapshot")
            .with_hint("`domcaps snapshots HOST` lists what is stored"));
    }
    Ok(ChosenFleet { contents: Contents::new(Some(store)), cohorts, silent, cutoff })
}

/// Hosts that are left out, or that are judged by an older snapshot: how many, and a few names.
fn tell(ui: &mut Ui<'_>, cohorts: &Cohorts, silent: &[HostName]) {
    let passed: Vec<&HostName> = cohorts.passed_over.iter().map(|(host, _)| host).collect();
    if !passed.is_empty() {
        ui.warning(format!(
            "{}: newer snapshots that are not complete were passed over",
            hosts_of::some(&passed)
        ));
    }
    let mut without: Vec<&HostName> = cohorts.left_out.iter().map(|(host, _)| host).collect();
    without.extend(silent);
    without.sort();
    if !without.is_empty() {
        ui.warning(format!("{}: left out, without a complete snapshot", hosts_of::some(&without)));
    }
}
