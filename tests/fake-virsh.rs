//! A virsh that does what a real one does not do when it is asked to: hang, die, lie.
//!
//! `fake-virsh --quiet --connect 'fake:///FOLDER?WHAT=…'` reads commands on standard input and
//! answers as virsh 9.0.0 does on a pipe: a prompt and the echo of each line on standard output,
//! errors on standard error. FOLDER is a folder as `snapshots/debian-12`. What it may do:
//!
//! | WHAT | does |
//! | --- | --- |
//! | `delay=MS` | waits before each document |
//! | `hang=N` | never gives the Nth document; leaves a child behind that does not end either |
//! | `die=N` | ends in the middle of the Nth document |
//! | `lost=N` | loses its connection at the Nth document, and has another from the next on |
//! | `garbage=N` | gives half of the Nth document |
//! | `other=N` | gives another document than the Nth |
//! | `bare=N` | gives the Nth document without its machine |
//! | `moved` | has another connection from `capabilities` on |
//! | `huge=N` | gives a gigabyte for the Nth document |
//! | `noise=N` | writes 10 MB of errors at the Nth document |
//! | `silent` | never answers anything |
//! | `refuse=TEXT` | has no connection, and says why |
//! | `flaky=FILE` | has no connection, until FILE is there, which it makes |
//! | `flags` | has the CPU flags of libvirt 12.5.0 |
//! | `log=FILE` | writes the commands there |

#![expect(clippy::unwrap_used, reason = "a failed test may panic, and says what it read")]
#![expect(clippy::disallowed_methods, reason = "the process ends as virsh does")]
#![expect(clippy::print_stderr, reason = "it is what virsh does")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

struct Fake {
    folder: PathBuf,
    does: BTreeMap<String, String>,
    documents: usize,
    out: std::io::Stdout,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    assert_eq!(arguments[1..3], ["--quiet", "--connect"]);
    let uri = arguments[3].strip_prefix("fake://").unwrap();
    let (folder, query) = uri.split_once('?').unwrap_or((uri, ""));
    let does = query.split('&').map(|each| each.split_once('=').unwrap_or((each, "")));
    let does = does.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut fake = Fake { folder: folder.into(), does, documents: 0, out: std::io::stdout() };
    fake.connect();
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        fake.log(&line);
        fake.print(format!("virsh # {line}\n").as_bytes());
        line.split(';').for_each(|command| fake.run(command));
    }
}

impl Fake {
    fn connect(&self) {
        if self.does.contains_key("silent") {
            forever();
        }
        let flaky = self.does.get("flaky").is_some_and(|file| {
            let is_first = !Path::new(file).exists();
            std::fs::write(file, "").unwrap();
            is_first
        });
        let refusal = self.does.get("refuse").map(|text| text.replace('+', " "));
        let refusal = refusal.or_else(|| flaky.then(|| "Connection refused".to_owned()));
        if let Some(text) = refusal {
            eprintln!("error: failed to connect to the hypervisor\nerror: {text}");
            std::process::exit(1);
        }
    }

    fn log(&self, line: &str) {
        if let Some(file) = self.does.get("log") {
            let mut log = std::fs::OpenOptions::new().append(true).create(true).open(file).unwrap();
            writeln!(log, "{line}").unwrap();
        }
    }

    fn print(&mut self, bytes: &[u8]) {
        // Whoever reads has gone away.
        if self.out.write_all(bytes).and_then(|()| self.out.flush()).is_err() {
            std::process::exit(0);
        }
    }

    fn run(&mut self, command: &str) {
        let words: Vec<String> =
            command.split_whitespace().map(|word| word.replace("''", "")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["echo", word] => self.print(word.as_bytes()),
            ["version", "--daemon"] => self.file("version.txt"),
            ["capabilities"] => {
                if self.does.contains_key("moved") {
                    eprintln!("error: Reconnected to the hypervisor");
                }
                self.file("capabilities.xml");
            }
            ["help", "domcapabilities"] => {
                let flags = "--disable-deprecated-features --expand-cpu-features --supported-cpu-features\n";
                let flags = if self.does.contains_key("flags") { flags } else { "" };
                self.print(format!("domcapabilities [--machine <string>] {flags}").as_bytes());
            }
            ["domcapabilities", ref options @ ..] => self.document(options),
            _ => eprintln!("error: unknown command: '{command}'"),
        }
    }

    fn file(&mut self, name: &str) {
        let bytes = std::fs::read(self.folder.join(name)).unwrap();
        self.print(&bytes);
        self.print(b"\n");
    }

    fn document(&mut self, options: &[&str]) {
        let option = |name: &str| {
            let at = options.iter().position(|option| *option == format!("--{name}"));
            at.map_or("", |at| options[at + 1])
        };
        let [arch, machine, virttype] = ["arch", "machine", "virttype"].map(option);
        self.documents += 1;
        if let Some(delay) = self.does.get("delay") {
            std::thread::sleep(Duration::from_millis(delay.parse().unwrap()));
        }
        // Of one architecture only is there anything to give: another one gets the same.
        let path = self.folder.join(format!("x86_64.{machine}.{virttype}.xml"));
        let Ok(text) = std::fs::read_to_string(path) else {
            eprintln!(
                "error: failed to get emulator capabilities\n\
                 error: invalid argument: the machine '{machine}' is not supported by emulator '{}'",
                option("emulatorbin")
            );
            return;
        };
        let text = text.replace("<arch>x86_64</arch>", &format!("<arch>{arch}</arch>"));
        let text = text.replace(
            "<path>/usr/bin/qemu-system-x86_64</path>",
            &format!("<path>{}</path>", option("emulatorbin")),
        );
        self.give(&text);
        self.print(b"\n");
    }

    /// Gives a document, or does what it was told.
    fn give(&mut self, text: &str) {
        let now = self.documents.to_string();
        let does = |what: &str| self.does.get(what) == Some(&now);
        if does("hang") {
            let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
            std::fs::write(&self.does["child"], child.id().to_string()).unwrap();
            child.wait().unwrap();
        } else if does("die") {
            self.print(&text.as_bytes()[..text.len() / 2]);
            std::process::exit(1);
        } else if does("lost") {
            eprintln!("error: Disconnected from {} due to end of file", self.folder.display());
            eprintln!("error: failed to get emulator capabilities");
            eprintln!("error: Cannot recv data: Connection reset by peer");
        } else if does("garbage") {
            self.print(&text.as_bytes()[..text.len() / 2]);
        } else if does("other") {
            self.print(text.replace("<machine>", "<machine>other-").as_bytes());
        } else if does("bare") {
            let lines = text.lines().filter(|line| !line.contains("<machine>"));
            self.print(lines.collect::<Vec<_>>().join("\n").as_bytes());
        } else if does("huge") {
            let much = vec![b'x'; 1 << 20];
            (0..1024).for_each(|_| self.print(&much));
        } else {
            if does("noise") {
                eprintln!("{}", "error: noise\n".repeat(800_000));
            }
            self.print(text.as_bytes());
        }
    }
}

fn forever() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(1000));
    }
}
