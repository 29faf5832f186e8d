//! `domcaps show`

use std::collections::{BTreeSet, HashMap};

use clap::{Args, ValueEnum};

use super::failure::{Exit, Failure};
use super::ui::Ui;
use super::{Global, sides};
use crate::model::{Capabilities, Hash, Hasher, Target, counted, is_at_or_below, select};
use crate::render;
use crate::render::json::Shown;
use crate::side::{Content, Contents, Side};

/// Show what a host's document says, as a tree, as JSON, or as libvirt printed it
///
/// A host with several different documents is shown as an overview of them.
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
        overview(ui, &side, &groups)?;
        return Ok(exit);
    }
    if groups.is_empty() {
        ui.warning(format!(
            "{operand}: no document was collected; `domcaps machines {operand}` lists its machines"
        ));
    }
    let mut documents = Vec::with_capacity(groups.len());
    for (content, targets) in groups {
        let capabilities = capabilities(&contents, &side, content, targets[0])?;
        documents.push((targets, capabilities));
    }
    keep_paths(&mut documents, &arguments.paths)?;
    let shown: Vec<Shown<'_>> = documents
        .iter()
        .map(|(targets, capabilities)| Shown { targets: targets.clone(), capabilities })
        .collect();
    if arguments.format == Format::Json {
        render::json::show(&side.origin, &shown, ui.out())?;
    } else {
        text(ui, &shown, !arguments.paths.is_empty())?;
    }
    Ok(exit)
}

/// Targets by what they say, in the order of the targets.
fn groups(side: &Side) -> Vec<(&Content, Vec<&Target>)> {
    let mut groups: Vec<(&Content, Vec<&Target>)> = Vec::new();
    let mut known: HashMap<&Content, usize> = HashMap::new();
    for (target, content) in side.documents() {
        let at = *known.entry(content).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, targets)) => targets.push(target),
            None => groups.push((content, vec![target])),
        }
    }
    groups
}

/// The capabilities of a document in the document's own order: stored ones are read anew from
/// the bytes, which are what is kept. `target` is one that has it.
fn capabilities(
    contents: &Contents,
    side: &Side,
    content: &Content,
    target: &Target,
) -> Result<Capabilities, Failure> {
    if let Content::Parsed(_) = content {
        return Ok(contents.with(content, Capabilities::clone)?);
    }
    let Some(raw) = side.raw.get(target) else { return Ok(Capabilities::new()) };
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
    let mut known: HashMap<Hash, usize> = HashMap::new();
    for (targets, all) in documents.drain(..) {
        let mut some = Capabilities::new();
        for (path, value) in all.iter() {
            if full.iter().any(|full| is_at_or_below(path, full)) {
                some.push(path, value);
            }
        }
        let at = *known.entry(hash(&some)).or_insert(kept.len());
        match kept.get_mut(at) {
            Some((others, _)) => others.extend(targets),
            None => kept.push((targets, some)),
        }
    }
    *documents = kept;
    Ok(())
}

/// Of all that they say, in their order.
fn hash(capabilities: &Capabilities) -> Hash {
    let mut hasher = Hasher::new();
    for index in 0..capabilities.len() {
        let (kind, value) = capabilities.encoded_at(index);
        let path = capabilities.path_at(index).as_bytes();
        hasher.part(path).part(kind.name().as_bytes()).part(value.as_bytes());
    }
    hasher.finish()
}

/// What a host has: versions, then a line for each document and the targets that share it.
fn overview(
    ui: &mut Ui<'_>,
    side: &Side,
    groups: &[(&Content, Vec<&Target>)],
) -> Result<(), Failure> {
    let width = ui.width();
    let context = side.observed.context.named();
    let context = context.filter_map(|(name, value)| Some(format!("{name} {}", value?)));
    let context: Vec<String> = context.collect();
    let count: usize = groups.iter().map(|(_, targets)| targets.len()).sum();
    let heading = format!(
        "{}: {}, {}",
        render::page::side_name(&side.origin),
        counted(count, "target"),
        counted(groups.len(), "different document")
    );
    let rows = groups.iter().map(|(_, targets)| {
        vec![targets.len().to_string(), shortened(&render::page::targets_in_short(targets))]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    ui.print(|out| {
        writeln!(out, "{}", render::text::heading(&heading, width))?;
        if !context.is_empty() {
            writeln!(out, "{}", render::plain(&context.join(", ")))?;
        }
        writeln!(out)?;
        render::table::table(&["targets", "that share a document"], &rows, out)
    })?;
    let host = side.origin.host.as_ref().map(ToString::to_string);
    if let (Some(host), Some((_, targets))) = (host, groups.first())
        && let Some(target) = targets.first()
    {
        ui.status(format!(
            "`domcaps show {host}:{target}` shows one document, `domcaps show {host} disk.bus` a \
             capability of all, `domcaps machines {host}` the machine types"
        ));
    }
    Ok(())
}

/// A list of targets that leaves room for what is said of them.
fn shortened(names: &str) -> String {
    const MOST: usize = 80;
    match names.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &names[..end]),
        None => names.to_owned(),
    }
}

/// With `is_short`, the targets are cut to a line, so that the value stands in sight.
fn text(ui: &mut Ui<'_>, shown: &[Shown<'_>], is_short: bool) -> Result<(), Failure> {
    let width = ui.width();
    for (nth, each) in shown.iter().enumerate() {
        let heading = heading(&each.targets, shown.len() == 1);
        let heading = match each.targets.len() {
            2.. if is_short && shown.len() > 1 => {
                format!("{}: {}", counted(each.targets.len(), "target"), shortened(&heading))
            }
            _ => heading,
        };
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
