//! `collect --check`: what a list of hosts says, and nobody is asked.

use std::path::Path;

use super::hosts::Hosts;
use crate::cli::ListFormat;
use crate::cli::failure::{Exit, Failure};
use crate::cli::ui::Ui;
use crate::model::HostName;
use crate::render;
use crate::render::collected::{ListCheck, ListedSite};
use crate::store::{Store, StoreError};

/// Shows which hosts would be asked, and how.
pub(super) fn run(
    ui: &mut Ui<'_>,
    database: &Path,
    hosts: &Hosts,
    format: ListFormat,
) -> Result<Exit, Failure> {
    let store = match Store::open(database) {
        Err(StoreError::Missing { .. }) => None,
        other => Some(other?),
    };
    let known: Vec<HostName> = match &store {
        Some(store) => store.host_names(None)?,
        None => Vec::new(),
    };
    let leaving: Vec<HostName> = match (&store, &hosts.followed) {
        (Some(store), Some(list)) if list.is_whole => {
            let mut listed = store.listed_in(&list.key)?;
            listed.retain(|host| !list.members.contains_key(host));
            listed
        }
        _ => Vec::new(),
    };
    let sites = hosts
        .sites
        .iter()
        .map(|site| ListedSite { site, is_known: known.binary_search(&site.name).is_ok() });
    let check = ListCheck {
        list: &hosts.list,
        sites: sites.collect(),
        refused: &hosts.refused,
        leaving: &leaving,
    };
    match format {
        ListFormat::Json => render::json::list_check(&check, ui.out())?,
        ListFormat::Text => ui.print(|out| render::collected::list_check(&check, out))?,
    }
    Ok(if hosts.refused.is_empty() { Exit::Done } else { Exit::Partly })
}
