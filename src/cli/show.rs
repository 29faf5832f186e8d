//! `domcaps show`

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};

use super::failure::{Exit, Failure};
use super::ui::Ui;
use super::{Global, sides};
use crate::model::{Capabilities, Target, is_at_or_below, select};
use crate::render;
use crate::render::json::Shown;
use crate::side::{Content, Contents, Side};

/// Show what a host's document says, as a tree, as JSON, or as libvirt printed it
///
/// With PATHs, several targets can be shown at once: those that say the same stand together.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps show hv01:q35                     one document as a tree
  domcaps show hv01 disk.bus os.loader      some capabilities of all targets
  domcaps show hv01@prev:q35 --format xml   the document, byte for byte")]
pub(super) struct Arguments {
    #[arg(help = "HOST[@WHEN][:TARGET], a file, a folder, or -")]
    operand: String,
    /// Only what stands at or below these capability paths; leading elements may be left out
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// How to show it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    /// One document, byte for byte
    Xml,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let operand = arguments.operand.as_str();
    let (contents, [side], exit) = sides::read(ui, global, [operand])?;
    if arguments.format == Format::Xml {
        if !arguments.paths.is_empty() {
            return Err(Failure::usage(&"--format xml shows a whole document: leave out PATH"));
        }
        let (target, _) = side.single(operand)?;
        sides::verify(&contents, &side)?;
        ui.out().write_all(&contents.bytes(&side.raw[target])?)?;
        return Ok(exit);
    }
    let groups = groups(&side);
    if arguments.format == Format::Text && arguments.paths.is_empty() && groups.len() > 1 {
        side.single(operand)?;
    }
    let mut documents = Vec::with_capacity(groups.len());
    for (content, targets) in groups {
        documents.push((targets, capabilities(&contents, &side, content)?));
    }
    keep_paths(&mut documents, &arguments.paths)?;
    let shown: Vec<Shown<'_>> = documents
        .iter()
        .map(|(targets, capabilities)| Shown { targets: targets.clone(), capabilities })
        .collect();
    if arguments.format == Format::Json {
        render::json::show(&side.origin, &shown, ui.out())?;
    } else {
        text(ui, &shown)?;
    }
    Ok(exit)
}

/// Targets by what they say, in the order of the targets.
fn groups(side: &Side) -> Vec<(&Content, Vec<&Target>)> {
    let mut groups: Vec<(&Content, Vec<&Target>)> = Vec::new();
    for (target, content) in side.documents() {
        match groups.iter_mut().find(|(known, _)| *known == content) {
            Some((_, targets)) => targets.push(target),
            None => groups.push((content, vec![target])),
        }
    }
    groups
}

/// The capabilities of a document in the document's own order: stored ones are read anew from
/// the bytes, which are what is kept.
fn capabilities(
    contents: &Contents,
    side: &Side,
    content: &Content,
) -> Result<Capabilities, Failure> {
    if let Content::Parsed(_) = content {
        return Ok(contents.with(content, Capabilities::clone)?);
    }
    let raw = side
        .documents()
        .find(|(_, each)| *each == content)
        .and_then(|(target, _)| side.raw.get(target));
    let Some(raw) = raw else { return Ok(Capabilities::new()) };
    let bytes = contents.bytes(raw)?;
    let document = crate::parse::document(&bytes)
        .map_err(|error| Failure::new(&format!("stored document: {error}")))?;
    Ok(document.capabilities)
}

/// Cuts the documents down to some paths, and puts those together that then say the same.
fn keep_paths(
    documents: &mut Vec<(Vec<&Target>, Capabilities)>,
    wanted: &[String],
) -> Result<(), Failure> {
    if wanted.is_empty() {
        return Ok(());
    }
    let known: BTreeSet<&str> =
        documents.iter().flat_map(|(_, all)| all.iter().map(|(path, _)| path)).collect();
    let full = wanted.iter().map(|path| select(known.iter().copied(), path));
    let full = full.collect::<Result<Vec<_>, _>>()?;
    let mut kept: Vec<(Vec<&Target>, Capabilities)> = Vec::new();
    for (targets, all) in documents.drain(..) {
        let mut some = Capabilities::new();
        for (path, value) in all.iter() {
            if full.iter().any(|full| is_at_or_below(path, full)) {
                some.push(path, value);
            }
        }
        match kept.iter_mut().find(|(_, other)| some.iter().eq(other.iter())) {
            Some((others, _)) => others.extend(targets),
            None => kept.push((targets, some)),
        }
    }
    *documents = kept;
    Ok(())
}

fn text(ui: &mut Ui<'_>, shown: &[Shown<'_>]) -> Result<(), Failure> {
    let width = ui.width();
    for (nth, each) in shown.iter().enumerate() {
        let heading = heading(&each.targets, shown.len() == 1);
        ui.print(|out| {
            if nth > 0 {
                writeln!(out)?;
            }
            writeln!(out, "{}", render::text::heading(&heading, width))?;
            render::tree::tree(each.capabilities, width, out)
        })?;
    }
    Ok(())
}

/// The targets that say the same: one with its emulator, several in short where they are all.
fn heading(targets: &[&Target], is_all: bool) -> String {
    match targets {
        [target] if !target.emulator.is_empty() => format!("{target}  {}", target.emulator),
        [_, _, ..] if is_all => format!("all {} targets", targets.len()),
        _ => render::page::targets_in_short(targets),
    }
}
