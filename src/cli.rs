//! The command line: the only place that names clap, and that wires the other modules together.
//!
//! One file for each subcommand: its arguments, whose doc comments are the help, and `run`. Clock,
//! environment, home folder and terminal are looked at in [`ui`] and nowhere else.

mod backup;
mod changes;
mod check;
mod collect;
mod complete;
mod completions;
mod demo;
mod diff;
mod export;
mod failure;
mod fleet;
mod forget;
mod freshness;
mod future;
mod history;
mod host;
mod hosts;
mod hosts_of;
mod import;
mod judging;
mod last;
mod machines;
mod man;
mod many;
mod metrics;
mod notify;
mod outputs;
mod paths;
mod plan;
mod preflight;
mod prune;
mod query;
mod release;
mod report;
mod rules;
mod schema;
mod show;
mod sides;
mod snapshot;
mod snapshots;
mod sql;
mod status;
mod tag;
mod ui;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::{ContextKind, ErrorKind};
use clap::{Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use failure::Failure;
use ui::Ui;

/// What selects a snapshot: a page of its own, and a part of the whole help.
macro_rules! selectors {
    () => {
        "\
Selectors are HOST[@WHEN][:TARGET], release:NAME[:TARGET] (`domcaps release list`), a file, a folder
of files, or -. TARGET is a machine or alias, or ARCH/VIRTTYPE/MACHINE with *. WHEN selects a
snapshot of the host:
  latest       the newest complete snapshot; this is what HOST alone means
  prev         the newest one before the last change of content
  -N           the same N changes back: HOST@-2
  run-N        the one N collections back, whether anything changed or not
  2026-11-01   the newest one that is not after the end of that date (UTC), or not after a time
               such as 2026-11-01T02:00:00Z
  pre-upgrade  the newest one that has this tag (`domcaps tag`)
  id:PREFIX    the one whose id begins so (`domcaps snapshots`)
"
    };
}

/// A history of what every hypervisor host of a fleet can do, from libvirt's domainCapabilities
#[derive(Debug, Parser)]
#[command(name = "domcaps", version, max_term_width = 100)]
#[command(after_help = concat!(
    selectors!(),
    "
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 partly done, 10 --fail-on found something."
))]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// Database file [default: $DOMCAPS_DB, else $XDG_DATA_HOME/domcaps/domcaps.db, for root
    /// /var/lib/domcaps/domcaps.db]
    #[arg(long, global = true, value_name = "FILE")]
    db: Option<PathBuf>,
    /// When to colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
    /// Say nothing but the result, warnings and errors
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

/// Formats of a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    Text,
    Json,
}

/// The enum of all commands, and what builds one of them alone.
macro_rules! commands {
    ($($(#[$attribute:meta])* $name:ident($module:ident),)*) => {
        #[derive(Debug, Subcommand)]
        enum Command {
            $($(#[$attribute])* $name($module::Arguments),)*
        }

        impl Command {
            /// The one command of this name.
            fn only(name: &str) -> Option<clap::Command> {
                match name {
                    $(stringify!($module) => {
                        Some($module::Arguments::augment_args(clap::Command::new(stringify!($module))))
                    })*
                    _ => None,
                }
            }
        }
    };
}

commands! {
    Collect(collect),
    Import(import),
    Status(status),
    Metrics(metrics),
    Hosts(hosts),
    Host(host),
    Snapshots(snapshots),
    Snapshot(snapshot),
    Show(show),
    Query(query),
    Paths(paths),
    Machines(machines),
    Diff(diff),
    History(history),
    Last(last),
    Changes(changes),
    Notify(notify),
    Report(report),
    Release(release),
    Fleet(fleet),
    Rules(rules),
    Preflight(preflight),
    Plan(plan),
    Sql(sql),
    Export(export),
    Tag(tag),
    Forget(forget),
    Prune(prune),
    Check(check),
    Backup(backup),
    Demo(demo),
    Schema(schema),
    #[command(hide = true)]
    Complete(complete),
    Completions(completions),
    Man(man),
}

impl Cli {
    /// Reads the command line.
    ///
    /// Only the command that is named is built: all of them would take longer than many a command
    /// takes. What it does not read (help, a wrong argument) is read again by the whole, which has all
    /// there is to say.
    fn read(arguments: &[OsString]) -> Result<Self, clap::Error> {
        let mut named = arguments.iter().skip(1).filter_map(|argument| argument.to_str());
        let version = clap::Command::new("domcaps").version(env!("CARGO_PKG_VERSION"));
        let root = Global::augment_args(version).subcommand_required(true);
        match root.subcommands(named.find_map(Command::only)).try_get_matches_from(arguments) {
            Ok(mut matches) => Self::from_arg_matches_mut(&mut matches),
            Err(error) if error.kind() == ErrorKind::DisplayVersion => Err(error),
            Err(_) => Self::try_parse_from(arguments),
        }
    }
}

/// Runs domcaps: the whole program. `arguments` begin with the program's name.
pub fn run(arguments: &[OsString], out: &mut dyn Write, err: &mut dyn Write) -> ExitCode {
    if let Some(page) = topic(arguments) {
        return ui::page(page, out);
    }
    let cli = match Cli::read(arguments) {
        Ok(cli) => cli,
        Err(error) => return ui::usage(&shown(error, arguments), out, err),
    };
    let Cli { global, command } = cli;
    let mut ui = Ui::new(out, err, &global);
    let result = match command {
        Command::Collect(arguments) => collect::run(&mut ui, &global, &arguments),
        Command::Import(arguments) => import::run(&mut ui, &global, &arguments),
        Command::Status(arguments) => status::run(&mut ui, &global, &arguments),
        Command::Metrics(arguments) => metrics::run(&mut ui, &global, &arguments),
        Command::Hosts(arguments) => hosts::run(&mut ui, &global, &arguments),
        Command::Host(arguments) => host::run(&mut ui, &global, &arguments),
        Command::Snapshots(arguments) => snapshots::run(&mut ui, &global, &arguments),
        Command::Snapshot(arguments) => snapshot::run(&mut ui, &global, &arguments),
        Command::Show(arguments) => show::run(&mut ui, &global, &arguments),
        Command::Query(arguments) => query::run(&mut ui, &global, &arguments),
        Command::Paths(arguments) => paths::run(&mut ui, &global, &arguments),
        Command::Machines(arguments) => machines::run(&mut ui, &global, &arguments),
        Command::Diff(arguments) => diff::run(&mut ui, &global, &arguments),
        Command::History(arguments) => history::run(&mut ui, &global, &arguments),
        Command::Last(arguments) => last::run(&mut ui, &global, &arguments),
        Command::Changes(arguments) => changes::run(&mut ui, &global, &arguments),
        Command::Notify(arguments) => notify::run(&mut ui, &global, &arguments),
        Command::Report(arguments) => report::run(&mut ui, &global, &arguments),
        Command::Release(arguments) => release::run(&mut ui, &global, &arguments),
        Command::Fleet(arguments) => fleet::run(&mut ui, &global, &arguments),
        Command::Rules(arguments) => rules::run(&mut ui, &arguments),
        Command::Preflight(arguments) => preflight::run(&mut ui, &global, &arguments),
        Command::Plan(arguments) => plan::run(&mut ui, &global, &arguments),
        Command::Sql(arguments) => sql::run(&mut ui, &global, &arguments),
        Command::Export(arguments) => export::run(&mut ui, &global, &arguments),
        Command::Forget(arguments) => forget::run(&mut ui, &global, &arguments),
        Command::Prune(arguments) => prune::run(&mut ui, &global, &arguments),
        Command::Check(arguments) => check::run(&mut ui, &global, &arguments),
        Command::Tag(arguments) => tag::run(&mut ui, &global, &arguments),
        Command::Backup(arguments) => backup::run(&mut ui, &global, &arguments),
        Command::Demo(arguments) => demo::run(&mut ui, &global, &arguments),
        Command::Schema(arguments) => schema::run(&mut ui, &arguments),
        Command::Complete(arguments) => complete::run(&mut ui, &global, &arguments),
        Command::Completions(arguments) => completions::run(&mut ui, &arguments),
        Command::Man(arguments) => man::run(&mut ui, &arguments),
    };
    let result = result.and_then(|exit| ui.flush().map(|()| exit).map_err(Failure::from));
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => ui.fail(&failure).into(),
    }
}

/// A page of help that is not a command's: `domcaps help selectors`.
fn topic(arguments: &[OsString]) -> Option<&'static str> {
    let [_, help, topic] = arguments else { return None };
    let is_asked = help == "help"
        && ["selectors", "selector", "when", "WHEN"].iter().any(|name| topic == name);
    is_asked.then_some(selectors!())
}

/// The error as it is of the same command line with nothing in it that a terminal would obey: clap
/// repeats what it was given.
fn shown(error: clap::Error, arguments: &[OsString]) -> clap::Error {
    let mut error = error;
    // "to pass '--gruop' as a value, use '-- --gruop'": nobody wants that of a mistyped option.
    error.remove(ContextKind::Suggested);
    let plain = |argument: &OsString| {
        let text = argument.to_string_lossy();
        OsString::from(crate::render::plain(&text).into_owned())
    };
    let shown: Vec<OsString> = arguments.iter().map(plain).collect();
    if shown == arguments {
        return error;
    }
    // Where it is none any more, no more is said than that.
    let bare = clap::Error::new(error.kind()).with_cmd(&command());
    Cli::try_parse_from(shown).err().filter(|again| again.kind() == error.kind()).unwrap_or(bare)
}

/// The whole command, for completions and manual pages.
fn command() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
