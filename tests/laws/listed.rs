//! What a host lists is answered alike, wherever it is asked: by `query`, `machines`, `fleet matrix`
//! and `preflight`, on the bundled hosts and on releases.
//!
//! Each host is stored three times: with its machine list and a document of every kind, with that list
//! and a single document, and with that document alone.

use domcaps::fleet::{Cell, Cohorts, Matrix, Offers};
use domcaps::guests::{self, GuestChecks};
use domcaps::model::{Machine, MachineList, Target, When, escape_key};
use domcaps::parse;
use domcaps::query::{Answer, Asked, Expression, Query};
use domcaps::side::{Contents, Side, from_store};
use domcaps::store::Store;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use crate::hosts::{self, HostFiles, is_document};

/// One stored host and the four ways to ask it.
struct Witness {
    name: String,
    contents: Contents,
    asked: Vec<Asked>,
    cohorts: Cohorts,
    offers: Offers,
    side: Side,
    list: Option<MachineList>,
    _folder: tempfile::TempDir,
}

impl Witness {
    fn new(host: &HostFiles, kind: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::create_or_open(&folder.path().join("d.db")).unwrap();
        host.import(&mut store, "h", 0);
        let cohorts = Cohorts::of(&store, store.latest_of_all(None).unwrap()).unwrap();
        let offers = Offers::read(&store, &cohorts, &[]).unwrap();
        let snapshot = store.resolve("h", &When::Latest).unwrap().snapshot;
        let asked = vec![Asked { host: snapshot.host.clone(), snapshot: Some(snapshot) }];
        let contents = Contents::new(Some(store));
        let side = from_store(&contents, "h", &When::Latest, None, "h").unwrap();
        // What `domcaps machines` prints.
        let list = side.observed.machines.clone();
        let name = format!("{} ({kind})", host.name);
        Self { name, contents, asked, cohorts, offers, side, list, _folder: folder }
    }

    fn query(&self, expression: &str) -> Answer {
        let store = self.contents.store.as_ref().unwrap();
        let parsed: Expression = expression.parse().unwrap();
        let query = Query::new(store, &parsed, Vec::new(), false)
            .unwrap_or_else(|error| panic!("{}: {expression}: {error}", self.name));
        query.ask(&self.asked).unwrap()[0].answer
    }

    fn matrix(&mut self, column: &str) -> Answer {
        let asked = [column.to_owned()];
        let Ok(matrix) = Matrix::of(&self.cohorts, &mut self.offers, &asked, true) else {
            return Answer::Unknown;
        };
        match matrix.rows[0].cells[0] {
            Cell::Yes | Cell::Some | Cell::Values(_) => Answer::Yes,
            Cell::No => Answer::No,
            Cell::Unreported => Answer::Unknown,
        }
    }

    /// Whether guests of this kind that need nothing else start, on each of the machines.
    fn preflight(&self, target: &Target, machines: [&str; 2]) -> [guests::Answer; 2] {
        let Target { arch, virttype, emulator, .. } = target;
        let guests = machines.map(|name| {
            let text = format!(
                "<domain type='{virttype}'><name>g</name><memory>65536</memory><vcpu>1</vcpu>\
                 <os><type arch='{arch}' machine='{name}'>hvm</type></os>\
                 <devices><emulator>{emulator}</emulator></devices></domain>"
            );
            parse::guest(text.as_bytes()).unwrap()
        });
        let verdicts = GuestChecks::new(&guests).check(&self.side, &self.contents).unwrap();
        [verdicts[0].answer, verdicts[1].answer]
    }

    /// Asks for something about machines, as it is and denied, and in the matrix.
    fn agrees(&mut self, what: &str, column: Option<&str>, expected: Answer) {
        assert_eq!(self.query(what), expected, "{}: query {what}", self.name);
        let opposite = format!("not ({what})");
        assert_eq!(self.query(&opposite), !expected, "{}: query {opposite}", self.name);
        if let Some(column) = column {
            let answer = self.matrix(column);
            assert_eq!(answer, expected, "{}: {what}, fleet matrix {column}", self.name);
        }
    }

    /// One machine or alias of the list.
    fn asks_listed(&mut self, machine: &Machine) {
        let list = self.list.clone().unwrap();
        let name = machine.name.as_str();
        let column = format!("machine={name}");
        let is_alias = machine.canonical.is_some();
        let column = (!is_alias).then_some(column.as_str());
        self.agrees(&quoted("machine", name), column, Answer::Yes);
        assert_eq!(self.query(&format!("machine != \"{name}\"")), Answer::No, "{}", self.name);
        if is_alias {
            let column = format!("alias[{}]", escape_key(name));
            self.agrees(&quoted("alias", name), Some(&column), Answer::Yes);
        } else {
            let same = list.iter().filter(|it| it.name == name);
            let is_deprecated = same.map(|it| it.deprecated).max().unwrap();
            let column = format!("machine[{}].deprecated", escape_key(name));
            let what = format!("machine = \"{name}\" and deprecated");
            self.agrees(&what, Some(&column), Answer::from(is_deprecated));
        }
        for (field, value) in [("arch", &machine.arch), ("virttype", &machine.virttype)] {
            self.agrees(&quoted(field, value), None, Answer::Yes);
        }
        if let Some(emulator) = &machine.emulator {
            self.agrees(&quoted("emulator", emulator), None, Answer::Yes);
        }
        // Every document has an answer to this; a machine that was not collected has none.
        let target = Target::of(machine);
        let place = format!(
            "arch = {} and virttype = {} and machine = \"{name}\"",
            target.arch, target.virttype
        );
        assert_eq!(self.query(&place), Answer::Yes, "{}: {place}", self.name);
        let is_collected = self.side.documents().any(|(there, _)| there.is_same(&target));
        let [here, missing] = self.preflight(&target, [name, "pc-q35-99.9"]);
        let reported = self.query(&format!("{place} and vcpu.max >= 1"));
        assert_eq!(reported != Answer::Unknown, is_collected, "{}: {place}", self.name);
        if !is_collected {
            let opposite = self.query(&format!("not ({place} and vcpu.max >= 1)"));
            assert_eq!(opposite, Answer::Unknown, "{}: {place}, not collected", self.name);
            assert_eq!(here, guests::Answer::Unknown, "{}: {place}, not collected", self.name);
        }
        assert_ne!(here, guests::Answer::No, "{}: preflight of {place}, listed", self.name);
        assert_eq!(missing, guests::Answer::No, "{}: preflight, not listed", self.name);
    }

    /// A document of a host without a machine list: nobody says that there is no such machine.
    fn asks_bare(&mut self, target: &Target) {
        let name = target.machine.as_str();
        let column = format!("machine={name}");
        self.agrees(&quoted("machine", name), Some(&column), Answer::Yes);
        self.agrees(&quoted("arch", &target.arch), None, Answer::Yes);
        let [here, missing] = self.preflight(target, [name, "pc-q35-99.9"]);
        assert_ne!(here, guests::Answer::No, "{}: preflight of {target}", self.name);
        assert_eq!(missing, guests::Answer::Unknown, "{}: without a machine list", self.name);
    }

    /// What nothing lists: not there, where the list is known.
    fn asks_unlisted(&mut self) {
        let expected = if self.list.is_some() { Answer::No } else { Answer::Unknown };
        self.agrees(&quoted("machine", "pc-q35-99.9"), Some("machine=pc-q35-99.9"), expected);
        for field in ["alias", "arch", "virttype", "emulator"] {
            self.agrees(&quoted(field, "no-such"), None, expected);
        }
        if self.list.is_none() {
            self.agrees("deprecated", None, Answer::Unknown);
        }
    }

    /// A capability that one document denies: the matrix says no only where query does.
    fn denies_alike(&mut self, path: &str, value: &str) {
        let said = self.query(&format!("{path} = {value}"));
        let cell = self.matrix(&format!("{path}={value}"));
        assert_eq!(said == Answer::Yes, cell == Answer::Yes, "{}: {path} = {value}", self.name);
        assert!(said != Answer::No || cell == Answer::No, "{}: {path} = {value}", self.name);
    }
}

fn quoted(field: &str, value: &str) -> String {
    format!("{field} = \"{value}\"")
}

/// Each host in the three ways.
fn witnesses() -> Vec<Witness> {
    let mut witnesses = Vec::new();
    for host in hosts::all() {
        let last = (*host.documents().last().unwrap()).to_owned();
        let few = host.only(|name| !is_document(name) || name == last);
        let bare = host.only(|name| name == last);
        witnesses.extend(
            [("whole", &host), ("one document", &few), ("no list", &bare)]
                .map(|(kind, host)| Witness::new(host, kind)),
        );
    }
    witnesses
}

#[test]
fn what_a_host_lists_is_answered_alike_wherever_it_is_asked() {
    let mut witnesses = witnesses();
    for witness in &mut witnesses {
        witness.asks_unlisted();
        for (path, value) in
            [("devices.disk.bus", "no-such"), ("devices.graphics.type", "spice"), ("vcpu.max", "1")]
        {
            witness.denies_alike(path, value);
        }
    }
    let witnesses = std::cell::RefCell::new(witnesses);
    let config = Config { cases: 160, failure_persistence: None, ..Config::default() };
    let asked = (any::<Index>(), any::<Index>());
    TestRunner::new(config)
        .run(&asked, |(host, machine)| {
            let mut witnesses = witnesses.borrow_mut();
            let at = host.index(witnesses.len());
            let witness = &mut witnesses[at];
            match witness.list.clone() {
                Some(list) => {
                    let machines: Vec<&Machine> = list.iter().collect();
                    witness.asks_listed(machines[machine.index(machines.len())]);
                }
                None => {
                    let target = witness.side.documents().next().unwrap().0.clone();
                    witness.asks_bare(&target);
                }
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}
