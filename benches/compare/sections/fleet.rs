//! Questions about fleets of more and more hosts and nights, and one beside grep.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::bench::{Bench, remove};
use crate::common::time;
use crate::git::Git;
use crate::history::make;
use crate::measure::{Member, in_turn, installed, time_read};
use crate::row::{Figure, Goal, Row, Unit};
use crate::tree::{Tree, Variant};
use crate::{database, questions};

/// The fleet that the targets are about.
const TARGETS_HOSTS: usize = 10_000;

/// Which hosts offer a CPU model, as a question and as a pattern.
const ASKED: &str = "model[EPYC-Milan].usable = yes";
const PATTERN: &str = "usable='yes'[^>]*>EPYC-Milan<";

pub(crate) fn run(bench: &mut Bench) {
    let arguments = &bench.arguments;
    let mut sizes = Vec::new();
    for hosts in &arguments.fleet_hosts {
        sizes.extend(arguments.fleet_nights.iter().map(|nights| (*hosts, *nights)));
    }
    for (hosts, nights) in sizes {
        one(bench, hosts, nights);
    }
    beside_grep(bench);
}

fn one(bench: &mut Bench, hosts: usize, nights: usize) {
    let file = bench.arguments.folder.join(format!("fleet-{hosts}-{nights}.db"));
    let fleet = format!("{hosts} × {nights}");
    println!("\n{fleet}");
    if let Some(seconds) = make(&file, (hosts, nights)) {
        bench.report.note(format!("{fleet}: made in {seconds:.0} s"));
    }
    let goal = |row: Row, goal: Goal| if hosts == TARGETS_HOSTS { row.goal(goal) } else { row };
    let bytes = database::weight(&file)["bytes"].as_f64().unwrap();
    let row = Row::new(format!("{fleet}: database"), Unit::Bytes, &[bytes]);
    bench.report.row(goal(row, Goal::Under(400e6)));
    let mut peak = 0.0;
    for answer in questions::ask(&file, bench.arguments.rounds) {
        let what = format!("{fleet}: {}", answer["command"].as_str().unwrap());
        if let Some(why) = answer["refused"].as_str() {
            bench.report.left_out(&what, why);
            continue;
        }
        peak = f64::max(peak, answer["peak_bytes"].as_f64().unwrap());
        bench.report.row(goal(Row::of(what, figure(&answer)), Goal::Under(0.1)));
    }
    let row = Row::new(format!("{fleet}: most memory of a command"), Unit::Bytes, &[peak]);
    bench.report.row(goal(row, Goal::Under(150e6)));
}

fn figure(answer: &Value) -> Figure {
    let [median, least, most] =
        ["median_ms", "least_ms", "most_ms"].map(|name| answer[name].as_f64().unwrap() / 1000.0);
    Figure::told(Unit::Seconds, [least, median, most])
}

/// One night of hosts, one document each: the same question by grep over the files and by git grep.
fn beside_grep(bench: &mut Bench) {
    let tree = Tree::make(
        &bench.arguments.folder,
        &bench.corpus,
        bench.arguments.import_hosts,
        Variant::Same,
    );
    let database = bench.fresh("grep.db");
    time(bench.domcaps(&database).arg("import").arg("--tree").arg(&tree.folder));
    let ask = || {
        let mut command = bench.domcaps(&database);
        command.args(["query", ASKED]);
        command
    };
    let grep = || {
        let mut command = Command::new("grep");
        command.args(["-r", "-l", "-E", PATTERN]).arg(&tree.folder);
        command
    };
    let has_git = installed("git");
    let git = has_git.as_ref().ok().map(|()| {
        let git = Git::new(bench.fresh("grep.git"), &tree.folder);
        git.store();
        git.pack();
        git
    });
    let git_grep = || git.as_ref().unwrap().command(&["grep", "-l", "-E", PATTERN, "HEAD"]);
    let rounds = bench.arguments.rounds;
    let git_rounds = if git.is_some() { rounds } else { 0 };
    let found = lines(&mut grep());
    let [ours, greps, git_greps] = in_turn([
        Member::light(rounds, || time_read(&mut ask(), &[0])),
        Member::light(rounds, || time_read(&mut grep(), &[0, 1])),
        Member::light(git_rounds, || time_read(&mut git_grep(), &[0, 1])),
    ]);
    // A line of headings.
    let answered = lines(&mut ask()).saturating_sub(1);
    let what = format!("{} hosts, one document each: query {ASKED}", tree.hosts);
    bench.report.note(format!("query {ASKED}: {answered} hosts; grep: {found} files"));
    bench.report.row(Row::seconds(&what, &ours).beside("grep -rl", &greps));
    match has_git {
        Ok(()) => bench.report.row(Row::seconds(&what, &ours).beside("git grep -l", &git_greps)),
        Err(why) => bench.report.left_out("git grep -l", &why),
    }
    for left in ["grep.db", "grep.git"] {
        remove(Path::new(&bench.arguments.folder.join(left)));
    }
}

fn lines(command: &mut Command) -> usize {
    let output = command.stdout(std::process::Stdio::piped()).output().unwrap();
    output.stdout.iter().filter(|byte| **byte == b'\n').count()
}
