//! The laws of parsing, storing and diffing, on invented documents.

#![expect(clippy::unwrap_used, reason = "a failed test may panic, and says what it read")]

mod documents;
mod fleet;
mod guests;
mod hosts;
mod judging;
mod listed;
mod nights;
mod observation;
mod snapshots;
mod verdicts;
mod writing;

use documents::{Shape, render};
use domcaps::diff::{Difference, Evidence, Facts, Scope, documents as compare, explained};
use domcaps::model::{Capabilities, Context, Cut, HostName, State, Time, Value, subtrees};
use domcaps::parse;
use domcaps::side::{Content, Contents};
use domcaps::store::{NewBody, NewOutcome, NewSnapshot, Store};
use proptest::prelude::*;

fn capabilities(text: &str) -> Capabilities {
    parse::document(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}")).capabilities
}

fn differences(old: &Capabilities, new: &Capabilities) -> Vec<Difference> {
    compare(&Facts::of(old), &Facts::of(new), Scope::default())
}

/// Stores one document as a snapshot of its own.
fn store_document(store: &mut Store, host: &str, text: &str) {
    let document = parse::document(text.as_bytes()).unwrap();
    let bytes = text.as_bytes();
    let mut writer = store.writer().unwrap();
    let cut = Cut::new(document.capabilities);
    let body = NewBody {
        hash: document.head.body_hash(bytes),
        bytes: &document.head.body(bytes),
        head_at: document.head.range.start,
        cut: &cut,
    };
    let body = writer.add_body(&body).unwrap();
    let host: HostName = host.parse().unwrap();
    writer
        .add_snapshot(&NewSnapshot {
            host: &host,
            taken_at: Time::from_milliseconds(0),
            state: State::Complete,
            context: &Context::default(),
            machines: None,
            outcomes: vec![(
                &document.head.target,
                &bytes[document.head.range.clone()],
                NewOutcome::Document(body),
            )],
            tags: &[],
            groups: &[],
        })
        .unwrap();
    writer.commit().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_document_does_not_differ_from_itself(shape in documents::any()) {
        let all = capabilities(&render(&shape));
        prop_assert!(differences(&all, &all).is_empty());
    }

    #[test]
    fn the_way_back_mirrors_the_way_there((old, new) in documents::pair()) {
        let (old, new) = (capabilities(&render(&old)), capabilities(&render(&new)));
        let there = differences(&old, &new);
        let mut back: Vec<_> = differences(&new, &old).into_iter().map(Difference::mirrored).collect();
        back.sort();
        prop_assert_eq!(there, back);
    }

    #[test]
    fn no_change_is_told_twice((old, new) in documents::pair()) {
        let (old, new) = (capabilities(&render(&old)), capabilities(&render(&new)));
        let found = differences(&old, &new);
        for (at, one) in found.iter().enumerate() {
            prop_assert!(!found[..at].contains(one), "{one:?}");
        }
    }

    #[test]
    fn every_leaf_value_is_in_the_capabilities(shape in documents::any()) {
        let all = capabilities(&render(&shape));
        let mut said = Vec::new();
        for (path, value) in all.iter() {
            said.push(path.to_owned());
            match value {
                Value::Null => {}
                Value::Support(yes) => said.push(if yes { "yes" } else { "no" }.to_owned()),
                Value::Number(number) => said.push(number.to_string()),
                Value::Text(text) => said.push(text.to_owned()),
                Value::Set(members) | Value::List(members) => said.extend(members.iter().map(str::to_owned)),
            }
        }
        for leaf in documents::leaves(&shape) {
            let as_key = leaf.replace(']', r"\]");
            let is_said = said.iter().any(|each| each.contains(&leaf) || each.contains(&as_key));
            prop_assert!(is_said, "{leaf} in {said:?}");
        }
    }

    /// Plain tags are read in a shorter way than others: it finds the same.
    #[test]
    fn how_a_document_is_written_means_nothing(
        shape in documents::any(),
        choices in proptest::collection::vec(any::<u8>(), 1..50),
    ) {
        let plain = render(&shape);
        let odd = writing::oddly(&plain, &choices);
        let (plain, odd) = (capabilities(&plain), capabilities(&odd));
        prop_assert_eq!(plain.iter().collect::<Vec<_>>(), odd.iter().collect::<Vec<_>>());
        prop_assert_eq!(plain.dotted(), odd.dotted());
    }

    #[test]
    fn each_path_stands_once(shape in documents::any()) {
        let all = capabilities(&render(&shape));
        let mut paths: Vec<&str> = all.iter().map(|(path, _)| path).collect();
        paths.sort_unstable();
        let count = paths.len();
        paths.dedup();
        prop_assert_eq!(paths.len(), count);
    }

    #[test]
    fn order_of_enum_values_and_models_never_matters(shape in documents::any()) {
        let all = capabilities(&render(&shape));
        let turned = capabilities(&render(&documents::turned(shape)));
        prop_assert!(differences(&all, &turned).is_empty());
        let hash = |all: &Capabilities| subtrees(all).hash;
        prop_assert_eq!(hash(&all), hash(&turned));
    }

    #[test]
    fn the_quick_split_never_contradicts_the_parser(shape in documents::any()) {
        let text = render(&shape);
        let parsed = parse::document(text.as_bytes()).unwrap().head;
        if let Some(quick) = parse::split(text.as_bytes())
            && quick.body_hash(text.as_bytes()) == parsed.body_hash(text.as_bytes())
        {
            prop_assert_eq!(quick, parsed);
        }
    }

    #[test]
    fn nothing_makes_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _any_answer = parse::document(&bytes);
        let text = String::from_utf8_lossy(&bytes).replace(|each: char| !each.is_ascii_graphic(), "<");
        let _any_answer = parse::document(format!("<domainCapabilities>{text}").as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// XML out is XML in; and the store, which reads only where two trees differ, finds the same
    /// changes as a comparison of the two documents.
    #[test]
    fn the_store_gives_back_and_compares_what_it_was_given((old, new) in documents::pair()) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::create_or_open(&folder.path().join("d.db")).unwrap();
        let texts = [("a", render(&old)), ("b", render(&new))];
        let mut stored = Vec::new();
        for (host, text) in &texts {
            store_document(&mut store, host, text);
            let snapshot = store.resolve(host, &domcaps::model::When::Latest).unwrap().snapshot;
            let outcome = store.snapshot(&snapshot).unwrap().outcomes.into_values().next().unwrap().unwrap();
            let bytes = store.document(outcome.body, &outcome.head).unwrap();
            prop_assert_eq!(bytes, text.as_bytes());
            stored.push(outcome);
        }
        let (old, new) = (capabilities(&texts[0].1), capabilities(&texts[1].1));
        let direct = explained(&Facts::of(&old), &Facts::of(&new), Scope::default());
        let [old, new] = [&stored[0], &stored[1]]
            .map(|it| Content::Stored { tree: it.tree, is_empty: it.is_empty });
        let contents = Contents::new(Some(store));
        let pieces = contents.compare(&old, &new, Scope::default()).unwrap();
        let mut by_parts: Vec<_> = pieces.iter().flat_map(|piece| piece.iter().cloned()).collect();
        by_parts.sort_by(|one, other| one.0.cmp(&other.0));
        let by_parts: Vec<_> = by_parts.into_iter().map(without_firmware).collect();
        prop_assert_eq!(by_parts, direct);
    }
}

/// What is said of firmware needs more than the two documents' difference.
fn without_firmware((difference, evidence): (Difference, Evidence)) -> (Difference, Evidence) {
    (
        difference,
        Evidence { leaves_no_loader: false, keeps_efi: false, is_builtin_list: false, ..evidence },
    )
}

#[test]
fn shapes_can_be_shown() {
    let shape = Shape::default();
    assert!(render(&shape).contains("<domainCapabilities>"));
}
