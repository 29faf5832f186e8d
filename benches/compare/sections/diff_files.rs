//! `domcaps diff A.xml B.xml` beside what else compares two files.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::{Bench, DOMCAPS, repository};
use crate::measure::{Member, in_turn, installed, time_read};
use crate::row::{Goal, Row};

/// Two documents, and how much faster than xmldiff it is to be.
struct Pair {
    what: &'static str,
    old: PathBuf,
    new: PathBuf,
    xmldiff: f64,
}

pub(crate) fn run(bench: &mut Bench) {
    for pair in pairs(bench) {
        let sizes = [&pair.old, &pair.new].map(|file| std::fs::metadata(file).unwrap().len());
        let names = [&pair.old, &pair.new].map(|file| file.file_name().unwrap().to_string_lossy());
        bench.report.note(format!(
            "{}: {} ({} bytes) and {} ({} bytes), {} lines of `diff -u`",
            pair.what,
            names[0],
            sizes[0],
            names[1],
            sizes[1],
            lines(&pair)
        ));
        compare(bench, &pair);
    }
}

fn pairs(bench: &Bench) -> [Pair; 2] {
    let libvirts = repository("../shared/data/libvirt-tests/11.3.0");
    let folder = bench.arguments.corpus.clone().unwrap_or(libvirts);
    let of_libvirt = |qemu: &str| folder.join(format!("qemu_{qemu}-tcg.x86_64.xml"));
    let theirs = ["9.2.0", "10.0.0", "8.1.0"].map(of_libvirt);
    let [base, near, far] = if theirs.iter().all(|file| file.is_file()) {
        theirs
    } else {
        [
            "debian-13/x86_64.pc-q35-10.0",
            "debian-13/x86_64.pc-i440fx-10.0",
            "debian-12/x86_64.pc-q35-7.2",
        ]
        .map(|name| repository("snapshots").join(format!("{name}.qemu.xml")))
    };
    [
        Pair { what: "nearly equal", old: base.clone(), new: near, xmldiff: 70.0 },
        Pair { what: "far apart", old: base, new: far, xmldiff: 700.0 },
    ]
}

/// A program that is given the two files; that there is a difference is no failure.
fn run_on(pair: &Pair, program: impl AsRef<Path>, arguments: &[&str]) -> f64 {
    let mut command = Command::new(program.as_ref());
    command.args(arguments).args([&pair.old, &pair.new]).env("GIT_CONFIG_GLOBAL", "/dev/null");
    time_read(&mut command, &[0, 1])
}

/// Lines that `diff -u` prints.
fn lines(pair: &Pair) -> String {
    let output = Command::new("diff").arg("-u").args([&pair.old, &pair.new]).output();
    let count = |text: &[u8]| text.iter().filter(|byte| **byte == b'\n').count();
    output.map_or("?".to_owned(), |output| count(&output.stdout).to_string())
}

fn compare(bench: &mut Bench, pair: &Pair) {
    let (light, heavy) = (bench.arguments.rounds, bench.arguments.heavy_rounds);
    let present = |is_there: bool, rounds: usize| if is_there { rounds } else { 0 };
    let [has_diff, has_git] = ["diff", "git"].map(installed);
    let git = ["diff", "--no-index", "--no-color"];
    let xmldiff = bench.python.as_ref().map(|python| python.xmldiff());
    let [ours, diffs, gits, xmldiffs] = in_turn([
        Member::light(light, || run_on(pair, DOMCAPS, &["diff"])),
        Member::light(present(has_diff.is_ok(), light), || run_on(pair, "diff", &["-u"])),
        Member::light(present(has_git.is_ok(), light), || run_on(pair, "git", &git)),
        Member::heavy(present(xmldiff.is_ok(), heavy), || {
            run_on(pair, xmldiff.as_ref().unwrap(), &[])
        }),
    ]);
    let xmldiff = xmldiff.map(|_| ()).map_err(Clone::clone);
    for (name, times, goal, is_there) in [
        ("diff -u", diffs, Some(Goal::Times(1.5)), has_diff),
        ("git diff --no-index", gits, None, has_git),
        ("xmldiff", xmldiffs, Some(Goal::Faster(pair.xmldiff)), xmldiff),
    ] {
        if let Err(why) = is_there {
            bench.report.left_out(&format!("{}, {name}", pair.what), &why);
            continue;
        }
        let row = Row::seconds(pair.what, &ours).beside(name, &times);
        bench.report.row(if let Some(goal) = goal { row.goal(goal) } else { row });
    }
}
