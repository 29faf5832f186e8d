//! Snapshots whose time is still to come: some clock was wrong. They answer for their host until then,
//! whatever is collected meanwhile, so each answer that rests on one says so.

use super::failure::Failure;
use super::hosts_of;
use super::ui::{self, Ui};
use crate::model::{HostName, State, Time, When};
use crate::store::{SnapshotRow, Store, StoreError};

/// Clocks of two machines may differ by so much, in milliseconds.
const SLACK: i64 = 60_000;

/// A host, and the time and id of the snapshot that answers for it.
pub(super) type Answering = (HostName, Time, String);

/// A snapshot that answers for its host.
fn row(row: &SnapshotRow) -> Answering {
    (row.host.clone(), row.taken_at, row.id.to_string())
}

/// Whether a time is later than another by more than clocks may differ.
pub(super) fn is_later(at: Time, than: Time) -> bool {
    at.milliseconds() > than.milliseconds().saturating_add(SLACK)
}

/// Whether a time is still to come: the one rule, for what is stored and for what answers.
pub(super) fn is_future(at: Time) -> bool {
    is_later(at, ui::now())
}

/// Says that a host was asked at a time before that of its newest snapshot.
pub(super) fn warn_ran_back(ui: &mut Ui<'_>, newest: &SnapshotRow, at: Time) {
    let (host, later) = (&newest.host, newest.taken_at);
    ui.warning(format!(
        "{host}: the clock ran back: its newest snapshot is of {later}, and this one of {at}, so that \
         one answers for the host"
    ));
    ui.hint(remedy(host, &newest.id.to_string()));
}

/// Names the answering snapshots that are of the future.
pub(super) fn warn(
    ui: &mut Ui<'_>,
    store: &Store,
    answering: impl IntoIterator<Item = Answering>,
) -> Result<(), Failure> {
    let future = answering.into_iter().filter(|(_, at, _)| is_future(*at));
    let future: Vec<Answering> = future.collect();
    let Some((host, at, id)) = future.first() else { return Ok(()) };
    if future.len() == 1 {
        let before = before(store, host, id)?;
        ui.warning(format!(
            "{host}: the snapshot of {at}, which answers here, is in the future{before}"
        ));
    } else {
        let hosts: Vec<&HostName> = future.iter().map(|(host, ..)| host).collect();
        ui.warning(format!(
            "{}: the snapshots that answer here are in the future, such as that of {host} of {at}",
            hosts_of::some(&hosts)
        ));
    }
    ui.hint(remedy(host, id));
    Ok(())
}

/// As [`warn`], of rows of the store: those of a whole fleet, perhaps.
pub(super) fn warn_rows<'r>(
    ui: &mut Ui<'_>,
    store: &Store,
    rows: impl IntoIterator<Item = &'r SnapshotRow>,
) -> Result<(), Failure> {
    let now = ui::now();
    let future = rows.into_iter().filter(|row| is_later(row.taken_at, now));
    warn(ui, store, future.map(row).collect::<Vec<_>>())
}

/// Says that a snapshot that was just stored is not the one that answers for its host.
pub(super) fn warn_hidden(ui: &mut Ui<'_>, host: &HostName, newest: Time, id: &str) {
    ui.warning(format!(
        "{host}: has a snapshot of {newest}, in the future: it answers for the host until then"
    ));
    ui.hint(remedy(host, id));
}

/// The hosts that answer from the future, of all that are stored.
pub(super) fn answering(store: &Store) -> Result<Vec<Answering>, StoreError> {
    let now = Time::from_milliseconds(ui::now().milliseconds().saturating_add(SLACK));
    let latest = store.latest_after(now)?;
    Ok(latest.iter().map(row).collect())
}

/// What the host's newest snapshot until now says instead.
fn before(store: &Store, host: &HostName, id: &str) -> Result<String, Failure> {
    let future = store.resolve(host.as_str(), &When::Id(id.to_owned()))?.snapshot;
    let present = match store.resolve(host.as_str(), &When::At(ui::now())) {
        Ok(resolved) => resolved.snapshot,
        Err(StoreError::NoSnapshot { .. }) => return Ok("; there is none before now".to_owned()),
        Err(error) => return Err(error.into()),
    };
    let at = present.taken_at;
    Ok(match present.state {
        State::Complete if present.has_content_of(&future) => {
            format!("; the newest before now, of {at}, has the same content")
        }
        State::Complete => format!("; the newest before now, of {at}, differs from it"),
        state => format!("; the newest before now, of {at}, is {}", state.name()),
    })
}

fn remedy(host: &HostName, id: &str) -> String {
    let id = id.get(..12).unwrap_or(id);
    format!("`domcaps snapshot rm {host}@id:{id} --reason TEXT` removes it")
}
