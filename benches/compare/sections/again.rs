//! The bundled Debian 13 host again, unchanged, at another time.

use std::path::Path;

use domcaps::ingest::{self, Occasion};
use domcaps::model::{Hash, HostName, Time};
use domcaps::source::{self, Input};
use domcaps::store::Store;

use crate::bench::{Bench, repository};
use crate::common::time;
use crate::figure::Unit;
use crate::measure::{Member, in_turn, installed, seconds, time_read};
use crate::row::{Goal, Row};

/// Runs by which the database grows: one alone may be nothing or a page.
const RUNS: usize = 1_000;

/// The first run, on 2026-11-02; each further one is a second later.
const FIRST: i64 = 1_793_584_800_000;

pub(crate) fn run(bench: &mut Bench) {
    let captures = repository("snapshots/debian-13");
    let database = bench.fresh("again.db");
    let mut runs = 0;
    let mut again = || {
        runs += 1;
        import(&database, &captures, Time::from_milliseconds(FIRST + runs * 1_000))
    };
    again();
    let read = || {
        seconds(|| files(&captures).iter().map(|file| Hash::of(&file.bytes)).collect::<Vec<_>>())
    };
    let rounds = bench.arguments.rounds;
    let mut closed = Vec::new();
    let [committed, bare] = in_turn([
        Member::light(rounds, || {
            let (committed, whole) = again();
            closed.push(whole);
            committed
        }),
        Member::light(rounds, read),
    ]);
    let what = "Debian 13's 178 documents again, to the commit";
    let row = Row::seconds(what, &committed).beside("read and hash alone", &bare);
    bench.report.row(row.goal(Goal::Times(3.0)));
    // The first one warmed up.
    let row = Row::seconds("the same, with the log written back", &closed[1..]);
    bench.report.row(row.beside("read and hash alone", &bare).goal(Goal::Times(3.0)));

    let size = || std::fs::metadata(&database).unwrap().len() as f64;
    let before = size();
    for _ in 0..RUNS {
        again();
    }
    let grown = (size() - before) / RUNS as f64;
    bench
        .report
        .row(Row::new("database, each run", Unit::Bytes, &[grown]).goal(Goal::Under(500.0)));
    processes(bench, &database, &captures, runs);
    bench.fresh("again.db");
}

/// Seconds to the commit, and until the store is closed.
fn import(database: &Path, captures: &Path, taken_at: Time) -> (f64, f64) {
    let host: HostName = "debian-13".parse().unwrap();
    let occasion = Occasion {
        host: &host,
        taken_at,
        tags: &[],
        groups: &[],
        api_flags: None,
        is_strict: true,
        is_partial: false,
    };
    let mut committed = 0.0;
    let closed = seconds(|| {
        let mut store = None;
        committed = seconds(|| {
            let store = store.insert(Store::create_or_open(database).unwrap());
            let inputs = files(captures);
            let mut writer = store.writer().unwrap();
            ingest::ingest(&mut writer, &occasion, inputs).unwrap();
            writer.commit().unwrap();
        });
        drop(store);
    });
    (committed, closed)
}

fn files(captures: &Path) -> Vec<Input> {
    let inputs = source::read(captures, &mut std::io::empty());
    inputs.into_iter().map(Result::unwrap).collect()
}

/// The same as processes of their own.
fn processes(bench: &mut Bench, database: &Path, captures: &Path, mut runs: i64) {
    let what = "the same, whole process";
    let mut domcaps = || {
        runs += 1;
        let at = Time::from_milliseconds(FIRST + runs * 1_000).to_string();
        let mut command = bench.domcaps(database);
        command.args(["import", "--host", "debian-13", "--at", &at]).arg(captures);
        time(&mut command, &[0])
    };
    let rounds = bench.arguments.rounds;
    if let Err(why) = installed("sha256sum") {
        let [times] = in_turn([Member::light(rounds, domcaps)]);
        bench.report.row(Row::seconds(what, &times));
        bench.report.left_out("sha256sum", &why);
        return;
    }
    let mut files: Vec<_> =
        std::fs::read_dir(captures).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let sums = || time_read(std::process::Command::new("sha256sum").args(&files), &[0]);
    let [ours, theirs] =
        in_turn([Member::light(rounds, &mut domcaps), Member::light(rounds, sums)]);
    bench.report.row(Row::seconds(what, &ours).beside("sha256sum", &theirs));
}
