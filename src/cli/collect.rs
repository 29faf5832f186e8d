//! `domcaps collect`

mod changes;
mod check;
mod hosts;
mod outcome;
mod progress;
mod record;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use clap::Args;

use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use super::{Global, ListFormat, notify};
use crate::collect::{ApiFlag, Choice, Event, Refused, Settings, Site, fleet};
use crate::model::{HostName, Tag, counted, parse_duration};
use crate::render;
use crate::render::collected::RunTimes;
use changes::Hook;
use hosts::Hosts;
use progress::Progress;
use record::{Record, Sources};

/// Ask libvirt daemons and store what they answer, a snapshot for each host
///
/// Each host is asked over one connection of `virsh`, many hosts at once: its versions, its machine
/// list, and a document for every target it lists. The connection must be read-write, since libvirt
/// refuses domainCapabilities to a read-only one; docs/collecting.md says what that permits.
///
/// Hosts stand in hosts.toml, in an Ansible inventory, or in the database (`domcaps host set --uri`).
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps collect --connect qemu:///system --host hv01       this machine, under a name
  domcaps collect --connect qemu+ssh://root@hv02/system --host hv02 --tag pre-upgrade
  domcaps collect --all --jobs 32                             every host of hosts.toml
  ansible-inventory --list | domcaps collect --ansible - --group compute
  domcaps collect --check                                     what the list says, without asking
  domcaps collect hv01 --machine q35 --machine pc             some targets only
  domcaps collect --all --notify                              then tell the sinks of domcaps.toml
  domcaps collect --all --on-change 'domcaps diff $DOMCAPS_HOST@prev $DOMCAPS_HOST | mail -s changed ops'

Exit codes: 0 every host is stored whole; 3 some failed, are partial or suspect, or had targets
that may not be asked, or a command of --on-change or a sink of --notify failed, all named on
stderr; 1 nothing was stored.")]
pub(super) struct Arguments {
    /// Hosts to ask
    #[arg(value_name = "HOST", conflicts_with = "connect")]
    names: Vec<HostName>,
    /// Ask the hosts of a group (can be repeated)
    #[arg(long = "group", value_name = "GROUP", value_parser = super::host::group, conflicts_with = "connect")]
    groups: Vec<String>,
    /// Ask every host of the list
    #[arg(long, conflicts_with_all = ["connect", "names", "groups"])]
    all: bool,
    /// Ask the one host behind this libvirt URI; --host names it
    #[arg(long, value_name = "URI", requires = "host", conflicts_with_all = ["hosts", "ansible"])]
    connect: Option<String>,
    /// The name of the host behind --connect
    #[arg(long, value_name = "NAME", requires = "connect", conflicts_with_all = ["names", "groups", "all", "hosts", "ansible"])]
    host: Option<HostName>,
    /// List of hosts, with the files of hosts.d beside hosts.toml; or a folder of such files [default:
    /// /etc/domcaps/hosts.toml for root, else $XDG_CONFIG_HOME/domcaps/hosts.toml, else the hosts of the
    /// database that have a URI]
    #[arg(long, value_name = "FILE", conflicts_with = "ansible")]
    hosts: Option<PathBuf>,
    /// List of hosts as `ansible-inventory --list` prints it; - reads standard input
    #[arg(long, value_name = "FILE")]
    ansible: Option<PathBuf>,
    /// URI of the inventory's hosts that have no variable domcaps_uri; {name} and {address} are filled
    /// in [default: qemu+ssh://{address}/system]
    #[arg(long, value_name = "TEMPLATE", requires = "ansible", conflicts_with_all = ["hosts", "connect"])]
    uri: Option<String>,
    /// Check the list and show which hosts would be asked, and how; ask and store nothing
    #[arg(long)]
    check: bool,
    /// Tag the snapshots, to name them later as HOST@TAG (can be repeated)
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<Tag>,
    /// Run a shell command for each host whose capabilities changed, with the diff's JSON on its
    /// standard input, and $DOMCAPS_HOST, $DOMCAPS_BREAKING, $DOMCAPS_SNAPSHOT and $DOMCAPS_DB set.
    /// One that fails is run again by the next run with --on-change, until it succeeds
    #[arg(long, value_name = "COMMAND")]
    on_change: Option<String>,
    /// Write Prometheus metrics to a file afterwards, as `domcaps metrics --output` does
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    metrics: Option<PathBuf>,
    /// When all is stored, tell the sinks of domcaps.toml what is new, as `domcaps notify` does
    #[arg(long, conflicts_with = "check")]
    notify: bool,
    /// How to show what was done
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
    #[command(flatten)]
    targets: Targets,
    #[command(flatten)]
    work: Work,
}

/// Which targets.
#[derive(Args, Debug)]
#[command(
    next_help_heading = "Targets (all that libvirt lists, unless narrowed; * stands for anything)"
)]
struct Targets {
    /// Only this guest architecture (can be repeated)
    #[arg(long = "arch", value_name = "ARCH")]
    arches: Vec<String>,
    /// Only this domain type, such as kvm (can be repeated)
    #[arg(long = "virttype", value_name = "TYPE")]
    virttypes: Vec<String>,
    /// Only this machine or alias (can be repeated); one that is not listed is asked too
    #[arg(long = "machine", value_name = "MACHINE")]
    machines: Vec<String>,
    /// Only machines that an alias points to
    #[arg(long)]
    aliases_only: bool,
    /// Ask for host-model with every feature (virsh 12.2.0)
    #[arg(long)]
    expand_cpu_features: bool,
    /// Ask for host-model with the features the host supports (virsh 12.5.0)
    #[arg(long)]
    supported_cpu_features: bool,
    /// Ask for host-model without deprecated features (virsh 11.0.0)
    #[arg(long)]
    disable_deprecated_features: bool,
}

/// How the work is done.
#[derive(Args, Debug)]
#[command(next_help_heading = "Limits")]
struct Work {
    /// How many hosts to ask at once; one that keeps its answer waiting counts no more
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = |text: &str| super::ui::within(text, 1_u16..=1024))]
    jobs: u16,
    /// The most time for a host and try, such as 90s; what has arrived by then is kept [default: that
    /// of the list, else 5m]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// The most time for connecting, and for each answer
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    call_timeout: Duration,
    /// How often to try again where there is no connection
    #[arg(long, value_name = "N", default_value_t = 2)]
    retries: u32,
    /// The virsh program
    #[arg(long, value_name = "PROGRAM", default_value = "virsh")]
    virsh: PathBuf,
}

/// The most time for a host where nothing says otherwise.
const HOST_BUDGET: Duration = Duration::from_secs(300);

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).and_then(|time| {
        if time.is_zero() { Err("must be longer than 0".into()) } else { Ok(time) }
    })
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let database = ui::database(global)?;
    let hosts = hosts::of(arguments, &database)?;
    if arguments.check {
        return check::run(ui, &database, &hosts, arguments.format);
    }
    let Hosts { list, mut sites, refused, timeout, followed } = hosts;
    let virsh = ui::program(&arguments.work.virsh).ok_or_else(|| {
        Failure::new(&format!("there is no program `{}`", arguments.work.virsh.display()))
            .with_hint(
                "install libvirt's client (libvirt-clients, libvirt-client), or name it by --virsh",
            )
    })?;
    for each in &refused {
        ui.error(format!("{list}: {}: {}", each.name, each.why));
    }
    if sites.is_empty() {
        return Err(hosts::none_to_ask(&list, refused.is_empty()));
    }
    if arguments.work.timeout.is_some() {
        sites.iter_mut().for_each(|site| site.timeout = None);
    }
    let settings = arguments.settings(virsh, timeout);
    if let Some(file) = &arguments.metrics {
        super::outputs::check_folder(file)?;
    }
    let notices = arguments.notify.then(|| notify::Setup::read(None)).transpose()?;
    let sources = Sources { sites: &sites, followed: followed.as_ref(), notices: notices.as_ref() };
    let mut record = Record::new(ui, &database, sources, &arguments.tags)?;
    let stop = ui::interruption()?;
    let started_at = ui::now();
    let hook = |command| Hook::start(command, &database, Arc::clone(&stop));
    record.hook = arguments.on_change.as_deref().map(hook);
    record.retry_hooks(ui)?;
    let fatal = ask(ui, &sites, &settings, &mut record, &stop);
    record.finish(ui);
    let times = RunTimes { started_at, ended_at: ui::now() };
    let measured = arguments.measure(ui, &database);
    arguments.print(ui, &record, &refused, times)?;
    let exit = record.exit(!refused.is_empty() || measured.is_err());
    let told = record.notify(ui, &stop);
    if let Some(failure) = fatal {
        return Err(failure);
    }
    let told = told?;
    Ok(if exit == Exit::Done { told } else { exit })
}

/// Asks all sites and stores each as it comes; what makes going on useless is given back at the end.
fn ask(
    ui: &mut Ui<'_>,
    sites: &[Site],
    settings: &Settings,
    record: &mut Record<'_>,
    stop: &AtomicBool,
) -> Option<Failure> {
    /// How many answers may wait to be stored.
    const WAITING: usize = 4;
    let (sender, receiver) = sync_channel(WAITING);
    let mut progress = Progress::new(ui, sites);
    let mut fatal = None;
    std::thread::scope(|scope| {
        scope.spawn(move || fleet(sites, settings, &ui::now, stop, &sender));
        for event in receiver {
            progress.note(&event);
            if let Event::Started(site) = event {
                record.note_start(site);
            }
            let Event::Done(site, result) = event else { continue };
            if let Some(fatal) = &fatal {
                progress.aside(|| record.lost(ui, site, fatal));
            } else if let Err(failure) = progress.aside(|| record.add(ui, site, *result)) {
                progress.aside(|| record.lost(ui, site, &failure));
                fatal = Some(failure);
                stop.store(true, Ordering::Relaxed);
            }
        }
    });
    progress.end();
    if stop.load(Ordering::Relaxed) && fatal.is_none() {
        let missing = counted(record.interrupted(), "host");
        let message = format!("interrupted: {missing} not collected; what was stored before stays");
        fatal = Some(Failure::new(&message));
    }
    fatal
}

impl Arguments {
    /// Shows what was done, and says what to do next.
    fn print(
        &self,
        ui: &mut Ui<'_>,
        record: &Record<'_>,
        refused: &[Refused],
        times: RunTimes,
    ) -> Result<(), Failure> {
        match self.format {
            ListFormat::Json => {
                render::json::collected(&record.rows, refused, &record.unknown, times, ui.out())?;
            }
            ListFormat::Text => {
                let width = ui.out_width();
                ui.print(|out| render::collected::table(&record.rows, refused.len(), width, out))?;
                ui.flush()?;
                record.hint(ui);
            }
        }
        Ok(())
    }

    /// Writes the metrics that were asked for; why it did not do so is said, and stops nothing.
    fn measure(&self, ui: &mut Ui<'_>, database: &Path) -> Result<(), Failure> {
        let Some(file) = &self.metrics else { return Ok(()) };
        super::metrics::save(database, file).inspect_err(|failure| {
            ui.fail(failure);
        })
    }

    /// Whether every host of the list is meant.
    fn is_all(&self) -> bool {
        self.all || (self.check && self.names.is_empty() && self.groups.is_empty())
    }

    fn settings(&self, virsh: PathBuf, timeout: Option<Duration>) -> Settings {
        let Targets { arches, virttypes, machines, aliases_only, .. } = &self.targets;
        Settings {
            virsh,
            choice: Choice {
                arches: arches.clone(),
                virttypes: virttypes.clone(),
                machines: machines.clone(),
                aliases_only: *aliases_only,
            },
            flags: self.targets.flags(),
            host_budget: self.work.timeout.or(timeout).unwrap_or(HOST_BUDGET),
            call_budget: self.work.call_timeout,
            jobs: self.work.jobs.into(),
            retries: self.work.retries,
        }
    }
}

impl Targets {
    fn flags(&self) -> Vec<ApiFlag> {
        [
            (self.disable_deprecated_features, ApiFlag::DisableDeprecatedFeatures),
            (self.expand_cpu_features, ApiFlag::ExpandCpuFeatures),
            (self.supported_cpu_features, ApiFlag::SupportedCpuFeatures),
        ]
        .into_iter()
        .filter_map(|(is_given, flag)| is_given.then_some(flag))
        .collect()
    }
}
