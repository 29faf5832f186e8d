//! On what it was measured, and what of.

use std::collections::BTreeMap;
use std::fmt;
use std::process::Command;

use serde::Serialize;

use crate::bench::{DOMCAPS, repository};
use crate::python::Python;

#[derive(Default, Serialize)]
pub(crate) struct Machine {
    cpu: String,
    cores: usize,
    memory_bytes: u64,
    kernel: String,
    system: String,
    /// The load averages of the last 1, 5 and 15 minutes, before anything was done.
    load: String,
}

/// Programs and libraries; those that are missing say so.
#[derive(Default, Serialize)]
#[serde(transparent)]
pub(crate) struct Versions(BTreeMap<&'static str, String>);

fn read(file: &str) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

/// The load of the machine.
pub(crate) fn load() -> String {
    read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" ")
}

pub(crate) fn machine(load: String) -> Machine {
    /// The value of a line `name: value` or `name=value`.
    fn value(text: &str, name: &str) -> String {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim_start_matches([' ', '\t', ':', '=']).trim_matches('"').to_owned()
    }
    let memory = value(&read("/proc/meminfo"), "MemTotal");
    let kilobytes = memory.split(' ').next().and_then(|number| number.parse::<u64>().ok());
    Machine {
        cpu: value(&read("/proc/cpuinfo"), "model name"),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        memory_bytes: kilobytes.unwrap_or(0) * 1024,
        kernel: format!("Linux {}", read("/proc/sys/kernel/osrelease").trim()),
        system: value(&read("/etc/os-release"), "PRETTY_NAME"),
        load,
    }
}

/// The first line that a program prints.
fn says(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(repository("")).output();
    let Ok(output) = output else { return "missing".to_owned() };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}

/// The version of a library that is built in.
fn locked(library: &str) -> String {
    let lock = include_str!("../../Cargo.lock");
    let name = format!("name = \"{library}\"\nversion = \"");
    let version = lock.split_once(&name).and_then(|(_, rest)| rest.split('"').next());
    version.unwrap_or("?").to_owned()
}

pub(crate) fn versions(python: Option<&Python>) -> Versions {
    let commit = says("git", &["describe", "--always", "--dirty", "--exclude", "*"]);
    let mut versions = BTreeMap::from([
        ("domcaps", format!("{} ({commit})", says(DOMCAPS, &["--version"]))),
        ("rustc", says("rustc", &["--version"])),
        ("SQLite", rusqlite::version().to_owned()),
        ("quick-xml", locked("quick-xml")),
        ("git", says("git", &["--version"])),
        ("diff", says("diff", &["--version"])),
        ("virsh", says("virsh", &["--version"])),
    ]);
    match python {
        Some(python) => versions.extend(python.versions()),
        None => {
            versions.insert("Python", "not used".to_owned());
        }
    }
    Versions(versions)
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpu, cores, memory_bytes, kernel, system, load } = self;
        let gigabytes = *memory_bytes as f64 / 1e9;
        write!(f, "{cores} × {cpu}, {gigabytes:.0} GB, {system}, {kernel}, load {load}")
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.0.iter().map(|(name, version)| {
            // Most programs say their name themselves.
            let is_named = version.to_lowercase().starts_with(&name.to_lowercase());
            if is_named { version.clone() } else { format!("{name} {version}") }
        });
        f.write_str(&each.collect::<Vec<_>>().join(", "))
    }
}
