//! `domcaps diff`

use clap::{Args, ValueEnum};

use super::failure::{Exit, Failure};
use super::ui::Ui;
use super::{Global, sides};
use crate::model::Context;
use crate::render::{self, page::Page};
use crate::rules::{Judge, Policy};
use crate::side::{Contents, Side};

/// Show what changed between two hosts, times, files or folders
///
/// `+` is gained, `-` lost, `~` changed. What libvirt merely began or ceased to report stands in
/// one closing line; with --all each of it is listed, behind `>` and `<`. Values that are unique to one machine by design are
/// compared only between snapshots of one host.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps diff hv01@prev hv01                       what the last change was
  domcaps diff hv01@2026-10-01 hv01@pre-upgrade     between a day and a tag
  domcaps diff hv01 hv02 disk.bus cpu               two hosts, some capabilities
  domcaps diff hv01:q35 hv01:pc                     two machines of one host
  domcaps diff before.xml after.xml --format json   two documents, no database")]
pub(super) struct Arguments {
    #[arg(help = "The old side: HOST[@WHEN][:TARGET], a file, a folder, or -")]
    old: String,
    /// The new side
    new: String,
    /// Only what stands at or below these capability paths; leading elements may be left out
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// How to show it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// List in full what libvirt merely began or ceased to report
    #[arg(long)]
    all: bool,
    /// CPU flags the old files were asked for under, such as expand-cpu-features
    #[arg(long, value_name = "FLAGS")]
    old_flags: Option<String>,
    /// CPU flags the new files were asked for under
    #[arg(long, value_name = "FLAGS")]
    new_flags: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For reading
    Text,
    /// For programs: domcaps.diff/1
    Json,
    /// The two documents' lines; both operands must be one document
    Unified,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let operands = [arguments.old.as_str(), arguments.new.as_str()];
    let (contents, [mut old, mut new], exit) = sides::read(ui, global, operands)?;
    if arguments.format == Format::Unified {
        if !arguments.paths.is_empty() {
            return Err(Failure::usage(&"--format unified shows whole documents: leave out PATH"));
        }
        unified(ui, &contents, operands, &old, &new)?;
        return Ok(exit);
    }
    set_flags(&mut old, arguments.old_flags.as_deref());
    set_flags(&mut new, arguments.new_flags.as_deref());
    let known = match arguments.paths.is_empty() {
        true => Vec::new(),
        false => contents.paths([&old, &new])?,
    };
    let policy = Policy::default();
    let judge = Judge { policy: &policy, used_by: None };
    let mut report = sides::compare(&contents, old, new, judge)?;
    if !arguments.paths.is_empty() {
        report.keep_paths(&arguments.paths, &known)?;
    }
    if report.pairs().is_empty() && report.findings.is_empty() && arguments.paths.is_empty() {
        let message =
            format!("{} and {}: no target has a document on both sides", operands[0], operands[1]);
        return Err(
            Failure::new(&message).with_hint("`domcaps show` says which targets a side has")
        );
    }
    match arguments.format {
        Format::Json => render::json::diff(&report, ui.out())?,
        _ => {
            let width = ui.width();
            let page = Page::new(&report, arguments.all);
            ui.print(|out| render::text::page(&page, arguments.all, width, out))?;
        }
    }
    Ok(exit)
}

/// What the user says about the flags of a side.
fn set_flags(side: &mut Side, flags: Option<&str>) {
    if let Some(flags) = flags {
        side.observed.context.api_flags = Context::flags(flags);
    }
}

fn unified(
    ui: &mut Ui<'_>,
    contents: &Contents,
    operands: [&str; 2],
    old: &Side,
    new: &Side,
) -> Result<(), Failure> {
    let mut texts = Vec::with_capacity(2);
    for (operand, side) in operands.into_iter().zip([old, new]) {
        let (target, _) = side.single(operand)?;
        let bytes = contents.bytes(&side.raw[target])?;
        texts.push((operand, String::from_utf8_lossy(&bytes).into_owned()));
    }
    render::unified::diff((texts[0].0, &texts[0].1), (texts[1].0, &texts[1].1), ui.out())?;
    Ok(())
}
