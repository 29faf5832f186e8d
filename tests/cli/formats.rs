//! What a report looks like in each format, through the library: the command line only chooses.
//!
//! `tests/formats/check` puts the same outputs before tools that others wrote.

mod hostile;
mod many;
mod people;
mod records;
mod schemas;

use std::path::Path;

use domcaps::diff::{Comparison, Scope, snapshots};
use domcaps::render::{self, Format, Options};
use domcaps::report::{Builder, Fleet, Report};
use domcaps::rules::{GuestHits, Ignore, Policy, Severity, UsedBy};
use domcaps::side::{Contents, Origin, from_files};

use crate::support::{Sandbox, document};

/// What is the same in both bundled hosts' names.
const SIDES: [&str; 2] = ["snapshots/debian-12", "snapshots/debian-13"];

/// Compares two paths, which are called by these names.
pub(crate) fn compare(paths: [&Path; 2], names: [&str; 2]) -> ([Origin; 2], Comparison) {
    let mut contents = Contents::default();
    let mut side = |path: &Path| from_files(&mut contents, path, &mut std::io::empty()).unwrap();
    let (old, new) = (side(paths[0]), side(paths[1]));
    let scope = Scope::default();
    let judge = |old: &_, new: &_| contents.compare(old, new, scope);
    let mut comparison = snapshots(&old.observed, &new.observed, judge).unwrap();
    comparison.firmware = contents.listed_firmware(&new.observed).unwrap();
    let named = |name: &str| Origin { source: Some(name.to_owned()), ..Origin::default() };
    (names.map(named), comparison)
}

/// The report of the bundled hosts, some of it ignored.
fn upgrade(used_by: Option<UsedBy<'_>>) -> Report {
    let (sides, comparison) = compare(SIDES.map(Path::new), SIDES);
    let policy = policy();
    let mut builder = Builder::new(&policy);
    builder.add(sides, &comparison, used_by);
    builder.finish(None, used_by.map(|_| 3))
}

fn policy() -> Policy {
    let ignore = |path: &str, expires: Option<&str>| Ignore {
        path: Some(path.to_owned()),
        reason: "looked at, ticket 42".to_owned(),
        expires: expires.map(str::to_owned),
        is_expired: expires.is_some(),
        place: "domcaps.toml:1".to_owned(),
        ..Ignore::default()
    };
    let ignores = vec![
        ignore("devices.graphics.type", None),
        ignore("devices.video.*", Some("2026-01-01")),
        ignore("no.such.path", None),
    ];
    Policy { ignores, ..Policy::default() }
}

/// The bundled upgrade on two hosts, on a third that had it before, and a fourth that is silent.
fn fleet() -> Report {
    let policy = Policy::default();
    let mut builder = Builder::new(&policy);
    let host = |name: &str| {
        let side = Origin { host: Some(name.parse().unwrap()), ..Origin::default() };
        [side.clone(), side]
    };
    let (_, upgrade) = compare(SIDES.map(Path::new), SIDES);
    let (_, nothing) = compare([Path::new(SIDES[1]); 2], SIDES);
    let upgraded = builder.add(host("hv01"), &upgrade, None);
    builder.join(upgraded, host("hv02"));
    builder.add(host("hv03"), &nothing, None);
    let fleet = Fleet {
        scope: "group compute".to_owned(),
        from: "pre-upgrade".to_owned(),
        to: "latest".to_owned(),
        silent: vec![("hv04".parse().unwrap(), "no snapshot of that time".to_owned())],
        period: None,
        freshness: Vec::new(),
    };
    builder.finish(Some(fleet), None)
}

/// The report of two documents in files of these names, under the policy above.
fn of_documents(old: &str, new: &str, names: [&str; 2]) -> Report {
    let sandbox = Sandbox::new();
    sandbox.write("old.xml", old);
    sandbox.write("new.xml", new);
    let paths = ["old.xml", "new.xml"].map(|name| sandbox.path(name));
    let (sides, comparison) = compare([&paths[0], &paths[1]], names);
    let policy = policy();
    let mut builder = Builder::new(&policy);
    builder.add(sides, &comparison, None);
    builder.finish(None, None)
}

/// A finding of each severity, and one that is ignored.
fn small() -> Report {
    let new = document()
        .replace("<value>qxl</value>", "<value>drm</value>")
        .replace("<value>spice</value>", "")
        .replace("max='288'", "max='255'");
    of_documents(&document(), &new, ["old.xml", "./new side.xml"])
}

/// The bundled document against one with values that mean something in every format.
fn hostile() -> Report {
    let names = ["old.xml", "new|`x`/@everyone <b>%0A::error::.xml"];
    of_documents(&document(), &hostile::document(), names)
}

fn written(format: Format, report: &Report) -> String {
    let mut out = Vec::new();
    let options = Options { is_full: false, width: 100 };
    render::write(format, report, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A report with nothing in it.
fn nothing() -> Report {
    let (sides, comparison) = compare([Path::new(SIDES[0]); 2], SIDES);
    let policy = Policy::default();
    let mut builder = Builder::new(&policy);
    builder.add(sides, &comparison, None);
    builder.finish(None, None)
}

/// The outputs that `tests/formats/check` looks at.
#[test]
fn samples_for_other_tools() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("formats");
    std::fs::create_dir_all(&folder).unwrap();
    let needed = |change: &domcaps::diff::Change| match change.difference.value.as_deref() {
        Some("qxl") => GuestHits {
            guests: vec!["web01".to_owned(), "db|`01`".to_owned()],
            severity: Some(Severity::Breaking),
            reason: None,
        },
        _ => GuestHits::default(),
    };
    let needed = UsedBy { of: &needed, is_complete: true };
    let reports = [
        ("upgrade", upgrade(None)),
        ("guests", upgrade(Some(needed))),
        ("fleet", fleet()),
        ("small", small()),
        ("hostile", hostile()),
        ("nothing", nothing()),
    ];
    for (name, report) in &reports {
        for format in Format::ALL {
            let path = folder.join(format!("{name}.{}", format.name()));
            std::fs::write(path, written(format, report)).unwrap();
        }
    }
}
