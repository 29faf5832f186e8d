//! `domcaps last`

use clap::Args;

use super::failure::{Exit, Failure};
use super::judging::Judging;
use super::outputs::Outputs;
use super::ui::{self, Ui};
use super::{Global, future, sides};
use crate::render::Format;
use crate::side::{self, Contents};
use crate::store::{ChangePoint, Store, StoreError};

/// Show the newest change, and what it was
///
/// Of one host, or of whichever host changed last. A change is a complete snapshot whose content is
/// other than that of the complete snapshot before it; it is compared and judged as `diff` does.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  domcaps last                 the newest change of the fleet
  domcaps last hv01            the newest change of a host
  domcaps last hv01 --full     with what libvirt merely reports otherwise")]
pub(super) struct Arguments {
    /// The host [default: whichever changed last]
    host: Option<String>,
    /// How to show it: text, markdown, html, json, ndjson, csv, junit, sarif or github
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(flatten)]
    outputs: Outputs,
    #[command(flatten)]
    judging: Judging,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let store = Store::open(&ui::database(global)?)?;
    let ChangePoint { before, after } = find(&store, arguments.host.as_deref())?;
    future::warn_rows(ui, &store, [&after])?;
    let judged = arguments.judging.read(ui)?;
    let contents = Contents::new(Some(store));
    let Some(before) = before else { return Err(Failure::new(&"no host changed")) };
    let [old, new] = [&before, &after].map(|row| side::from_snapshot(&contents, row));
    let report = sides::compare(&contents, [&old?, &new?], &judged)?;
    arguments.outputs.write(ui, &report, arguments.format)?;
    Ok(judged.exit(ui, &report, Exit::Done))
}

/// The newest change, or why there is none.
fn find(store: &Store, host: Option<&str>) -> Result<ChangePoint, Failure> {
    let id = match host {
        Some(host) => Some(store.host(host)?),
        None if store.count_hosts(None)? == 0 => {
            return Err(StoreError::Empty { path: store.path().to_owned() }.into());
        }
        None => None,
    };
    store.last_change(id.as_ref().map(|(id, _)| *id))?.ok_or_else(|| {
        let who = id.map_or_else(|| "no host".to_owned(), |(_, name)| format!("host {name} never"));
        Failure::new(&format!("{who} changed since it was first stored"))
            .with_hint("`domcaps snapshots` lists what is stored")
    })
}
