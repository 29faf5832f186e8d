//! How things are timed.

use std::process::{Command, Stdio};
use std::time::Instant;

/// One of several ways to do a thing.
pub(crate) struct Member<'m> {
    rounds: usize,
    warm_ups: usize,
    /// Does it once and says how many seconds it took.
    run: Box<dyn FnMut() -> f64 + 'm>,
}

impl<'m> Member<'m> {
    /// One that is over quickly. One of no rounds is not run at all.
    pub(crate) fn light(rounds: usize, run: impl FnMut() -> f64 + 'm) -> Self {
        Self { rounds, warm_ups: 1, run: Box::new(run) }
    }

    /// One that takes so long that what it has to warm up does not show.
    pub(crate) fn heavy(rounds: usize, run: impl FnMut() -> f64 + 'm) -> Self {
        Self { rounds, warm_ups: 0, run: Box::new(run) }
    }
}

/// Runs all members in turn, the order the other way round in each second round. The seconds of each member;
/// those at the same place are of the same round.
pub(crate) fn in_turn<const N: usize>(members: [Member<'_>; N]) -> [Vec<f64>; N] {
    let mut members = members;
    let mut times = [const { Vec::new() }; N];
    for member in &mut members {
        for _ in 0..member.warm_ups.min(member.rounds) {
            (member.run)();
        }
    }
    let rounds = members.iter().map(|member| member.rounds).max().unwrap_or(0);
    for round in 0..rounds {
        for at in 0..N {
            let at = if round % 2 == 0 { at } else { N - 1 - at };
            if round < members[at].rounds {
                let seconds = (members[at].run)();
                times[at].push(seconds);
            }
        }
    }
    times
}

/// Seconds of something in this process.
pub(crate) fn seconds<T>(run: impl FnOnce() -> T) -> f64 {
    let started = Instant::now();
    std::hint::black_box(run());
    started.elapsed().as_secs_f64()
}

/// Seconds of a whole process whose output goes through a pipe that is read to its end. Other exit codes than 0
/// may be no failure: `diff` ends with 1 where there is a difference.
pub(crate) fn time_read(command: &mut Command, codes: &[i32]) -> f64 {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let started = Instant::now();
    let output = command.output().unwrap();
    let seconds = started.elapsed().as_secs_f64();
    let is_fine = output.status.code().is_some_and(|code| codes.contains(&code));
    assert!(is_fine, "{command:?}: {}", output.status);
    seconds
}

/// Whether a program is there; else why it is left out.
pub(crate) fn installed(program: &str) -> Result<(), String> {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.status() {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("{program} is not installed")),
    }
}

/// Writes to the disk what earlier ones left to be written: it would be in the way of the next.
pub(crate) fn settle() {
    let _where_there_is_one = Command::new("sync").status();
}
