//! One verdict: `--used-by` and `preflight` agree, equal content is an equal answer, and not knowing
//! turns no gate green. Over the bundled hosts, eight releases, and many guests.

use std::cell::RefCell;
use std::collections::BTreeMap;

use domcaps::diff::{Difference, Outcome};
use domcaps::guests::{Answer, GuestChecks, Migration, Reason, Verdict};
use domcaps::judging::{self, JudgedGuests};
use domcaps::model::{Context, Guest, When};
use domcaps::report::{Builder, Report};
use domcaps::rules::{Finding, Policy, Seen, Severity};
use domcaps::side::{Content, Contents, Side, from_store};
use domcaps::store::Store;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use crate::{guests, hosts};

/// All hosts, and one of them with another libvirt.
fn sides(contents: &mut Contents) -> Vec<Side> {
    let hosts = hosts::all();
    let mut sides: Vec<Side> = hosts.iter().map(|host| host.side(contents)).collect();
    let mut newer = hosts[0].side(contents);
    newer.observed.context.libvirt = Some("12.0.0".to_owned());
    sides.push(newer);
    sides
}

/// As `diff --used-by` judges; guests are called by their number.
fn judged(contents: &Contents, sides: [&Side; 2], guests: Option<&[&Guest]>) -> Report {
    let comparison = judging::compare(contents, sides).unwrap();
    let policy = Policy::default();
    let mut builder = Builder::new(&policy);
    let name = |number: usize| number.to_string();
    let guests = guests.map(|guests| JudgedGuests { guests: guests.to_vec(), name: &name });
    judging::add(&mut builder, contents, sides, &comparison, guests.as_ref()).unwrap();
    builder.finish(None, None)
}

/// How bad the worst finding is that names a guest.
fn worst_of(report: &Report, guest: usize) -> Option<Severity> {
    let name = guest.to_string();
    let names_it = |names: &Vec<String>| names.contains(&name);
    let findings = report.findings.iter().filter(|it| it.used_by.as_ref().is_some_and(names_it));
    findings.map(|finding| finding.severity).min()
}

/// Whether `--fail-on breaking` ends with 10.
fn is_breaking(report: &Report) -> bool {
    report.count_severity(Severity::Breaking) > 0
}

fn verdicts(guests: &[&Guest], side: &Side, contents: &Contents) -> Vec<Verdict> {
    GuestChecks::new(guests.iter().copied()).check(side, contents).unwrap()
}

/// Whether every reason that a guest does not surely start was there before.
fn is_no_worse(old: &Verdict, new: &Verdict) -> bool {
    let was = |reason: &Reason| {
        // A reason with another path may stand for more requirements: where tpm is not supported, its
        // backend is not either.
        let mut same = old.reasons.iter().filter(|it| it.element == reason.element);
        same.any(|it| it.path == reason.path && it.answer <= reason.answer)
    };
    new.reasons.iter().all(was)
}

fn run<S: Strategy>(cases: u32, strategy: &S, law: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(strategy, law).unwrap_or_else(|error| panic!("{error}"));
}

/// Some of many, by random numbers.
fn some<'a, T>(all: &'a [T], numbers: &[Index]) -> Vec<&'a T> {
    numbers.iter().map(|number| number.get(all)).collect()
}

/// A guest is hit where its verdict became worse, and only there: how badly, where the two say it.
fn hit_by_law(
    report: &Report,
    guest: usize,
    old: &Verdict,
    new: &Verdict,
) -> Result<Option<Option<Severity>>, TestCaseError> {
    let worst = worst_of(report, guest);
    let expected = match (old.answer, new.answer) {
        (Answer::Yes | Answer::Unknown, Answer::No) => Some(Severity::Breaking),
        (Answer::Yes, Answer::Unknown) => Some(Severity::Warning),
        (_, Answer::Yes) => None,
        _ if is_no_worse(old, new) => None,
        _ => return Ok(None),
    };
    // A finding is as bad as the worst that it does to any of the guests; and one that could not be
    // judged may need it too.
    let is_shared = expected.is_some() && worst.is_some() && worst < expected;
    prop_assert!(worst == expected || is_shared, "{:?} → {:?}: {:?}", old, new, worst);
    Ok(Some(expected))
}

#[test]
fn a_change_hits_a_guest_where_its_verdict_became_worse() {
    let mut contents = Contents::default();
    let sides = sides(&mut contents);
    let all = guests::all();
    let seen = RefCell::new(BTreeMap::new());
    let chosen = prop::collection::vec(any::<Index>(), 48);
    run(64, &(any::<[Index; 2]>(), chosen), |(pair, chosen)| {
        let [old, new] = pair.map(|at| at.get(&sides));
        let guests = some(&all, &chosen);
        let ways = [old, new].map(|side| verdicts(&guests, side, &contents));
        let report = judged(&contents, [old, new], Some(&guests));
        for number in 0..guests.len() {
            let [old, new] = ways.each_ref().map(|verdicts| &verdicts[number]);
            if let Some(expected) = hit_by_law(&report, number, old, new)? {
                *seen.borrow_mut().entry(expected).or_insert(0) += 1;
            }
        }
        // Each alone, as a gate of its owner.
        for number in [0, 1] {
            let report = judged(&contents, [old, new], Some(&guests[number..=number]));
            let way = (ways[0][number].answer, ways[1][number].answer);
            match way {
                (Answer::Yes, Answer::No) => prop_assert!(is_breaking(&report), "{way:?}"),
                (Answer::Yes, Answer::Yes) => prop_assert!(!is_breaking(&report), "{way:?}"),
                _ => {}
            }
        }
        Ok(())
    });
    let seen = seen.into_inner();
    assert!(seen.len() == 3 && seen.values().all(|count| *count > 20), "{seen:?}");
}

#[test]
fn equal_content_is_an_equal_answer() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::create_or_open(&folder.path().join("d.db")).unwrap();
    let hosts = hosts::all();
    for (at, host) in hosts.iter().enumerate() {
        // As two hosts, and one of them again at another time.
        for (name, time) in [("a", 0), ("b", 1000)] {
            host.import(&mut store, &format!("{name}{at}"), time);
        }
    }
    let mut contents = Contents::new(Some(store));
    let files: Vec<Side> = hosts.iter().map(|host| host.side(&mut contents)).collect();
    let again: Vec<Side> = hosts.iter().map(|host| host.side(&mut contents)).collect();
    let stored = ["a", "b"].map(|name| {
        let side = |at| {
            let host = format!("{name}{at}");
            from_store(&contents, &host, &When::Latest, None, &host).unwrap()
        };
        (0..hosts.len()).map(side).collect::<Vec<_>>()
    });
    let all = guests::all();
    let seen = RefCell::new(BTreeMap::new());
    let chosen = prop::collection::vec(any::<Index>(), 12);
    run(64, &(any::<Index>(), chosen), |(host, chosen)| {
        let at = host.index(hosts.len());
        let guests = some(&all, &chosen);
        let ways = [&files[at], &again[at], &stored[0][at], &stored[1][at]];
        let verdicts = ways
            .map(|side| GuestChecks::new(guests.iter().copied()).check(side, &contents).unwrap());
        for verdict in &verdicts[1..] {
            prop_assert_eq!(verdict, &verdicts[0], "{}", hosts[at].name);
        }
        for (number, guest) in guests.iter().enumerate() {
            let there = &verdicts[0][number];
            // It runs on the first host: then a refusal there is a fault of ours, and is not asked.
            if there.answer == Answer::No || there.target.is_none() {
                continue;
            }
            let certain = guest.blockers.iter().any(|blocker| blocker.is_certain);
            let expected = match (certain, guest.blockers.is_empty()) {
                (true, _) => Answer::No,
                (false, false) => Answer::Unknown,
                (false, true) => Answer::Yes,
            };
            for [from, to] in [[ways[0], ways[1]], [ways[1], ways[0]], [ways[2], ways[3]]] {
                let moved = Migration::new(guest).check(from, to, &contents).unwrap();
                prop_assert_eq!(moved.answer, expected, "{}: {:?}", hosts[at].name, moved);
            }
            *seen.borrow_mut().entry((there.answer, expected)).or_insert(0) += 1;
        }
        Ok(())
    });
    let seen = seen.into_inner();
    let count = |there, moved| seen.get(&(there, moved)).copied().unwrap_or(0);
    assert!(count(Answer::Unknown, Answer::Yes) > 10, "{seen:?}");
    assert!(count(Answer::Yes, Answer::Yes) > 10, "{seen:?}");
}

/// A side of which less is known.
fn forgotten(side: &Side, context: Context, documents: &[Index]) -> Side {
    let mut outcomes = side.observed.outcomes.clone();
    let targets: Vec<_> = outcomes.keys().cloned().collect();
    for document in documents {
        outcomes.remove(document.get(&targets));
    }
    let observed =
        domcaps::diff::Observed { outcomes, context, whole: None, ..side.observed.clone() };
    Side {
        origin: side.origin.clone(),
        observed,
        raw: BTreeMap::new(),
        passed_over: Vec::new(),
        bad: Vec::new(),
        unread: Vec::new(),
    }
}

/// A context of which some facts are not known.
fn less(context: &Context, unknown: [bool; 3]) -> Context {
    let mut less = if unknown[2] { Context::default() } else { context.clone() };
    if unknown[0] {
        less.libvirt = None;
    }
    if unknown[1] {
        less.hypervisor = None;
    }
    less
}

/// Of each difference and the targets that have it, how bad it is and its rule. What has lost a target has
/// lost what that one proved.
fn severities(report: &Report) -> BTreeMap<(Difference, Vec<Seen>), (Severity, &'static str)> {
    let findings = report.findings.iter();
    let key = |it: &Finding| (it.difference.clone(), it.seen.clone());
    findings.map(|it| (key(it), (it.severity, it.rule.id))).collect()
}

fn documents(side: &Side) -> usize {
    let outcomes = side.observed.outcomes.values();
    outcomes.filter(|outcome| matches!(outcome, Outcome::<Content>::Document(_))).count()
}

/// Whether a finding says that a file may still be there: that no list says it is gone is known only where
/// the lists are.
fn is_open_file(rule: &str) -> bool {
    rule == "loader-unlisted"
}

#[test]
fn knowing_less_makes_no_finding_milder() {
    let mut contents = Contents::default();
    let sides = sides(&mut contents);
    let excused = RefCell::new(0);
    let forgotten_documents = prop::collection::vec(any::<Index>(), 0..4);
    let strategy = (any::<[Index; 2]>(), any::<[[bool; 3]; 2]>(), forgotten_documents);
    run(96, &strategy, |(pair, unknown, gone)| {
        let [old, new] = pair.map(|at| at.get(&sides));
        let less_known = [
            forgotten(old, less(&old.observed.context, unknown[0]), &[]),
            forgotten(new, less(&new.observed.context, unknown[1]), &gone),
        ];
        prop_assume!(documents(&less_known[1]) > 1);
        let known = severities(&judged(&contents, [old, new], None));
        let found = severities(&judged(&contents, less_known.each_ref(), None));
        for (place, (severity, rule)) in &found {
            let Some((before, known_rule)) = known.get(place) else { continue };
            prop_assert!(
                severity <= before || is_open_file(rule),
                "{:?}: {:?} {} → {:?} {}",
                place.0,
                before,
                known_rule,
                severity,
                rule
            );
            *excused.borrow_mut() += usize::from(severity < before);
        }
        Ok(())
    });
    assert!(excused.into_inner() > 20, "without versions nothing excuses a loss");
}

#[test]
fn a_guest_that_could_not_be_judged_makes_no_finding_milder() {
    let mut contents = Contents::default();
    let sides = sides(&mut contents);
    let all = guests::all();
    let unjudged = RefCell::new(0);
    let chosen = prop::collection::vec(any::<Index>(), 8);
    let gone = prop::collection::vec(any::<Index>(), 0..24);
    run(96, &(any::<[Index; 2]>(), chosen, gone), |(pair, chosen, gone)| {
        let [old, new] = pair.map(|at| at.get(&sides));
        let new = forgotten(new, new.observed.context.clone(), &gone);
        prop_assume!(documents(&new) > 1);
        let guests = some(&all, &chosen);
        let rules = severities(&judged(&contents, [old, &new], None));
        let report = judged(&contents, [old, &new], Some(&guests));
        // Nothing is known of what it needs there, nor that it does not start.
        let is_open = |(old, new): (&Verdict, &Verdict)| {
            let is_found = old.target.is_some() && new.target.is_some();
            !is_found && old.answer != Answer::No && new.answer != Answer::No
        };
        let ways = [old, &new].map(|side| verdicts(&guests, side, &contents));
        if !ways[0].iter().zip(&ways[1]).any(is_open) {
            return Ok(());
        }
        *unjudged.borrow_mut() += 1;
        for (difference, (severity, _)) in severities(&report) {
            let own = rules.get(&difference).map_or(Severity::Info, |(own, _)| *own);
            prop_assert!(severity <= own, "{:?}: {:?} → {:?}", difference, own, severity);
        }
        Ok(())
    });
    assert!(unjudged.into_inner() > 10);
}

/// libvirt's own test documents, two of one architecture and domain type at a time.
#[test]
fn the_laws_hold_of_other_documents_too() {
    let hosts = hosts::libvirt_documents();
    if hosts.is_empty() {
        println!("libvirt's test documents are not here; nothing was checked");
        return;
    }
    let mut contents = Contents::default();
    let [sides, again] =
        [(); 2].map(|()| hosts.iter().map(|host| host.side(&mut contents)).collect::<Vec<Side>>());
    let target = |at: usize| sides[at].documents().next().unwrap().0.clone();
    let kind = |at: usize| (target(at).arch, target(at).virttype);
    let alike = |at: usize| -> Vec<usize> {
        (0..sides.len()).filter(|other| kind(*other) == kind(at)).collect()
    };
    run(96, &any::<[Index; 2]>(), |[old, new]| {
        let old = old.index(sides.len());
        let new = *new.get(&alike(old));
        let guests = guests::of_target(&target(old));
        let guests: Vec<&Guest> = guests.iter().collect();
        let ways = [&sides[old], &again[old], &sides[new]];
        let [here, there, moved] = ways.map(|side| verdicts(&guests, side, &contents));
        prop_assert_eq!(&here, &there, "equal content: {}", hosts[old].name);
        let report = judged(&contents, [&sides[old], &sides[new]], Some(&guests));
        for (number, (old, new)) in here.iter().zip(&moved).enumerate() {
            hit_by_law(&report, number, old, new)?;
        }
        Ok(())
    });
}
