//! How current the newest snapshots are: which hosts fail, are stale, or were never collected.

use clap::Args;

use super::failure::Failure;
use super::ui::{self, Ui};
use crate::config;
use crate::model::{HostFreshness, HostName, Time, Within};
use crate::store::{HostContact, Store, StoreError};

/// How old a last success may be where nothing says otherwise.
const DEFAULT_AGE: &str = "48h";

/// From when on a host counts as stale.
#[derive(Args, Debug)]
pub(super) struct StaleLimit {
    /// Name hosts whose last success is longer ago than this, such as 36h or 3d, or before a date
    /// [default: `stale` in domcaps.toml, else 48h]
    #[arg(long, value_name = "TIME")]
    stale: Option<Within>,
}

impl StaleLimit {
    /// The moment since which a host must have answered.
    pub(super) fn cutoff(&self) -> Result<Time, Failure> {
        cutoff(self.stale.as_ref())
    }

    /// Names the hosts that are not current, where those of a group or with certain names are asked
    /// about now. Hosts that are only imported are as old as what was imported, and whoever asks knows
    /// that: they are named only where somebody said what counts as old.
    pub(super) fn warn(
        &self,
        ui: &mut Ui<'_>,
        store: &Store,
        group: Option<&str>,
        is_asked: impl Fn(&HostName) -> bool,
    ) -> Result<Time, Failure> {
        let limit = said(self.stale.as_ref())?;
        let is_said = limit.is_some();
        let cutoff = before_now(limit)?;
        let mut contacts = store.not_current(group, cutoff)?;
        contacts.retain(|contact| is_asked(&contact.host) && (is_said || !is_imported(contact)));
        name_all(ui, &contacts);
        Ok(cutoff)
    }
}

/// Whether a host is stored and was never tried to be collected.
fn is_imported(contact: &HostContact) -> bool {
    contact.last_attempt.is_none() && contact.last_success.is_some()
}

/// What somebody said counts as old: an option, else domcaps.toml.
fn said(limit: Option<&Within>) -> Result<Option<Within>, Failure> {
    if let Some(limit) = limit {
        return Ok(Some(limit.clone()));
    }
    match ui::default_config() {
        Some(path) => Ok(config::stale(&path)?),
        None => Ok(None),
    }
}

/// The moment since which a host must have answered: `limit` before now, else what domcaps.toml says.
pub(super) fn cutoff(limit: Option<&Within>) -> Result<Time, Failure> {
    before_now(said(limit)?)
}

fn before_now(limit: Option<Within>) -> Result<Time, Failure> {
    let default = || DEFAULT_AGE.parse::<Within>().map_err(|why| Failure::new(&why));
    Ok(limit.map_or_else(default, Ok)?.before(ui::now()))
}

/// How current each of some hosts is, those of a group or all, in their order of name.
pub(super) fn of_hosts(
    store: &Store,
    group: Option<&str>,
    cutoff: Time,
    is_asked: impl Fn(&HostName) -> bool,
) -> Result<Vec<HostFreshness>, StoreError> {
    let contacts = store.contacts(group)?.into_iter().filter(|contact| is_asked(&contact.host));
    let freshness = |contact: HostContact| HostFreshness {
        is_stale: contact.is_stale(cutoff),
        last_success: contact.last_success,
        host: contact.host,
    };
    Ok(contacts.map(freshness).collect())
}

/// Names hosts that are not current in one line.
fn name_all(ui: &mut Ui<'_>, contacts: &[HostContact]) {
    const NAMED: usize = 3;
    if contacts.is_empty() {
        return;
    }
    // What fails first, then what was never collected.
    let mut sorted: Vec<&HostContact> = contacts.iter().collect();
    sorted.sort_by_key(|contact| (!contact.is_failing(), contact.last_success.is_some()));
    let named: Vec<String> = sorted.iter().take(NAMED).map(|contact| described(contact)).collect();
    let more = match sorted.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let are = if sorted.len() == 1 { "host is" } else { "hosts are" };
    let count = sorted.len();
    ui.warning(format!(
        "{count} {are} not current: {}{more}; see `domcaps status`",
        named.join(", ")
    ));
}

/// `hv02 (failing since 2026-11-01T02:00:00Z: Connection refused)`
fn described(contact: &HostContact) -> String {
    const LONG: usize = 80;
    let why = match (contact.failing_since, contact.last_success) {
        (Some(since), _) => {
            let reason = contact.reason.as_deref().unwrap_or("no answer");
            let success = contact
                .last_success
                .map_or_else(|| "never collected".to_owned(), |at| format!("last success {at}"));
            format!("{success}, failing since {since}: {}", shortened(reason, LONG))
        }
        (None, Some(last)) => format!("last success {last}"),
        (None, None) => "never collected".to_owned(),
    };
    format!("{} ({why})", contact.host)
}

/// The beginning of a text that is too long.
pub(super) fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}
