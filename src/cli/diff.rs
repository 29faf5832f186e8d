//! `domcaps diff`

mod baseline;

use std::path::Path;
use std::str::FromStr;

use clap::Args;

use baseline::Baseline;

use super::failure::{Exit, Failure};
use super::judging::Judging;
use super::outputs::Outputs;
use super::ui::Ui;
use super::{Global, sides};
use crate::model::Context;
use crate::operand::{Operand, RELEASE};
use crate::render::{self, Format};
use crate::side::{Contents, Side};

/// Show what changed between two hosts, times, files or folders
///
/// `+` is gained, `-` lost, `~` changed. What libvirt merely began or ceased to report stands in
/// one closing line; with --full each of it is listed, behind `>` and `<`. Values that are unique to one machine by design are
/// compared only between snapshots of one host.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps diff hv01                                 what the last change was
  domcaps diff hv01@prev hv01                       the same
  domcaps diff hv01@2026-10-01 hv01@pre-upgrade     between a day and a tag
  domcaps diff hv01 hv02 disk.bus cpu               two hosts, some capabilities
  domcaps diff hv01:q35 hv01:pc                     two machines of one host
  domcaps diff before.xml after.xml --format json   two documents, no database
  domcaps diff --baseline hv01 --group prod         many hosts with one, equal ones together")]
pub(super) struct Arguments {
    #[arg(help = "The old side: HOST[@WHEN][:TARGET], a file, a folder, or -")]
    #[arg(required_unless_present = "baseline")]
    old: Option<String>,
    #[arg(
        help = "The new side [default: where OLD is HOST or HOST:TARGET alone, that; OLD is then HOST@prev]"
    )]
    new: Option<String>,
    /// Only what stands at or below these capability paths; leading elements may be left out
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// How to show it: text, markdown, html, json, ndjson, csv, junit, sarif or github; or unified, the
    /// lines of two documents
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Shown,
    #[command(flatten)]
    outputs: Outputs,
    /// CPU flags the old files were asked for under, such as expand-cpu-features
    #[arg(long, value_name = "FLAGS")]
    old_flags: Option<String>,
    /// CPU flags the new files were asked for under
    #[arg(long, value_name = "FLAGS")]
    new_flags: Option<String>,
    /// libvirt's version on the old side, where the files do not say it
    #[arg(long, value_name = "VERSION", value_parser = libvirt_version)]
    old_libvirt: Option<String>,
    /// libvirt's version on the new side
    #[arg(long, value_name = "VERSION", value_parser = libvirt_version)]
    new_libvirt: Option<String>,
    #[command(flatten)]
    many: Baseline,
    #[command(flatten)]
    judging: Judging,
}

/// A version as libvirt writes it.
fn libvirt_version(text: &str) -> Result<String, String> {
    match crate::rules::knowledge::version(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err("a version is written as 11.3.0".to_owned()),
    }
}

/// A format of a report, or the lines of the two documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Report(Format),
    Unified,
}

impl FromStr for Shown {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "unified" => Ok(Self::Unified),
            _ => text
                .parse()
                .map(Self::Report)
                .map_err(|error: String| format!("{error} or unified")),
        }
    }
}

/// Compares two releases, whose names may be written without `release:`.
pub(super) fn of_releases(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let selector = |name: &Option<String>| {
        let is_name = |name: &&String| {
            !name.starts_with(RELEASE) && !name.starts_with(['/', '.']) && *name != "-"
        };
        match name {
            Some(name) if is_name(&name) => Some(format!("{RELEASE}{name}")),
            other => other.clone(),
        }
    };
    let operands = [selector(&arguments.old), selector(&arguments.new)];
    compared(ui, global, arguments, operands.each_ref().map(|it| it.as_deref().unwrap_or_default()))
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    if let Some(host) = arguments.many.host() {
        let Shown::Report(format) = arguments.format else {
            return Err(Failure::usage(
                &"--format unified shows two documents: leave out --baseline",
            ));
        };
        return baseline::run(ui, global, arguments, format, host);
    }
    let operands = both(arguments)?;
    compared(ui, global, arguments, operands.each_ref().map(String::as_str))
}

/// Compares two sides.
fn compared(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
    operands: [&str; 2],
) -> Result<Exit, Failure> {
    sides::at_most_one_stdin(operands.into_iter().chain(arguments.judging.paths()))?;
    let (contents, [mut old, mut new], exit) = sides::read(ui, global, operands)?;
    let Shown::Report(format) = arguments.format else {
        if !arguments.paths.is_empty() {
            return Err(Failure::usage(&"--format unified shows whole documents: leave out PATH"));
        }
        if arguments.judging.is_asked() || arguments.outputs.is_asked() {
            let message = "--format unified judges nothing: leave out --config, --used-by, --fail-on \
                and --output";
            return Err(Failure::usage(&message));
        }
        unified(ui, &contents, operands, &old, &new)?;
        return Ok(exit);
    };
    let libvirts = [&arguments.old_libvirt, &arguments.new_libvirt];
    for ((operand, side), given) in operands.into_iter().zip([&old, &new]).zip(libvirts) {
        if let (Some(known), Some(given)) = (&side.observed.context.libvirt, given)
            && known != given
        {
            ui.warning(format!("{operand}: says libvirt {known}; judged as {given}"));
        }
    }
    set(&mut old, arguments.old_flags.as_deref(), arguments.old_libvirt.as_deref());
    set(&mut new, arguments.new_flags.as_deref(), arguments.new_libvirt.as_deref());
    let known = match arguments.paths.is_empty() {
        true => Vec::new(),
        false => contents.paths([&old, &new])?,
    };
    let judged = arguments.judging.read(ui)?;
    let is_upgrade =
        old.origin.host == new.origin.host && !(old.observed.is_chosen || new.observed.is_chosen);
    let mut report = sides::compare(&contents, [&old, &new], &judged)?;
    if !is_upgrade {
        report.forget_unmet_ignores();
    }
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
    arguments.outputs.write(ui, &report, format)?;
    Ok(judged.exit(ui, &report, exit))
}

/// The two sides: of a host alone, its last change.
fn both(arguments: &Arguments) -> Result<[String; 2], Failure> {
    let old = arguments.old.as_deref().unwrap_or_default();
    if let Some(new) = &arguments.new {
        return Ok([old.to_owned(), new.clone()]);
    }
    let (host, target) = match old.split_once(':') {
        Some((host, target)) => (host, format!(":{target}")),
        None => (old, String::new()),
    };
    match Operand::parse(old, Path::exists)? {
        Operand::Host { .. } if !host.contains(['@', '/']) => {
            Ok([format!("{host}@prev{target}"), old.to_owned()])
        }
        _ => Err(Failure::usage(&format!("{old}: what to compare it with is missing"))
            .with_hint("write `domcaps diff OLD NEW`, or `domcaps diff HOST` for its last change")),
    }
}

/// What the user says about a side.
fn set(side: &mut Side, flags: Option<&str>, libvirt: Option<&str>) {
    let context = &mut side.observed.context;
    if let Some(flags) = flags {
        context.api_flags = Context::flags(flags);
    }
    if let Some(libvirt) = libvirt {
        context.libvirt = Some(libvirt.to_owned());
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
        sides::verify(contents, side)?;
        let bytes = contents.bytes(&side.raw[target])?;
        texts.push((operand, String::from_utf8_lossy(&bytes).into_owned()));
    }
    render::unified::diff((texts[0].0, &texts[0].1), (texts[1].0, &texts[1].1), ui.out())?;
    Ok(())
}
