//! Streams, colour, width, the clock and the environment: all that comes from around the program.

use std::io::{BufWriter, IsTerminal as _, Write};
use std::ops::RangeInclusive;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anstream::adapter::{strip_bytes, strip_str};
use anstyle::{AnsiColor, Style};
use etcetera::base_strategy::{BaseStrategy as _, Xdg};

use super::failure::{Exit, Failure};
use super::{Color, Global};
use crate::model::Time;
use crate::release::Catalogue;

/// Columns where nothing says how many there are.
const WIDTH: usize = 100;

/// stdout for the result, stderr for all else.
pub(super) struct Ui<'a> {
    out: BufWriter<&'a mut dyn Write>,
    err: &'a mut dyn Write,
    is_out_colored: bool,
    is_err_colored: bool,
    is_quiet: bool,
    is_err_terminal: bool,
    is_err_journal: bool,
}

impl<'a> Ui<'a> {
    pub(super) fn new(out: &'a mut dyn Write, err: &'a mut dyn Write, global: &Global) -> Self {
        let is_err_terminal = std::io::stderr().is_terminal();
        Self {
            out: BufWriter::new(out),
            err,
            is_out_colored: is_colored(global.color, std::io::stdout().is_terminal()),
            is_err_colored: is_colored(global.color, is_err_terminal),
            is_quiet: global.quiet,
            is_err_terminal,
            is_err_journal: is_journal(),
        }
    }

    /// Where a result goes that is for programs, byte for byte.
    pub(super) fn out(&mut self) -> &mut dyn Write {
        &mut self.out
    }

    /// Writes a result for people; its colours are left out where they are not wanted.
    pub(super) fn print(
        &mut self,
        render: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        if self.is_out_colored {
            return render(&mut self.out);
        }
        let mut page = Vec::new();
        render(&mut page)?;
        self.out.write_all(&without_color(&page))
    }

    pub(super) fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }

    /// What was done, for a person; not the result.
    pub(super) fn status(&mut self, text: impl std::fmt::Display) {
        if !self.is_quiet {
            self.say(None, &text.to_string());
        }
    }

    /// Something to look at, which did not stop the work.
    pub(super) fn warning(&mut self, text: impl std::fmt::Display) {
        self.say(Some(("warning", AnsiColor::Yellow)), &text.to_string());
    }

    /// An element that no libvirt known to this program prints.
    pub(super) fn unknown_element(&mut self, element: &str) {
        self.warning(format!(
            "{element}: not known to this domcaps; kept like any other capability"
        ));
    }

    /// Something that failed while the rest went on.
    pub(super) fn error(&mut self, text: impl std::fmt::Display) {
        self.say(Some(("error", AnsiColor::Red)), &text.to_string());
    }

    /// What to do next.
    pub(super) fn hint(&mut self, text: impl std::fmt::Display) {
        if !self.is_quiet {
            self.say(Some(("hint", AnsiColor::Cyan)), &text.to_string());
        }
    }

    pub(super) fn fail(&mut self, failure: &Failure) -> Exit {
        // What was written before the failure stays in front of it.
        let _closed_too = self.out.flush();
        match failure {
            Failure::ClosedPipe => Exit::Done,
            Failure::Error { message, hint, exit } => {
                self.error(message);
                // An expression, and below it a mark at the place that is meant.
                for line in hint.iter().flat_map(|hint| hint.split('\n')) {
                    self.hint(line);
                }
                *exit
            }
        }
    }

    /// One line: nothing from outside breaks it or reaches the terminal as a command.
    fn say(&mut self, label: Option<(&str, AnsiColor)>, text: &str) {
        let text = crate::render::plain(text);
        let line = match label {
            Some((label, color)) => {
                let style = Style::new().bold().fg_color(Some(color.into()));
                format!("{style}{label}:{style:#} {text}\n")
            }
            None => format!("{text}\n"),
        };
        let line = match label {
            _ if !self.is_err_journal => line,
            Some(("error", _)) => format!("<3>{line}"),
            Some(("warning", _)) => format!("<4>{line}"),
            _ => format!("<6>{line}"),
        };
        let line = if self.is_err_colored { line } else { strip_str(&line).to_string() };
        // Without stderr there is nobody left to tell.
        let _nobody_listens = self.err.write_all(line.as_bytes());
    }

    /// Whether a progress bar would be seen.
    pub(super) fn shows_progress(&self) -> bool {
        self.is_err_terminal && !self.is_quiet
    }

    /// Columns to fill where the result goes to a terminal.
    pub(super) fn out_width(&self) -> Option<usize> {
        std::io::stdout().is_terminal().then(|| self.width())
    }

    /// Columns to fill.
    pub(super) fn width(&self) -> usize {
        let columns = environment("COLUMNS").and_then(|columns| columns.parse().ok());
        let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        columns.or_else(terminal).unwrap_or(WIDTH).clamp(40, 200)
    }
}

/// The moment, as the store keeps it.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(super) fn now() -> Time {
    jiff::Timestamp::now().into()
}

/// How many threads there is work for.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |threads| threads.get().min(16))
}

/// A flag that SIGINT, SIGTERM and, but under `nohup`, SIGHUP raise.
///
/// However often they come: `timeout` sends its signal to the process and then to its group, and what
/// was started must be ended in order all the same.
pub(super) fn interruption() -> std::io::Result<Arc<AtomicBool>> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        if signal != SIGHUP || !is_ignored(signal) {
            signal_hook::flag::register(signal, Arc::clone(&flag))?;
        }
    }
    Ok(flag)
}

/// Whether whoever started this process made it ignore a signal (Linux; elsewhere not known).
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask & (1 << (signal - 1)) != 0
}

/// Where a program is that is named without a folder; `None` where there is none of that name.
pub(super) fn program(name: &Path) -> Option<PathBuf> {
    if name.components().count() > 1 {
        return name.exists().then(|| name.to_owned());
    }
    let folders = environment("PATH").unwrap_or_default();
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The list of hosts that is used where none is named.
pub(super) fn default_hosts() -> Option<PathBuf> {
    if is_root() && environment("XDG_CONFIG_HOME").is_none() {
        return Some(PathBuf::from("/etc/domcaps/hosts.toml"));
    }
    Xdg::new().ok().map(|folders| folders.config_dir().join("domcaps/hosts.toml"))
}

/// A page without its colours.
pub(super) fn without_color(page: &[u8]) -> Vec<u8> {
    strip_bytes(page).into_vec()
}

/// The configuration that is used where none is named.
pub(super) fn default_config() -> Option<PathBuf> {
    let system = match is_root() && environment("XDG_CONFIG_HOME").is_none() {
        true => Some(PathBuf::from("/etc")),
        false => Xdg::new().ok().map(|folders| folders.config_dir()),
    };
    let system = system.map(|folder| folder.join("domcaps/domcaps.toml"));
    [Some(PathBuf::from("domcaps.toml")), system].into_iter().flatten().find(|path| path.is_file())
}

/// Today in UTC, as `YYYY-MM-DD`.
pub(super) fn today() -> String {
    now().to_string().chars().take(10).collect()
}

/// Whether the process is root's. A service may have no HOME: the process says whose it is.
fn is_root() -> bool {
    let owner = std::fs::metadata("/proc/self").map(|process| process.uid());
    owner.map_or_else(|_| environment("HOME").as_deref() == Some("/root"), |uid| uid == 0)
}

/// A path as a shell takes it.
pub(super) fn quoted(path: &std::path::Path) -> String {
    let text = crate::render::plain(&path.display().to_string()).into_owned();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+=@%".contains(letter);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether stderr goes to systemd's journal, which takes a priority from the start of a line:
/// systemd.exec(5), `$JOURNAL_STREAM`, and sd-daemon(3). What stderr was redirected to gets none.
fn is_journal() -> bool {
    let Some(stream) = environment("JOURNAL_STREAM") else { return false };
    let stderr = std::fs::metadata("/proc/self/fd/2");
    stderr.is_ok_and(|file| stream == format!("{}:{}", file.dev(), file.ino()))
}

fn is_colored(color: Color, is_terminal: bool) -> bool {
    match color {
        Color::Always => true,
        Color::Auto => is_terminal && environment("NO_COLOR").is_none(),
        Color::Never => false,
    }
}

/// The database file: as given, else where the system keeps such data.
pub(super) fn database(global: &Global) -> Result<PathBuf, Failure> {
    if let Some(path) = &global.db {
        return Ok(path.clone());
    }
    if let Some(path) = environment("DOMCAPS_DB") {
        return Ok(PathBuf::from(path));
    }
    if is_root() && environment("XDG_DATA_HOME").is_none() {
        return Ok(PathBuf::from("/var/lib/domcaps/domcaps.db"));
    }
    let folders = Xdg::new().map_err(|_| {
        Failure::new(&"there is no home folder to keep the database in")
            .with_hint("--db names a file")
    })?;
    Ok(folders.data_dir().join("domcaps/domcaps.db"))
}

/// The catalogue of releases. Imported ones are of the user and not of one database: they describe
/// distributions, are asked without any database too, and several databases share them.
pub(super) fn catalogue() -> Catalogue {
    Catalogue::new(releases())
}

/// Where imported releases are kept.
pub(super) fn releases() -> Option<PathBuf> {
    if is_root() && environment("XDG_DATA_HOME").is_none() {
        return Some(PathBuf::from("/var/lib/domcaps/releases"));
    }
    Xdg::new().ok().map(|folders| folders.data_dir().join("domcaps/releases"))
}

/// A whole number between two others.
pub(super) fn within<N>(text: &str, bounds: RangeInclusive<N>) -> Result<N, String>
where
    N: std::str::FromStr + PartialOrd + std::fmt::Display + Copy,
{
    let number = text.parse().ok().filter(|number| bounds.contains(number));
    let (least, most) = bounds.into_inner();
    number.ok_or_else(|| format!("must be a whole number between {least} and {most}"))
}

/// Writes a page of help.
pub(super) fn page(text: &str, out: &mut dyn Write) -> ExitCode {
    let _nobody_listens = out.write_all(text.as_bytes());
    Exit::Done.into()
}

/// Help and version go to stdout, wrong usage to stderr.
pub(super) fn usage<'a>(
    error: &clap::Error,
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
) -> ExitCode {
    let (stream, exit, is_terminal) = if error.use_stderr() {
        (err, Exit::Usage, std::io::stderr().is_terminal())
    } else {
        (out, Exit::Done, std::io::stdout().is_terminal())
    };
    let text = error.render();
    let is_colored = is_colored(Color::Auto, is_terminal);
    let text = if is_colored { text.ansi().to_string() } else { text.to_string() };
    let _nobody_listens = stream.write_all(text.as_bytes());
    exit.into()
}
