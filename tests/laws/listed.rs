//! What a host lists is answered alike, wherever it is asked: by `query`, `machines`, `fleet matrix`
//! and `preflight`, on the bundled hosts and on the release captures of `../shared/data/releases`.
//!
//! Each host is stored three times: whole, with its machine list and a single document, and with that
//! document alone.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use domcaps::fleet::{Cell, Cohorts, Matrix, Offers};
use domcaps::guests::{self, Preflight};
use domcaps::model::{
    Context, Cut, HostName, Machine, MachineList, State, Target, Time, When, escape_key,
};
use domcaps::parse;
use domcaps::query::{Answer, Asked, Expression, Query};
use domcaps::side::{Contents, Side, from_store};
use domcaps::store::{NewBody, NewOutcome, NewSnapshot, Store};

/// What is stored of a capture.
struct Capture {
    machines: MachineList,
    documents: Vec<Vec<u8>>,
}

fn capture(folder: &Path) -> Capture {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|it| it == "xml"));
    files.sort();
    let (lists, documents): (Vec<PathBuf>, Vec<PathBuf>) =
        files.into_iter().partition(|file| file.ends_with("capabilities.xml"));
    let list = std::fs::read(&lists[0]).unwrap();
    Capture {
        machines: parse::capabilities(&list).unwrap().machines,
        documents: documents.iter().map(|file| std::fs::read(file).unwrap()).collect(),
    }
}

/// The folders of all captures that are here; `unpacked` takes those of releases.
fn captures(unpacked: &Path) -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![here.join("snapshots/debian-12"), here.join("snapshots/debian-13")];
    let Ok(archives) = std::fs::read_dir(here.join("../shared/data/releases")) else {
        eprintln!("skipped: ../shared/data/releases is not here");
        return folders;
    };
    let archives = archives.map(|entry| entry.unwrap().path());
    for archive in archives.filter(|it| it.to_string_lossy().ends_with(".tar.zst")) {
        let unpack = |into: &Path| {
            std::fs::create_dir_all(into).unwrap();
            let mut tar = Command::new("tar");
            tar.arg("--zstd").arg("-xf").arg(&archive).arg("-C").arg(into);
            tar.status().is_ok_and(|status| status.success())
        };
        let into = unpacked.join(archive.file_name().unwrap());
        if !unpack(&into) {
            eprintln!("skipped: {} cannot be unpacked", archive.display());
            continue;
        }
        let mut found: Vec<PathBuf> = vec![into];
        while let Some(folder) = found.pop() {
            if folder.join("capabilities.xml").exists() {
                folders.push(folder);
                break;
            }
            let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
            found.extend(entries.filter(|entry| entry.is_dir()));
        }
    }
    folders
}

fn store_host(store: &mut Store, host: &str, machines: Option<&MachineList>, texts: &[Vec<u8>]) {
    let host: HostName = host.parse().unwrap();
    let mut writer = store.writer().unwrap();
    let mut heads = Vec::new();
    for bytes in texts {
        let document = parse::document(bytes).unwrap();
        let cut = Cut::new(document.capabilities);
        let body = NewBody {
            hash: document.head.body_hash(bytes),
            bytes: &document.head.body(bytes),
            head_at: document.head.range.start,
            cut: &cut,
        };
        heads.push((document.head, bytes, writer.add_body(&body).unwrap()));
    }
    let outcomes = heads.iter().map(|(head, bytes, body)| {
        (&head.target, &bytes[head.range.clone()], NewOutcome::Document(*body))
    });
    writer
        .add_snapshot(&NewSnapshot {
            host: &host,
            taken_at: Time::from_milliseconds(0),
            state: State::Complete,
            context: &Context::default(),
            machines,
            outcomes: outcomes.collect(),
            tags: &[],
            groups: &[],
        })
        .unwrap();
    writer.commit().unwrap();
}

/// One stored host and the four ways to ask it.
struct Witness {
    contents: Contents,
    asked: Vec<Asked>,
    cohorts: Cohorts,
    offers: Offers,
    side: Side,
}

impl Witness {
    fn new(folder: &Path, machines: Option<&MachineList>, documents: &[Vec<u8>]) -> Self {
        let mut store = Store::create_or_open(&folder.join("d.db")).unwrap();
        store_host(&mut store, "h", machines, documents);
        let cohorts = Cohorts::of(&store, store.latest_of_all(None).unwrap()).unwrap();
        let offers = Offers::read(&store, &cohorts, &[]).unwrap();
        let snapshot = store.resolve("h", &When::Latest).unwrap().snapshot;
        let asked = vec![Asked { host: snapshot.host.clone(), snapshot: Some(snapshot) }];
        let contents = Contents::new(Some(store));
        let side = from_store(&contents, "h", &When::Latest, None, "h").unwrap();
        Self { contents, asked, cohorts, offers, side }
    }

    fn query(&self, expression: &str) -> Answer {
        let store = self.contents.store.as_ref().unwrap();
        let expression: Expression = expression.parse().unwrap();
        let query = Query::new(store, &expression, Vec::new(), false).unwrap();
        query.ask(&self.asked).unwrap()[0].answer
    }

    fn matrix(&mut self, column: &str) -> Option<Cell> {
        let asked = [column.to_owned()];
        let matrix = Matrix::of(&self.cohorts, &mut self.offers, &asked, true).ok()?;
        Some(matrix.rows[0].cells[0].clone())
    }

    /// Whether a guest of this kind that needs nothing else starts.
    fn preflight(&self, target: &Target, name: &str) -> guests::Answer {
        let Target { arch, virttype, emulator, .. } = target;
        let text = format!(
            "<domain type='{virttype}'><name>g</name><memory>65536</memory><vcpu>1</vcpu>\
             <os><type arch='{arch}' machine='{name}'>hvm</type></os>\
             <devices><emulator>{emulator}</emulator></devices></domain>"
        );
        let guest = parse::guest(text.as_bytes()).unwrap();
        Preflight::new(&guest).check(&self.side, &self.contents).unwrap().answer
    }

    /// Asks everywhere for something that the machine list has, or has not.
    fn agrees(&mut self, what: &str, column: Option<&str>, expected: Answer) {
        assert_eq!(self.query(what), expected, "query {what}");
        let opposite = self.query(&format!("not ({what})"));
        if expected == Answer::Unknown {
            assert_ne!(opposite, Answer::No, "query not ({what})");
        }
        if let Some(column) = column {
            let cell = self.matrix(column).unwrap_or(Cell::Unreported);
            let answer = match cell {
                Cell::Yes | Cell::Some | Cell::Values(_) => Answer::Yes,
                Cell::No => Answer::No,
                Cell::Unreported => Answer::Unknown,
            };
            assert_eq!(answer, expected, "query {what}, fleet matrix {column}: {cell:?}");
        }
    }
}

fn quoted(field: &str, value: &str) -> String {
    format!("{field} = \"{value}\"")
}

/// What each machine of a list says, asked of a host with this list and some of the documents.
fn listed_is_asked(witness: &mut Witness, list: &MachineList) {
    let machines: Vec<Machine> = list.iter().cloned().collect();
    assert_eq!(witness.side.observed.machines.as_ref(), Some(list), "`machines` lists these");
    let names: BTreeSet<&str> = machines.iter().map(|it| it.name.as_str()).collect();
    // A sample where there are many: each question opens what the store has of it.
    let step = names.len().div_ceil(30).max(1);
    for name in names.into_iter().step_by(step) {
        let is_alias = machines.iter().any(|it| it.name == name && it.canonical.is_some());
        let column = if is_alias { None } else { Some(format!("machine={name}")) };
        witness.agrees(&quoted("machine", name), column.as_deref(), Answer::Yes);
        if is_alias {
            let column = format!("alias[{}]", escape_key(name));
            witness.agrees(&quoted("alias", name), Some(&column), Answer::Yes);
        } else {
            let marks = machines.iter().filter(|it| it.name == name).map(|it| it.deprecated);
            let is_deprecated = marks.max().unwrap();
            let column = format!("machine[{}].deprecated", escape_key(name));
            let what = format!("machine = \"{name}\" and deprecated");
            witness.agrees(&what, Some(&column), Answer::from(is_deprecated));
        }
    }
    for (field, values) in [
        ("arch", machines.iter().map(|it| it.arch.as_str()).collect::<BTreeSet<_>>()),
        ("virttype", machines.iter().map(|it| it.virttype.as_str()).collect()),
        ("emulator", machines.iter().filter_map(|it| it.emulator.as_deref()).collect()),
    ] {
        for value in values {
            witness.agrees(&quoted(field, value), None, Answer::Yes);
        }
    }
    for (what, column) in [
        (quoted("machine", "pc-q35-99.9"), Some("machine=pc-q35-99.9")),
        (quoted("alias", "pc-q35-99.9"), None),
        (quoted("arch", "vax"), None),
        (quoted("virttype", "bhyve"), None),
        (quoted("emulator", "/no/such"), None),
    ] {
        witness.agrees(&what, column, Answer::No);
    }
    // Every document has an answer to this; a machine that was not collected has none.
    let documents: BTreeSet<&Target> = witness.side.documents().map(|(it, _)| it).collect();
    let is_there = |it: &Machine| documents.iter().any(|there| there.is_same(&Target::of(it)));
    let step = machines.len().div_ceil(40);
    for machine in machines.iter().step_by(step) {
        let target = Target::of(machine);
        let place = format!(
            "arch = {} and virttype = {} and machine = \"{}\"",
            target.arch, target.virttype, machine.name
        );
        assert_eq!(witness.query(&place), Answer::Yes, "{place}");
        let verdict = witness.preflight(&target, &machine.name);
        let reported = witness.query(&format!("{place} and vcpu.max >= 1"));
        if is_there(machine) {
            assert_ne!(reported, Answer::Unknown, "{place}");
        } else {
            assert_eq!(reported, Answer::Unknown, "{place}, not collected");
            let opposite = witness.query(&format!("{place} and not vcpu.max >= 1"));
            assert_eq!(opposite, Answer::Unknown, "{place}, not collected");
            assert_eq!(verdict, guests::Answer::Unknown, "preflight of {place}, not collected");
        }
        assert_ne!(verdict, guests::Answer::No, "preflight of {place}, which is listed");
        let verdict = witness.preflight(&target, "pc-q35-99.9");
        assert_eq!(verdict, guests::Answer::No, "preflight of a machine that is not listed");
    }
}

/// Without a machine list, nobody says that there is no such machine.
fn without_list_nothing_is_denied(witness: &mut Witness) {
    let targets: Vec<Target> = witness.side.documents().map(|(it, _)| it.clone()).collect();
    for target in targets.iter().step_by(targets.len().div_ceil(20)) {
        let column = format!("machine={}", target.machine);
        witness.agrees(&quoted("machine", &target.machine), Some(&column), Answer::Yes);
        let verdict = witness.preflight(target, "pc-q35-99.9");
        assert_eq!(verdict, guests::Answer::Unknown, "preflight without a machine list");
    }
    witness.agrees(&quoted("machine", "pc-q35-99.9"), Some("machine=pc-q35-99.9"), Answer::Unknown);
    for field in ["alias", "arch", "virttype", "emulator"] {
        witness.agrees(&quoted(field, "no-such"), None, Answer::Unknown);
    }
    witness.agrees("deprecated", None, Answer::Unknown);
}

/// A capability that one document denies: the matrix says no only where query does.
fn no_is_said_alike(witness: &mut Witness) {
    for (path, value) in
        [("devices.disk.bus", "no-such"), ("devices.graphics.type", "spice"), ("vcpu.max", "1")]
    {
        let said = witness.query(&format!("{path} = {value}"));
        let cell = witness.matrix(&format!("{path}={value}"));
        assert_eq!(said == Answer::Yes, matches!(cell, Some(Cell::Yes | Cell::Some)), "{path}");
        assert!(said != Answer::No || cell == Some(Cell::No), "{path}: no, {cell:?}");
    }
}

#[test]
fn what_a_host_lists_is_answered_alike_wherever_it_is_asked() {
    let unpacked = tempfile::tempdir().unwrap();
    for folder in captures(unpacked.path()) {
        eprintln!("{}", folder.display());
        let Capture { machines, documents } = capture(&folder);
        let last = &documents[documents.len() - 1..];
        for documents in [&documents[..], last] {
            let scratch = tempfile::tempdir().unwrap();
            let mut witness = Witness::new(scratch.path(), Some(&machines), documents);
            listed_is_asked(&mut witness, &machines);
            no_is_said_alike(&mut witness);
        }
        let scratch = tempfile::tempdir().unwrap();
        let mut witness = Witness::new(scratch.path(), None, last);
        without_list_nothing_is_denied(&mut witness);
        no_is_said_alike(&mut witness);
    }
}
