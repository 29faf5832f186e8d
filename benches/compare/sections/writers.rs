//! Four that import greedily into one database at once.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use domcaps::model::Time;

use crate::bench::{Bench, repository};
use crate::figure::Unit;
use crate::row::{Goal, Row};

const WRITERS: usize = 4;

/// How long they go on, a round.
const GREED: Duration = Duration::from_secs(3);

/// The first run; each further one is a second later.
const FIRST: i64 = 1_793_584_800_000;

pub(crate) fn run(bench: &mut Bench) {
    let rounds = bench.arguments.heavy_rounds;
    for writers in [1, WRITERS] {
        let (mut worst, mut median, mut imports, mut refused) = (vec![], vec![], 0, 0);
        for _ in 0..rounds {
            let (times, errors) = greedy(bench, writers);
            imports += times.len();
            refused += errors.len();
            let [_, middle, most] = crate::common::spread(times);
            worst.push(most);
            median.push(middle);
            for error in errors {
                bench.report.note(format!("{writers} at once: {error}"));
            }
        }
        let what = |text: &str| format!("{writers} at once, {text} import of 58 documents");
        bench.report.row(Row::seconds(what("usual"), &median));
        bench.report.row(Row::seconds(what("slowest"), &worst).goal(Goal::Under(1.0)));
        let what = format!("{writers} at once, imports that were refused");
        bench.report.row(Row::new(what, Unit::Count, &[refused as f64]).goal(Goal::Under(1.0)));
        let seconds = GREED.as_secs() * rounds as u64;
        bench.report.note(format!("{writers} at once: {imports} imports in {seconds} s"));
    }
    bench.fresh("writers.db");
}

/// The seconds of every import, and what was said of those that failed.
fn greedy(bench: &Bench, writers: usize) -> (Vec<f64>, Vec<String>) {
    let database = bench.fresh("writers.db");
    // The first of them would make it, the others wait for that.
    assert!(bench.domcaps(&database).arg("demo").status().unwrap().success());
    let end = Instant::now() + GREED;
    std::thread::scope(|scope| {
        let database = &database;
        let writer = |number| scope.spawn(move || import_until(bench, database, number, end));
        let all: Vec<_> = (0..writers).map(writer).collect();
        let (mut times, mut errors) = (Vec::new(), Vec::new());
        for one in all {
            let (more, failed) = one.join().unwrap();
            times.extend(more);
            errors.extend(failed);
        }
        (times, errors)
    })
}

fn import_until(
    bench: &Bench,
    database: &Path,
    number: usize,
    end: Instant,
) -> (Vec<f64>, Vec<String>) {
    let host = format!("h{number}");
    let (mut times, mut errors) = (Vec::new(), Vec::new());
    let mut at = FIRST;
    while Instant::now() < end {
        at += 1_000;
        let taken_at = Time::from_milliseconds(at).to_string();
        let mut command = bench.domcaps(database);
        command.args(["import", "--host", &host, "--at", &taken_at]);
        command.arg(repository("snapshots/debian-12")).stderr(Stdio::piped());
        let started = Instant::now();
        let output = command.output().unwrap();
        times.push(started.elapsed().as_secs_f64());
        if !output.status.success() {
            errors.push(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
    }
    (times, errors)
}
