//! How long a report over a fleet takes: 1,000 hosts of 104 targets each, that went 20 ways.
//!
//! ```console
//! cargo bench --bench report
//! ```
//!
//! The hosts are the bundled captures, each document under qemu and kvm; what each way has of its own is
//! a CPU model that became unusable, a firmware image that was renamed, and a kernel. With node and
//! Chromium there (`tests/browser/check` installs them), the page is opened too.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark may panic, and prints what it measured"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use domcaps::demo;
use domcaps::store::Store;

#[path = "common/capture.rs"]
mod capture;

const HOSTS: usize = 1000;
const WAYS: usize = 20;
const ROUNDS: usize = 7;
const FORMATS: [&str; 9] =
    ["text", "markdown", "html", "json", "ndjson", "csv", "junit", "sarif", "github"];

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("fleet.db");
    let started = Instant::now();
    build(&database);
    let size = std::fs::metadata(&database).unwrap().len();
    println!(
        "{HOSTS} hosts, twice: stored in {:.1} s, {:.1} MB",
        started.elapsed().as_secs_f64(),
        megabytes(size)
    );
    let report = |format: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_domcaps"));
        command.arg("--db").arg(&database).args(["--quiet", "report", "upgrade", "--all"]);
        command.args(["--from", "2026-11-01", "--format", format]).current_dir(folder.path());
        command
    };
    println!("milliseconds: median (least to most); memory; size");
    for format in FORMATS {
        let file = folder.path().join(format!("report.{format}"));
        let (times, memory) = measure(&report, format, &file);
        let size = std::fs::metadata(&file).unwrap().len();
        println!(
            "{format:9} {:>6} ({} to {})  {:>4.0} MB  {:>6.1} MB",
            times[ROUNDS / 2].as_millis(),
            times[0].as_millis(),
            times[ROUNDS - 1].as_millis(),
            memory as f64 / 1024.0,
            megabytes(size)
        );
    }
    in_a_browser(&folder.path().join("report.html"));
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Sorted times of whole processes, and the most memory of any in kB.
fn measure(report: &impl Fn(&str) -> Command, format: &str, file: &Path) -> (Vec<Duration>, u64) {
    let mut times = Vec::new();
    let mut memory = 0;
    for _ in 0..ROUNDS {
        let out = std::fs::File::create(file).unwrap();
        let started = Instant::now();
        let mut child = report(format).stdout(out).spawn().unwrap();
        while child.try_wait().unwrap().is_none() {
            memory = memory.max(peak(child.id()).unwrap_or(0));
            std::thread::sleep(Duration::from_millis(1));
        }
        times.push(started.elapsed());
    }
    times.sort();
    (times, memory)
}

/// The most memory a process has had, in kB.
fn peak(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn in_a_browser(page: &Path) {
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/browser-tools/check.mjs");
    let mut node = Command::new("node");
    node.arg(check).arg(page).arg("--fleet").stderr(Stdio::inherit());
    match node.output() {
        Ok(output) => println!("browser: {}", String::from_utf8_lossy(&output.stdout).trim()),
        Err(error) => println!("browser: not run: {error}"),
    }
}

/// Every host on a night before its upgrade and on one after it.
fn build(database: &Path) {
    let [old, new] = <[_; 2]>::try_from(demo::hosts()).ok().unwrap();
    let mut store = Store::create_or_open(database).unwrap();
    let mut writer = store.writer().unwrap();
    for way in 0..WAYS {
        let sides = [
            (capture::side(&old.files, |text| own(text, way, false)), "2026-11-01T02:00:00Z"),
            (capture::side(&new.files, |text| own(text, way, true)), "2026-11-02T02:00:00Z"),
        ];
        for host in (way..HOSTS).step_by(WAYS) {
            for (files, at) in &sides {
                capture::add(&mut writer, &format!("hv{host:04}"), at, files);
            }
        }
    }
    writer.commit().unwrap();
}

fn own(text: &str, way: usize, is_new: bool) -> String {
    let image = format!("/usr/share/OVMF/way{way}/OVMF_CODE{}.fd", if is_new { "_4M" } else { "" });
    let text = capture::with_image(text, &image);
    if is_new { capture::without_model(&text, way) } else { text }
}
