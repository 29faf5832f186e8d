//! `domcaps history`

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};

use super::Global;
use super::failure::{Exit, Failure};
use super::future;
use super::judging::Judged;
use super::sides;
use super::ui::{self, Ui};
use crate::diff::Plain;
use crate::history::{About, History, Step};
use crate::model::{SelectError, TargetPattern, Time, When, is_at_or_below};
use crate::operand::Operand;
use crate::query::{Asked, Expression};
use crate::render;
use crate::side::{Contents, Side, SideError, Snapshots};
use crate::store::{ChangePoint, SnapshotRow, Store};

/// Show when each capability of a host came and went
///
/// Each change of content stands with its time, with the versions and settings that moved beside it, and
/// with how long it stayed so. With a PATH only the changes of that capability and what is below it are
/// shown, with an EXPR (see `domcaps query`) the times at which its answer became another.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps history hv01                                 every change
  domcaps history hv01 disk.bus                        of one capability
  domcaps history hv01:q35 vcpu.max                    on one machine
  domcaps history hv01@2026-06-30 os.loader            until a day
  domcaps history hv01 'model[EPYC-Milan].usable = yes'")]
pub(super) struct Arguments {
    #[arg(help = "HOST[@WHEN][:TARGET]: up to that snapshot, of these targets")]
    operand: String,
    /// A capability path, or an expression as `domcaps query` takes it
    #[arg(value_name = "PATH|EXPR")]
    about: Option<String>,
    /// List also what libvirt merely began or ceased to report
    #[arg(long)]
    all: bool,
    /// How to show it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let Operand::Host { host, when, target } = Operand::parse(&arguments.operand, |_| false)?
    else {
        let message = format!("{}: a file has no history; name a host", arguments.operand);
        return Err(Failure::usage(&message));
    };
    let store = Store::open(&ui::database(global)?)?;
    let (id, name) = store.host(&host)?;
    let until = match when {
        When::Latest => Time::from_milliseconds(i64::MAX),
        when => store.resolve(&host, &when)?.snapshot.taken_at,
    };
    let about = about(&store, arguments.about.as_deref())?;
    let complete = store.complete_of(id, until)?;
    let points = store.changes_of(id, until)?;
    if points.is_empty() {
        return Err(Failure::new(&format!("host {name} has no complete snapshot until then"))
            .with_hint("`domcaps snapshots` lists what is stored"));
    }
    if let Some(newest) = points.iter().map(|point| &point.after).max_by_key(|row| row.taken_at) {
        future::warn_rows(ui, &store, [newest])?;
    }
    let snapshots = complete.len();
    let steps = match &about {
        About::Expression(text) => answers(&store, text, target, &complete)?,
        _ => {
            let mut contents = Contents::new(Some(store));
            if let About::Path(path) = &about {
                contents.look_only_at(path);
            }
            let (operand, target) = (arguments.operand.as_str(), target.as_ref());
            let snapshots = Snapshots::new(&contents)?;
            let asked = Asking { contents: &contents, snapshots, operand, about: &about, target };
            asked.steps(points, &complete)?
        }
    };
    let history = History { about, snapshots, steps };
    match arguments.format {
        Format::Json => render::json::history(&name, &history, ui.out())?,
        Format::Text => {
            let width = ui.width();
            ui.print(|out| render::history::text(&name, &history, arguments.all, width, out))?;
        }
    }
    Ok(Exit::Done)
}

/// A path where it names one, else an expression.
fn about(store: &Store, text: Option<&str>) -> Result<About, Failure> {
    let Some(text) = text else { return Ok(About::All) };
    // What a machine list says has paths of its own, which are in no document.
    if ["alias[", "machine["].iter().any(|level| text.starts_with(level)) {
        return Ok(About::Path(text.to_owned()));
    }
    let known = store.known_paths()?;
    let levels = ["document", "emulator", "arch", "virttype", "machine", "target", "alias"];
    let known = known.iter().map(|(path, _)| path.as_str()).chain(levels);
    match crate::model::select(known, text) {
        Ok(path) => Ok(About::Path(path)),
        Err(error @ SelectError::Ambiguous { .. }) => Err(error.into()),
        // What holds a blank or an operator is meant as an expression.
        Err(_) if text.contains([' ', '=', '<', '>', '~']) => {
            Ok(About::Expression(text.to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

/// What each change was, and how long it stayed so.
struct Asking<'a> {
    contents: &'a Contents,
    snapshots: Snapshots<'a>,
    operand: &'a str,
    about: &'a About,
    target: Option<&'a TargetPattern>,
}

impl Asking<'_> {
    fn steps(
        &self,
        points: Vec<ChangePoint>,
        complete: &[SnapshotRow],
    ) -> Result<Vec<Step>, Failure> {
        let mut steps: Vec<Step> = Vec::new();
        for point in points {
            let new = self.side(&point.after)?;
            let was_there = steps.last().is_some_and(|step| step.is_there);
            let Some(new) = new else {
                // It went; before the first step there is nothing to tell.
                if was_there {
                    let (last, context) =
                        (point.after.clone(), self.contents.stored()?.context(&point.after)?);
                    let (report, values) = (None, Vec::new());
                    steps.push(Step {
                        point,
                        last,
                        snapshots: 0,
                        context,
                        is_there: false,
                        report,
                        values,
                    });
                }
                continue;
            };
            let old = point.before.as_ref().map(|before| self.side(before)).transpose()?.flatten();
            let report = match old.filter(|_| was_there) {
                None => None,
                Some(old) => {
                    let mut report =
                        sides::compare(self.contents, [&old, &new], &Judged::default())?;
                    if let About::Path(path) = self.about {
                        // What happened above it happened to it.
                        let is_about = |other: &str| {
                            is_at_or_below(other, path) || is_at_or_below(path, other)
                        };
                        report.findings.retain(|finding| is_about(&finding.difference.path));
                    }
                    if report.findings.is_empty() {
                        continue;
                    }
                    Some(report)
                }
            };
            let values = self.values(&new)?;
            let last = point.after.clone();
            let context = new.observed.context.clone();
            steps.push(Step { point, last, snapshots: 0, context, is_there: true, report, values });
        }
        if self.target.is_some() && steps.is_empty() {
            let message = format!("{}: the host never had such a target", self.operand);
            return Err(
                Failure::new(&message).with_hint("`domcaps machines HOST` lists what it has")
            );
        }
        count(&mut steps, complete);
        Ok(steps)
    }

    /// The side of a snapshot; none where it has no target that is meant.
    fn side(&self, row: &SnapshotRow) -> Result<Option<Side>, Failure> {
        let mut side = self.snapshots.side(row)?;
        match self.target.map(|target| side.choose(target, row.host.as_str())) {
            Some(Err(SideError::NoTarget { .. })) => Ok(None),
            Some(Err(error)) => Err(error.into()),
            _ => Ok(Some(side)),
        }
    }

    fn values(&self, side: &Side) -> Result<Vec<(Option<Plain>, usize)>, Failure> {
        let About::Path(path) = self.about else { return Ok(Vec::new()) };
        let mut values: BTreeMap<Option<Plain>, usize> = BTreeMap::new();
        for (_, content) in side.documents() {
            *values.entry(self.contents.value_at(content, path)?).or_default() += 1;
        }
        let mut values: Vec<_> = values.into_iter().collect();
        values.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        // An element without a value of its own says nothing.
        values.retain(|(value, _)| value.is_some() || path.contains('.'));
        Ok(values)
    }
}

/// The moments at which the answer to an expression became another.
fn answers(
    store: &Store,
    text: &str,
    target: Option<TargetPattern>,
    complete: &[SnapshotRow],
) -> Result<Vec<Step>, Failure> {
    let expression: Expression = text.parse().map_err(|error| super::query::shown(&error, text))?;
    let query = super::query::read(store, &expression, target.into_iter().collect(), false)?;
    let asked: Vec<Asked> = complete
        .iter()
        .map(|row| Asked { host: row.host.clone(), snapshot: Some(row.clone()) })
        .collect();
    let found = query.ask(&asked)?;
    let mut steps: Vec<Step> = Vec::new();
    let mut before: Option<&SnapshotRow> = None;
    for (row, answer) in complete.iter().zip(&found) {
        let mut values: BTreeMap<&str, usize> = BTreeMap::new();
        for target in &answer.targets {
            *values.entry(target.answer.name()).or_default() += 1;
        }
        let mut values: Vec<(Option<Plain>, usize)> =
            values.into_iter().map(|(name, count)| (Some(Plain::text(name)), count)).collect();
        values.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        match steps.last_mut().filter(|step| step.values == values) {
            Some(step) => {
                step.last = row.clone();
                step.snapshots += 1;
            }
            None => {
                let point = ChangePoint { before: before.cloned(), after: row.clone() };
                let (last, context) = (row.clone(), store.context(row)?);
                steps.push(Step {
                    point,
                    last,
                    snapshots: 1,
                    context,
                    is_there: true,
                    report: None,
                    values,
                });
            }
        }
        before = Some(row);
    }
    Ok(steps)
}

/// How many complete snapshots belong to each step, and which is the last.
fn count(steps: &mut [Step], complete: &[SnapshotRow]) {
    for row in complete {
        let step = steps.iter_mut().rfind(|step| step.point.after.taken_at <= row.taken_at);
        if let Some(step) = step {
            step.snapshots += 1;
            step.last = row.clone();
        }
    }
}
