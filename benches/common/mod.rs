//! What several benchmarks measure with.

use std::process::Command;
use std::time::Instant;

/// Seconds of a whole process, from its start to its end, which may be with any of these codes.
pub(crate) fn time(command: &mut Command, codes: &[i32]) -> f64 {
    let started = Instant::now();
    let status = command.status().unwrap();
    let seconds = started.elapsed().as_secs_f64();
    let is_fine = status.code().is_some_and(|code| codes.contains(&code));
    assert!(is_fine, "{command:?}: {status}");
    seconds
}

/// The most memory a process has had, in bytes: looked at all the time, so its time is not measured. One that is
/// over before anyone has looked runs again.
pub(crate) fn memory(command: &mut Command) -> f64 {
    let seen = (0..9).map(|_| memory_seen(command)).find(|bytes| *bytes > 0.0);
    seen.unwrap_or(0.0)
}

fn memory_seen(command: &mut Command) -> f64 {
    let mut child = command.spawn().unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = most.max(peak(child.id()).unwrap_or(0));
        // It may want both processors.
        std::thread::sleep(std::time::Duration::from_micros(200));
    }
    most as f64 * 1024.0
}

/// The most memory a process has had so far, in kB.
fn peak(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Least, median and most.
pub(crate) fn spread(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let median = match values.len().is_multiple_of(2) {
        true => f64::midpoint(values[middle - 1], values[middle]),
        false => values[middle],
    };
    [values[0], median, values[values.len() - 1]]
}
