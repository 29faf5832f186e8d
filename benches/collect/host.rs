//! One host that is collected from a real libvirt daemon: by domcaps, by one bare virsh that is fed the same
//! commands, and by a shell loop of one virsh each.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use super::common::time;
use super::daemon::Daemon;

/// The shell loop takes a hundred times as long as domcaps: a few rounds will do.
pub(crate) struct Rounds {
    pub(crate) all: usize,
    pub(crate) shell: usize,
}

/// Seconds, those of one round at the same place.
#[derive(Default)]
pub(crate) struct Times {
    pub(crate) commands: usize,
    pub(crate) first: Vec<f64>,
    pub(crate) again: Vec<f64>,
    pub(crate) bare: Vec<f64>,
    pub(crate) shell: Vec<f64>,
}

impl Daemon {
    fn collect(&self, database: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_domcaps"));
        command.arg("--db").arg(self.folder.path().join(database));
        command
            .args(["--quiet", "collect", "--connect", &self.uri, "--host", "a"])
            .stdout(Stdio::null());
        command
    }

    pub(crate) fn version(&self) -> String {
        let output = self.virsh(&["version", "--daemon"]).stdout(Stdio::piped()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().filter(|line| line.starts_with("Running")).collect::<Vec<_>>().join(", ")
    }

    /// The commands of a whole host, as they would be typed.
    fn commands(&self) -> Vec<String> {
        let output = self.virsh(&["capabilities"]).stdout(Stdio::piped()).output().unwrap();
        let host = domcaps::parse::capabilities(&output.stdout).unwrap();
        let asked = host.machines.iter().map(|machine| {
            let emulator = machine.emulator.as_deref().unwrap();
            let name = machine.canonical.as_deref().unwrap_or(&machine.name);
            let (arch, virttype) = (&machine.arch, &machine.virttype);
            format!("domcapabilities --virttype {virttype} --emulatorbin {emulator} --arch {arch} --machine {name}")
        });
        let mut commands: Vec<String> = asked.collect();
        commands.sort();
        commands.dedup();
        commands.splice(0..0, ["version --daemon".to_owned(), "capabilities".to_owned()]);
        commands
    }

    /// One host, each way in turn.
    pub(crate) fn one_host(&self, rounds: &Rounds) -> Times {
        let commands = self.commands();
        let typed = self.folder.path().join("typed");
        std::fs::write(&typed, commands.join("\n") + "\n").unwrap();
        let mut looped = String::new();
        for command in &commands {
            writeln!(looped, "virsh --quiet --connect '{}' {command} >/dev/null", self.uri)
                .unwrap();
        }
        time(&mut self.collect("again.db"), &[0]);
        let mut times = Times { commands: commands.len(), ..Times::default() };
        for round in 0..rounds.all {
            times.first.push(time(&mut self.collect(&format!("first{round}.db")), &[0]));
            times.again.push(time(&mut self.collect("again.db"), &[0]));
            times.bare.push(time(
                self.virsh(&[]).stdin(std::fs::File::open(&typed).unwrap()).stdout(Stdio::null()),
                &[0],
            ));
            if round < rounds.shell {
                times.shell.push(time(Command::new("sh").args(["-c", &looped]), &[0]));
            }
        }
        times
    }

    /// Bytes that each of some further collections adds to the database.
    pub(crate) fn unchanged(&self, runs: u64) -> u64 {
        let size = || std::fs::metadata(self.folder.path().join("again.db")).unwrap().len();
        let before = size();
        for _ in 0..runs {
            time(&mut self.collect("again.db"), &[0]);
        }
        (size() - before) / runs
    }
}
