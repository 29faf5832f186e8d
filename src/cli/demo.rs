//! `domcaps demo`

use std::path::{Path, PathBuf};

use clap::Args;

use super::Global;
use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use crate::demo;
use crate::store::Store;

/// Make a database with two real hosts, to try everything on
///
/// debian-12 (libvirt 9.0.0, QEMU 7.2) and debian-13 (libvirt 11.3.0, QEMU 10.0): one machine before
/// and after its upgrade. Without --db the database is domcaps-demo.db in this folder.
#[derive(Args, Debug)]
pub(super) struct Arguments {}

pub(super) fn run(ui: &mut Ui<'_>, global: &Global, _: &Arguments) -> Result<Exit, Failure> {
    let path = global.db.clone().unwrap_or_else(|| PathBuf::from("domcaps-demo.db"));
    let mut store = Store::create_or_open(&path)?;
    let mut writer = store.writer()?;
    for host in demo::hosts() {
        demo::store(&mut writer, host)?;
    }
    writer.commit()?;
    ui.status(format!("{}: two hosts stored", path.display()));
    try_next(ui, &path)
}

fn try_next(ui: &mut Ui<'_>, path: &Path) -> Result<Exit, Failure> {
    let db = format!("--db {}", ui::quoted(path));
    let out = ui.out();
    writeln!(out, "Try next:")?;
    for (command, what) in [
        ("diff debian-12 debian-13", "what the upgrade changed"),
        ("diff debian-12:q35 debian-13:q35 devices", "the devices of one machine"),
        ("show debian-13 disk.bus", "one capability of all targets"),
        ("show debian-13:q35", "one document as a tree"),
        ("machines debian-12 --deprecated", "what goes next"),
        ("snapshots", "what is stored"),
    ] {
        writeln!(out, "  domcaps {db} {command:<42}  # {what}")?;
    }
    Ok(Exit::Done)
}
