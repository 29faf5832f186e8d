//! One observation: the same documents given as files, imported and collected have the same state and
//! the same changes, which are judged alike and end alike.

use std::collections::BTreeMap;

use domcaps::judging;
use domcaps::model::{State, Target, When};
use domcaps::report::Builder;
use domcaps::rules::{Policy, Severity};
use domcaps::side::{Contents, Side, from_store};
use domcaps::store::Store;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

use crate::hosts::{self, HostFiles, is_document};

/// What becomes of one document.
#[derive(Clone, Copy, Debug)]
enum Edit {
    /// It cannot be true: a 64-bit host runs kvm64.
    CannotBeTrue,
    /// A value of a set is gone.
    LosesValue(&'static str),
    /// It ends too early, but still says its target.
    IsCutOff,
    /// It is no document at all.
    IsNothing,
    /// It has a comment more: other bytes of the same content.
    IsWrittenOtherwise,
}

const EDITS: [Edit; 7] = [
    Edit::CannotBeTrue,
    Edit::LosesValue("scsi"),
    Edit::LosesValue("vnc"),
    Edit::LosesValue("/usr/share/OVMF/OVMF_CODE_4M.fd"),
    Edit::IsCutOff,
    Edit::IsNothing,
    Edit::IsWrittenOtherwise,
];

impl Edit {
    fn apply(self, bytes: &mut Vec<u8>) {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let text = match self {
            Self::CannotBeTrue => {
                let lines = text.lines().map(|line| match line.contains(">kvm64<") {
                    true => line.replace("usable='yes'", "usable='no'"),
                    false => line.to_owned(),
                });
                lines.collect::<Vec<_>>().join("\n") + "\n"
            }
            Self::LosesValue(value) => text.replace(&format!("<value>{value}</value>"), ""),
            Self::IsCutOff => text.replace("</devices>", ""),
            Self::IsNothing => "no document\n".to_owned(),
            Self::IsWrittenOtherwise => text.replace("<devices>", "<devices><!-- -->"),
        };
        *bytes = text.into_bytes();
    }
}

/// What two sides come to: their states, each finding with its severity, and at which levels a gate fails.
type Outcome = ([State; 2], Vec<String>, [bool; 3]);

fn outcome(contents: &Contents, sides: [&Side; 2]) -> Outcome {
    let comparison = judging::compare(contents, sides).unwrap();
    let policy = Policy::default();
    let mut builder = Builder::new(&policy);
    judging::add(&mut builder, contents, sides, &comparison, None).unwrap();
    let report = builder.finish(None, None);
    let findings = report.findings.iter();
    let findings = findings
        .map(|it| format!("{:?} {:?} {} {}", it.difference, it.severity, it.rule.id, it.reason));
    let gates = [Severity::Breaking, Severity::Warning, Severity::Info]
        .map(|level| report.findings.iter().any(|finding| finding.severity <= level));
    (sides.map(|side| side.observed.state), findings.collect(), gates)
}

/// A few documents of a host, and two versions of them.
fn versions(
    hosts: &[HostFiles],
    (host, documents): (Index, Vec<Index>),
    edits: &[Vec<(Index, Edit)>; 2],
) -> ([HostFiles; 2], BTreeMap<String, Target>) {
    let host = host.get(hosts);
    let all = host.documents();
    let chosen: Vec<&str> = documents.iter().map(|document| *document.get(&all)).collect();
    let host = host.only(|name| !is_document(name) || chosen.contains(&name));
    let targets = host.targets();
    let versions = edits.each_ref().map(|edits| {
        let mut version = host.clone();
        let mut names: Vec<&String> = targets.keys().collect();
        for (at, edit) in edits {
            if names.is_empty() {
                break;
            }
            let name = names.remove(at.index(names.len()));
            edit.apply(version.files.get_mut(name).unwrap());
        }
        version
    });
    (versions, targets)
}

/// As if the host had `/dev/kvm`: only of such a one it is known what its CPU must be able to do.
fn with_kvm(mut host: HostFiles) -> HostFiles {
    for bytes in host.files.values_mut() {
        let text = String::from_utf8(bytes.clone()).unwrap();
        let text = text.replace("<domain>qemu</domain>", "<domain>kvm</domain>");
        *bytes = text.replace("<domain type='qemu'", "<domain type='kvm'").into_bytes();
    }
    host
}

#[test]
fn files_imports_and_visits_are_one_observation() {
    let hosts: Vec<HostFiles> = hosts::all().into_iter().map(with_kvm).collect();
    let edits = || prop::collection::vec((any::<Index>(), select(&EDITS[..])), 0..3);
    let host = (any::<Index>(), prop::collection::vec(any::<Index>(), 3..6));
    let config = Config { cases: 80, failure_persistence: None, ..Config::default() };
    let seen = std::cell::RefCell::new(BTreeMap::new());
    TestRunner::new(config)
        .run(&(host, [edits(), edits()]), |(host, edits)| {
            let (versions, targets) = versions(&hosts, host, &edits);
            // Nothing good at all is an error that each way has in its own words; and one document
            // a side is compared with the other, whatever a file held that does not say its target.
            let is_enough = |version: &HostFiles| {
                let good = |(name, bytes): &(&String, &Vec<u8>)| {
                    is_document(name) && domcaps::parse::document(bytes).is_ok()
                };
                version.files.iter().filter(good).count() >= 2
            };
            prop_assume!(versions.iter().all(is_enough));
            let mut contents = Contents::default();
            let files = versions.each_ref().map(|version| version.side(&mut contents));
            let expected = outcome(&contents, files.each_ref());
            let folder = tempfile::tempdir().unwrap();
            let mut store = Store::create_or_open(&folder.path().join("d.db")).unwrap();
            for (at, version) in versions.iter().enumerate() {
                let time = i64::try_from(at).unwrap() * 1000;
                version.import(&mut store, &format!("i{at}"), time);
                version.collect(&mut store, &format!("c{at}"), time, &targets);
            }
            let contents = Contents::new(Some(store));
            // A snapshot that does not count is still read where it is named.
            let stored = |host: String| {
                let when: When = "1970-01-02".parse().unwrap();
                from_store(&contents, &host, &when, None, &host).unwrap()
            };
            for way in ["i", "c"] {
                let sides = [0, 1].map(|at| stored(format!("{way}{at}")));
                let found = outcome(&contents, sides.each_ref());
                prop_assert_eq!(&found, &expected, "{}: {:?}", way, versions[1].documents());
            }
            for state in expected.0 {
                *seen.borrow_mut().entry(format!("{state:?}")).or_insert(0) += 1;
            }
            *seen.borrow_mut().entry(format!("gates {:?}", expected.2)).or_insert(0) += 1;
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let seen = seen.into_inner();
    let often = |name: &str| seen.get(name).is_some_and(|count| *count > 4);
    assert!(["Complete", "Partial", "Suspect"].into_iter().all(often), "{seen:?}");
    assert!(seen.len() >= 6, "gates of several levels: {seen:?}");
}
