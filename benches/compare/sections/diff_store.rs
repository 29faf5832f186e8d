//! What changed between two hosts that are stored, beside the same two states in git.

use std::path::Path;

use crate::bench::{Bench, remove, repository};
use crate::common::time;
use crate::corpus;
use crate::git::Git;
use crate::measure::{Member, in_turn, installed, time_read};
use crate::row::{Goal, Row};

pub(crate) fn run(bench: &mut Bench) {
    let database = bench.fresh("demo.db");
    time(bench.domcaps(&database).arg("demo"), &[0]);
    let ours = || {
        let mut command = bench.domcaps(&database);
        time_read(command.args(["diff", "debian-12", "debian-13"]), &[0])
    };
    let rounds = bench.arguments.rounds;
    let what = "diff debian-12 debian-13";
    let limit = Goal::Under(0.015);
    if let Err(why) = installed("git") {
        let [times] = in_turn([Member::light(rounds, ours)]);
        bench.report.row(Row::seconds(what, &times).goal(limit));
        bench.report.left_out("git diff HEAD~1 HEAD", &why);
        bench.fresh("demo.db");
        return;
    }
    let git = two_nights(bench);
    let theirs = || {
        let mut command = git.command(&["diff", "--no-color", "HEAD~1", "HEAD"]);
        time_read(&mut command, &[0])
    };
    let [ours, theirs] = in_turn([Member::light(rounds, ours), Member::light(rounds, theirs)]);
    bench.report.row(Row::seconds(what, &ours).goal(limit));
    let name = "git diff HEAD~1 HEAD";
    bench.report.row(Row::seconds(what, &ours).beside(name, &theirs).goal(Goal::Faster(1.0)));
    for left in ["demo.db", "nights", "nights.git"] {
        remove(&bench.arguments.folder.join(left));
    }
}

/// A file for each target; the second night it is Debian 13's.
fn two_nights(bench: &Bench) -> Git {
    let files = bench.fresh("nights");
    std::fs::create_dir_all(&files).unwrap();
    let git = Git::new(bench.fresh("nights.git"), &files);
    for host in ["debian-12", "debian-13"] {
        remove(&files);
        write(&files, host);
        git.store();
    }
    // As it is after a while.
    git.pack();
    git
}

fn write(files: &Path, host: &str) {
    std::fs::create_dir_all(files).unwrap();
    for document in corpus::read(&repository("snapshots").join(host)) {
        std::fs::write(files.join(document.name), document.text).unwrap();
    }
}
