//! `import --tree` of many hosts into a new database, beside two Python scripts and git.

use std::path::Path;
use std::process::Command;

use crate::bench::{Bench, remove};
use crate::common::{memory, time};
use crate::figure::Unit;
use crate::git::Git;
use crate::measure::{Member, in_turn, installed, settle};
use crate::python::Python;
use crate::row::{Goal, Row};
use crate::tree::{Tree, Variant};

/// The databases that are compared, by what made them.
const OURS: &str = "import-domcaps.db";
const CAREFUL: &str = "import-careful.db";
const NAIVE: &str = "import-naive.db";
const GIT: &str = "import.git";

pub(crate) fn run(bench: &mut Bench) {
    same(bench);
    for variant in Variant::DIFFERENT {
        different(bench, variant);
    }
}

/// Many files are alike.
fn same(bench: &mut Bench) {
    let tree = tree(bench, Variant::Same);
    let what = &format!("{} hosts, files repeat", tree.hosts);
    let (light, heavy) = (bench.arguments.rounds, bench.arguments.heavy_rounds);
    let [ours, careful, naive, git] = in_turn([
        Member::light(light, || domcaps(bench, &tree)),
        Member::light(with_python(bench, light), || script(bench, "careful.py", CAREFUL, &tree)),
        Member::heavy(with_python(bench, heavy), || script(bench, "naive.py", NAIVE, &tree)),
        Member::light(with_git(light), || store_in_git(bench, &tree)),
    ]);
    alone(bench, what, &ours, &[&careful, &git]);
    row(bench, what, &ours, "naive.py", &naive, Goal::Faster(150.0));
    row(bench, what, &ours, "careful.py", &careful, Goal::Faster(2.0));
    row(bench, what, &ours, "git add + commit", &git, Goal::Faster(2.0));
    sizes(bench, what, &tree, None);
}

/// No file is like another.
fn different(bench: &mut Bench, variant: Variant) {
    let tree = tree(bench, variant);
    let what = format!("{} hosts, each another {}", tree.hosts, variant.name());
    let (light, heavy) = (bench.arguments.rounds, bench.arguments.heavy_rounds);
    let [ours, careful, git] = in_turn([
        Member::light(light, || domcaps(bench, &tree)),
        Member::heavy(with_python(bench, heavy), || script(bench, "careful.py", CAREFUL, &tree)),
        Member::light(with_git(light), || store_in_git(bench, &tree)),
    ]);
    alone(bench, &what, &ours, &[&careful, &git]);
    row(bench, &what, &ours, "careful.py", &careful, Goal::Faster(15.0));
    row(bench, &what, &ours, "git add + commit", &git, Goal::Times(1.0));
    sizes(bench, &what, &tree, Some(Goal::Under(20e6)));
}

fn tree(bench: &mut Bench, variant: Variant) -> Tree {
    let tree =
        Tree::make(&bench.arguments.folder, &bench.corpus, bench.arguments.import_hosts, variant);
    let megabytes = tree.bytes as f64 / 1e6;
    let name = variant.name();
    bench.report.note(format!(
        "{name}: {} of {} files, {megabytes:.0} MB in all, have a number of their own",
        tree.different, tree.hosts
    ));
    tree
}

/// No rounds where there is no Python.
fn with_python(bench: &Bench, rounds: usize) -> usize {
    if bench.python.is_ok() { rounds } else { 0 }
}

fn with_git(rounds: usize) -> usize {
    if installed("git").is_ok() { rounds } else { 0 }
}

fn import(bench: &Bench, tree: &Tree) -> Command {
    let mut command = bench.domcaps(&bench.fresh(OURS));
    command.arg("import").arg("--tree").arg(&tree.folder);
    command
}

fn domcaps(bench: &Bench, tree: &Tree) -> f64 {
    let mut command = import(bench, tree);
    settle();
    time(&mut command, &[0])
}

fn script(bench: &Bench, name: &str, database: &str, tree: &Tree) -> f64 {
    let python: &Python = bench.python.as_ref().ok().unwrap();
    let mut command = python.script(name);
    command.arg(bench.fresh(database)).arg(&tree.folder);
    settle();
    time(&mut command, &[0])
}

fn store_in_git(bench: &Bench, tree: &Tree) -> f64 {
    let git = Git::new(bench.fresh(GIT), &tree.folder);
    settle();
    git.store()
}

/// A row of its own where there is nothing to stand beside.
fn alone(bench: &mut Bench, what: &str, ours: &[f64], peers: &[&[f64]]) {
    if peers.iter().all(|times| times.is_empty()) {
        bench.report.row(Row::seconds(what, ours));
    }
}

/// A row, or why there is none.
fn row(bench: &mut Bench, what: &str, ours: &[f64], name: &str, times: &[f64], goal: Goal) {
    if times.is_empty() {
        let why = if name.ends_with(".py") {
            bench.python.as_ref().err().cloned()
        } else {
            installed("git").err()
        };
        bench.report.left_out(&format!("{what}, {name}"), &why.unwrap_or_default());
        return;
    }
    bench.report.row(Row::seconds(what, ours).beside(name, times).goal(goal));
}

/// How much the last round has left, and the memory of one more run.
fn sizes(bench: &mut Bench, what: &str, tree: &Tree, goal: Option<Goal>) {
    let folder = bench.arguments.folder.clone();
    let size = |name: &str| std::fs::metadata(folder.join(name)).map_or(0.0, |it| it.len() as f64);
    let ours = size(OURS);
    let mut peers = vec![("careful.py", size(CAREFUL)), ("naive.py", size(NAIVE))];
    if folder.join(GIT).is_dir() {
        let git = Git::open(folder.join(GIT), &tree.folder);
        peers.push(("git", git.size()));
        git.pack();
        peers.push(("git after gc", git.size()));
    }
    let row = || Row::new(format!("{what}: database"), Unit::Bytes, &[ours]);
    bench.report.row(if let Some(goal) = goal { row().goal(goal) } else { row() });
    for (name, bytes) in peers {
        if bytes > 0.0 {
            bench.report.row(row().beside(name, &[bytes]));
        }
    }
    let peak = memory(&mut import(bench, tree));
    bench.report.row(Row::new(format!("{what}: memory"), Unit::Bytes, &[peak]));
    for name in [OURS, CAREFUL, NAIVE, GIT] {
        remove(Path::new(&folder.join(name)));
    }
}
