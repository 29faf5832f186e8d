//! The program itself: its size, and how soon it is there.

use std::path::PathBuf;
use std::process::Command;

use crate::bench::{Bench, DOMCAPS};
use crate::figure::Unit;
use crate::measure::{Member, in_turn, installed, time_read};
use crate::row::{Goal, Row};

pub(crate) fn run(bench: &mut Bench) {
    let bytes = stripped(bench);
    bench.report.row(Row::new("binary, stripped", Unit::Bytes, &[bytes]).goal(Goal::Under(12e6)));
    let rounds = bench.arguments.rounds;
    let python = interpreter();
    let present = |is_there: bool| if is_there { rounds } else { 0 };
    let has_git = installed("git");
    let call =
        |program: &str, arguments: &[&str]| time_read(Command::new(program).args(arguments), &[0]);
    let [ours, nothing, git, pythons] = in_turn([
        Member::light(rounds, || call(DOMCAPS, &["--version"])),
        Member::light(rounds, || call("/bin/true", &[])),
        Member::light(present(has_git.is_ok()), || call("git", &["--version"])),
        Member::light(present(python.is_ok()), || {
            time_read(Command::new(python.as_ref().unwrap()).args(["-c", "pass"]), &[0])
        }),
    ]);
    let what = "domcaps --version";
    bench.report.row(Row::seconds(what, &ours).goal(Goal::Under(0.005)));
    for (name, times, is_there) in [
        ("/bin/true", nothing, Ok(())),
        ("git --version", git, has_git),
        ("python3 -c pass", pythons, python.map(|_| ())),
    ] {
        match is_there {
            Ok(()) => bench.report.row(Row::seconds(what, &ours).beside(name, &times)),
            Err(why) => bench.report.left_out(name, &why),
        }
    }
}

/// Bytes of the program without symbols: a build for a profiler has some.
fn stripped(bench: &Bench) -> f64 {
    let copy = bench.fresh("stripped");
    std::fs::copy(DOMCAPS, &copy).unwrap();
    let _where_there_is_one = Command::new("strip").arg(&copy).status();
    let bytes = std::fs::metadata(&copy).unwrap().len();
    bench.fresh("stripped");
    bytes as f64
}

/// Python itself: `python3` may be a script that looks for one.
fn interpreter() -> Result<PathBuf, String> {
    installed("python3")?;
    let ask = ["-c", "import sys; print(sys.executable)"];
    let output = Command::new("python3").args(ask).output().map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().into())
}
