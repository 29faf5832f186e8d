//! Questions about fleets of more and more hosts and nights, and one beside grep.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::{Bench, remove};
use crate::common::time;
use crate::figure::Unit;
use crate::git::Git;
use crate::history::make;
use crate::measure::{Member, in_turn, installed, time_read};
use crate::questions::{self, Answer};
use crate::row::{Goal, Row};
use crate::tree::{Tree, Variant};

/// The fleet that the targets are about.
const TARGETS_HOSTS: usize = 10_000;

/// Which hosts offer a CPU model, as a question and as a pattern.
const ASKED: &str = "model[EPYC-Milan].usable = yes";
const PATTERN: &str = "usable='yes'[^>]*>EPYC-Milan<";

/// A fleet that is asked.
struct Fleet {
    hosts: usize,
    nights: usize,
    file: PathBuf,
}

pub(crate) fn run(bench: &mut Bench) {
    let mut fleets = Vec::new();
    for hosts in bench.arguments.fleet_hosts.clone() {
        for nights in bench.arguments.fleet_nights.clone() {
            fleets.push(Fleet::make(bench, hosts, nights));
        }
    }
    for fleet in &fleets {
        let bytes = std::fs::metadata(&fleet.file).unwrap().len() as f64;
        let row = Row::new(format!("{fleet}: database"), Unit::Bytes, &[bytes]);
        bench.report.row(fleet.goal(row, Goal::Under(400e6)));
    }
    ask(bench, &fleets);
    beside_grep(bench);
}

impl Fleet {
    fn make(bench: &mut Bench, hosts: usize, nights: usize) -> Self {
        let file = bench.arguments.folder.join(format!("fleet-{hosts}-{nights}.db"));
        let fleet = Self { hosts, nights, file };
        if let Some((seconds, contents)) = make(&fleet.file, (hosts, nights)) {
            bench.report.note(format!("{fleet}: made in {seconds:.1} s, {contents} contents"));
        }
        fleet
    }

    fn goal(&self, row: Row, goal: Goal) -> Row {
        if self.hosts == TARGETS_HOSTS { row.goal(goal) } else { row }
    }
}

impl fmt::Display for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} hosts, {} nights", self.hosts, self.nights)
    }
}

/// All questions, of all fleets in turn.
fn ask(bench: &mut Bench, fleets: &[Fleet]) {
    let files: Vec<&Path> = fleets.iter().map(|fleet| fleet.file.as_path()).collect();
    let answers = questions::ask(&files, bench.arguments.rounds);
    let questions = answers.first().map_or(0, Vec::len);
    let mut answers: Vec<_> = answers.into_iter().map(Vec::into_iter).collect();
    let mut peaks = vec![0.0; fleets.len()];
    for _ in 0..questions {
        let of_each: Vec<Answer> = answers.iter_mut().filter_map(Iterator::next).collect();
        question(bench, fleets, &of_each);
        for (peak, Answer { figures, .. }) in peaks.iter_mut().zip(&of_each) {
            *peak = figures.as_ref().map_or(*peak, |(_, memory)| memory.max(*peak));
        }
    }
    for (fleet, peak) in fleets.iter().zip(peaks) {
        let what = format!("{fleet}: most memory of a question");
        let row = Row::new(what, Unit::Bytes, &[peak]);
        bench.report.row(fleet.goal(row, Goal::Under(150e6)));
    }
}

/// One question of all fleets: how its time grows stands in neighbouring rows, and beside more nights stand the
/// fewest.
fn question(bench: &mut Bench, fleets: &[Fleet], answers: &[Answer]) {
    let fewest = fleets.iter().map(|fleet| fleet.nights).min().unwrap_or(0);
    for (fleet, Answer { line, figures }) in fleets.iter().zip(answers) {
        let what = format!("{fleet}: {line}");
        let times = match figures {
            Ok((times, _)) => times,
            Err(why) => {
                bench.report.left_out(&what, why);
                continue;
            }
        };
        let row = fleet.goal(Row::seconds(what, times), Goal::Under(0.1));
        let short = fleets.iter().zip(answers).find(|(other, answer)| {
            other.hosts == fleet.hosts && other.nights == fewest && answer.figures.is_ok()
        });
        let row = match short.map(|(short, answer)| (short.nights, &answer.figures)) {
            Some((nights, Ok((others, _)))) if nights != fleet.nights => {
                row.beside(&format!("itself, {nights} nights"), others)
            }
            _ => row,
        };
        bench.report.row(row);
    }
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
    time(bench.domcaps(&database).arg("import").arg("--tree").arg(&tree.folder), &[0]);
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
