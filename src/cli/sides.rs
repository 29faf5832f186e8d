//! Opening what operands name.

use std::path::Path;

use super::Global;
use super::failure::{Exit, Failure};
use super::future;
use super::judging::Judged;
use super::ui::{self, Ui};
use crate::diff::Comparison;
use crate::judging::{self, JudgedGuests};
use crate::model::{State, Time, When, counted};
use crate::operand::Operand;
use crate::report::{self, Report};
use crate::side::{self, Contents, Side, SideError};
use crate::store::{Store, StoreError};

/// Reads operands; the database is opened only if one of them needs it.
pub(super) fn read<const N: usize>(
    ui: &mut Ui<'_>,
    global: &Global,
    operands: [&str; N],
) -> Result<(Contents, [Side; N], Exit), Failure> {
    let mut contents = Contents::default();
    let mut sides = Vec::with_capacity(N);
    let mut exit = Exit::Done;
    at_most_one_stdin(operands)?;
    for text in operands {
        let (side, how) = read_one(ui, global, &mut contents, text)?;
        if how != Exit::Done {
            exit = how;
        }
        sides.push(side);
    }
    if let [old, new] = &sides[..] {
        let is_one_host = old.origin.host.is_some() && old.origin.host == new.origin.host;
        if is_one_host && old.origin.taken_at > new.origin.taken_at {
            ui.warning(format!("{} is older than {}", operands[1], operands[0]));
        }
    }
    let sides = sides.try_into().map_err(|_| Failure::new(&"an operand gave no side"))?;
    Ok((contents, sides, exit))
}

/// Standard input is there once.
pub(super) fn at_most_one_stdin<'t>(
    operands: impl IntoIterator<Item = &'t str>,
) -> Result<(), Failure> {
    let count = operands.into_iter().filter(|text| *text == crate::source::STDIN).count();
    if count > 1 {
        return Err(Failure::usage(&"standard input (-) can be read only once"));
    }
    Ok(())
}

/// Reads one operand into a side, and says on stderr what of it could not be had.
pub(super) fn read_one(
    ui: &mut Ui<'_>,
    global: &Global,
    contents: &mut Contents,
    text: &str,
) -> Result<(Side, Exit), Failure> {
    let side = match Operand::parse(text, Path::exists)? {
        Operand::Files(path) => {
            let side = side::from_files(contents, &path, &mut std::io::stdin().lock());
            side.map_err(|error| with_bad_files(ui, error))?
        }
        Operand::Host { host, .. } if host.contains('/') => {
            let message = format!("{host}: no such file or folder");
            return Err(Failure::new(&message).with_hint("the name of a host holds no /"));
        }
        Operand::Host { host, when, target } => {
            open_store(global, contents)?;
            side::from_store(contents, &host, &when, target.as_ref(), text).map_err(|error| {
                match error {
                    SideError::Store(error) => unknown_host(error),
                    other => other.into(),
                }
            })?
        }
    };
    let exit = tell(ui, text, &side);
    warn_of_future(ui, contents, &side)?;
    Ok((side, exit))
}

/// An error of the store, with what an operand could have meant where no host has its name.
pub(super) fn unknown_host(error: StoreError) -> Failure {
    match error {
        StoreError::UnknownHost { .. } => Failure::new(&error).with_hint(
            "`domcaps hosts` lists all; a path must exist, begin with ./ or /, or end in .xml",
        ),
        other => other.into(),
    }
}

/// Says that a stored side is of the future.
fn warn_of_future(ui: &mut Ui<'_>, contents: &Contents, side: &Side) -> Result<(), Failure> {
    let origin = &side.origin;
    let (Some(store), Some(host), Some(at), Some(id)) =
        (&contents.store, &origin.host, origin.taken_at, &origin.snapshot)
    else {
        return Ok(());
    };
    future::warn(ui, store, [(host.clone(), at, id.clone())])
}

/// Opens the database, once.
pub(super) fn open_store<'c>(
    global: &Global,
    contents: &'c mut Contents,
) -> Result<&'c Store, Failure> {
    let store = match contents.store.take() {
        Some(store) => store,
        None => Store::open(&ui::database(global)?)?,
    };
    Ok(contents.store.insert(store))
}

/// Looks whether the identity that stands in a stored document is the one that was stored: its body
/// has a hash of its own, which is compared when it is read.
pub(super) fn verify(contents: &Contents, side: &Side) -> Result<(), Failure> {
    if let (Some(store), Some(host), Some(id)) =
        (&contents.store, &side.origin.host, &side.origin.snapshot)
    {
        let snapshot = store.resolve(host.as_str(), &When::Id(id.clone()))?.snapshot;
        store.verify(&snapshot)?;
    }
    Ok(())
}

/// Says what of an operand could not be had.
fn tell(ui: &mut Ui<'_>, operand: &str, side: &Side) -> Exit {
    let mut exit = Exit::Done;
    for bad in &side.bad {
        ui.error(bad);
        exit = Exit::Partly;
    }
    for unread in &side.unread {
        ui.error(unread);
        exit = Exit::Partly;
    }
    passed_over(ui, operand, &side.passed_over);
    if side.origin.host.is_some() {
        doubt_state(ui, operand, side.observed.state);
    }
    exit
}

/// Says that the snapshot that was named is not whole.
pub(super) fn doubt_state(ui: &mut Ui<'_>, operand: &str, state: State) {
    if state != State::Complete {
        let state = state.name();
        ui.warning(format!("{operand} is a {state} snapshot: what is missing in it says nothing"));
    }
}

/// Says which snapshots `latest` passed over, newest first.
pub(super) fn passed_over(ui: &mut Ui<'_>, operand: &str, snapshots: &[(Time, State)]) {
    let Some((time, state)) = snapshots.first() else { return };
    let state = state.name();
    ui.warning(match snapshots.len() {
        1 => format!("{operand}: passed over the {state} snapshot of {time}"),
        count => format!(
            "{operand}: passed over {}, the newest {state}, of {time}",
            counted(count, "snapshot")
        ),
    });
}

/// Names the bad files before the error that follows from them.
fn with_bad_files(ui: &mut Ui<'_>, error: SideError) -> Failure {
    if let SideError::NoDocument { bad, .. } = &error {
        for bad in bad {
            ui.error(bad);
        }
    }
    error.into()
}

/// The judged comparison of two sides.
pub(super) fn compare(
    contents: &Contents,
    [old, new]: [&Side; 2],
    judged: &Judged,
) -> Result<Report, Failure> {
    let mut builder = report::Builder::new(&judged.policy);
    let comparison = comparison(contents, [old, new])?;
    add(&mut builder, contents, [old, new], &comparison, judged)?;
    Ok(builder.finish(None, judged.count_guests()))
}

/// What changed between two sides.
pub(super) fn comparison(contents: &Contents, sides: [&Side; 2]) -> Result<Comparison, Failure> {
    Ok(judging::compare(contents, sides)?)
}

/// Adds what is thought of a comparison to a report; gives the group's number there.
pub(super) fn add(
    builder: &mut report::Builder<'_>,
    contents: &Contents,
    sides: [&Side; 2],
    comparison: &Comparison,
    judged: &Judged,
) -> Result<usize, Failure> {
    let Some(guests) = &judged.guests else {
        return Ok(judging::add(builder, contents, sides, comparison, None)?);
    };
    let name = |number| guests.name(number);
    let guests = JudgedGuests { guests: guests.each().collect(), name: &name };
    Ok(judging::add(builder, contents, sides, comparison, Some(&guests))?)
}
