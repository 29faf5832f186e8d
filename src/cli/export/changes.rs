//! Every change of content of every host. Hosts that went from one content to the same other one in
//! the same circumstances are compared once.

use std::collections::HashMap;
use std::rc::Rc;

use super::{Out, Work};
use crate::cli::failure::Failure;
use crate::cli::judging::Judged;
use crate::cli::sides;
use crate::model::{Cell, Context, Hash, Time};
use crate::render::export;
use crate::side::{Contents, Snapshots};
use crate::store::{ChangePoint, ProfileId, SnapshotRow, Store};

/// Contents and circumstances, both before and after.
type Same = ([ProfileId; 2], [Hash; 2]);

/// The cells that two snapshots' changes have in common with those of other hosts.
type Changes = Rc<[Vec<Cell<'static>>]>;

/// Changes that are kept for hosts to come.
const KEPT: usize = 50_000;

pub(super) fn write(store: Store, work: &Work<'_>, out: &mut Out<'_>) -> Result<(), Failure> {
    let contents = Contents::new(Some(store));
    let Some(store) = &contents.store else { return Ok(()) };
    // The rules' own severities: what a site thinks is not part of what happened.
    let judged = Judged::default();
    let mut known: HashMap<Same, Changes> = HashMap::new();
    let mut kept = 0;
    let snapshots = Snapshots::new(&contents)?;
    let end = work.period.until.unwrap_or(Time::from_milliseconds(i64::MAX));
    for (host, _) in work.hosts {
        for ChangePoint { before, after } in store.changes_of(*host, end)? {
            // The first of a host is no change from anything.
            let Some(before) = before.filter(|_| work.period.since <= Some(after.taken_at)) else {
                continue;
            };
            let rows = [before, after];
            let [old, new] = &rows;
            let contexts = [store.context(old)?, store.context(new)?];
            let same =
                (rows.each_ref().map(SnapshotRow::content), contexts.each_ref().map(placeless));
            let changes = match known.get(&same) {
                Some(changes) => Rc::clone(changes),
                None => {
                    let changes = compared(&contents, &snapshots, [old, new], &judged)?;
                    kept += changes.len();
                    if kept > KEPT {
                        known.clear();
                        kept = changes.len();
                    }
                    known.insert(same, Rc::clone(&changes));
                    changes
                }
            };
            let [before, after] = &contexts;
            for change in changes.iter() {
                out.row(&export::change([old, new], [before, after], change))?;
            }
        }
    }
    Ok(())
}

/// The circumstances without the URI, which each host has its own of.
fn placeless(context: &Context) -> Hash {
    Context { uri: None, ..context.clone() }.hash()
}

fn compared(
    contents: &Contents,
    snapshots: &Snapshots<'_>,
    rows: [&SnapshotRow; 2],
    judged: &Judged,
) -> Result<Changes, Failure> {
    let (old, new) = (snapshots.side(rows[0])?, snapshots.side(rows[1])?);
    let report = sides::compare(contents, [&old, &new], judged)?;
    Ok(export::changes(&report).into())
}
