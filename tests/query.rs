//! Three-valued answers: `query`, which reads no document, beside a naive evaluator that reads each,
//! on all documents of `../shared/data` and random expressions.
//!
//! They are another project's files: where they are not there, the bundled captures are asked alone.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed test may panic, and says what it read"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use domcaps::model::{
    Capabilities, Context, Cut, HostName, Kind, State, Target, Time, Value, When, glob,
};
use domcaps::parse;
use domcaps::query::{Answer, Asked, Expression, Query};
use domcaps::store::{NewBody, NewOutcome, NewSnapshot, Store};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

/// A document as the naive evaluator knows it: each path with its kind and texts.
struct Plain {
    target: Target,
    says: BTreeMap<String, (Kind, Vec<String>)>,
}

/// One question, or several.
#[derive(Clone, Debug)]
enum Question {
    Compare(String, &'static str, String),
    Alone(String),
    Reported(String, bool),
    Field(&'static str, &'static str, &'static str),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
}

fn files() -> Vec<PathBuf> {
    // Tests run in the package's folder.
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in ["older", "11.3.0", "newer"] {
        folders.push(Path::new("../shared/data/libvirt-tests").join(folder));
    }
    for host in ["debian-12", "debian-13"] {
        folders.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(host));
    }
    let mut files = Vec::new();
    for folder in folders {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            println!("{} is not here; its documents were not asked", folder.display());
            continue;
        };
        files.extend(entries.map(|entry| entry.unwrap().path()));
    }
    files.retain(|file| file.extension().is_some_and(|it| it == "xml"));
    files.sort();
    files
}

fn plain(target: Target, capabilities: &Capabilities) -> Plain {
    let texts = |value: Value<'_>| match value {
        Value::Null => Vec::new(),
        Value::Support(yes) => vec![if yes { "yes" } else { "no" }.to_owned()],
        Value::Number(number) => vec![number.to_string()],
        Value::Text(text) => vec![text.to_owned()],
        Value::Set(all) | Value::List(all) => all.iter().map(str::to_owned).collect(),
    };
    let says = capabilities.iter();
    let says = says.map(|(path, value)| (path.to_owned(), (value.kind(), texts(value)))).collect();
    Plain { target, says }
}

/// Every different document, each stored as a host of its own.
fn stored(store: &mut Store) -> Vec<Plain> {
    let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
    let mut writer = store.writer().unwrap();
    for file in files() {
        let bytes = std::fs::read(&file).unwrap();
        let Ok(document) = parse::document(&bytes) else { continue };
        let hash = document.head.body_hash(&bytes);
        if !seen.insert(hash) {
            continue;
        }
        let cut = Cut::new(document.capabilities);
        let body = NewBody {
            hash,
            bytes: &document.head.body(&bytes),
            head_at: document.head.range.start,
            cut: &cut,
        };
        let body = writer.add_body(&body).unwrap();
        let host: HostName = format!("h{:04}", all.len()).parse().unwrap();
        let head = &bytes[document.head.range.clone()];
        let snapshot = NewSnapshot {
            host: &host,
            taken_at: Time::from_milliseconds(0),
            state: State::Complete,
            context: &Context::default(),
            machines: None,
            outcomes: vec![(&document.head.target, head, NewOutcome::Document(body))],
            tags: &[],
            groups: &[],
        };
        writer.add_snapshot(&snapshot).unwrap();
        all.push(plain(document.head.target.clone(), cut.capabilities()));
    }
    writer.commit().unwrap();
    all
}

/// The elements of a path, cut at dots outside of keys.
fn cut(path: &str) -> Vec<String> {
    let (mut all, mut in_key, mut is_escaped) = (vec![String::new()], false, false);
    for letter in path.chars() {
        if letter == '.' && !in_key {
            all.push(String::new());
            continue;
        }
        all.last_mut().unwrap().push(letter);
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = in_key,
            '[' => in_key = true,
            ']' => in_key = false,
            _ => {}
        }
    }
    all
}

fn fits(pattern: &[String], path: &[String]) -> bool {
    pattern.len() == path.len() && pattern.iter().zip(path).all(|(a, b)| glob(a, b))
}

const MODELS: &str = "cpu.mode[custom].model";

/// Whether the document says no of the path without naming it: yes, no; and the names of models
/// that it could be about.
fn says_no(document: &Plain, pattern: &[String]) -> (bool, Option<Vec<String>>) {
    let is_no = (1..pattern.len()).any(|length| {
        let above = pattern[..length].join(".");
        matches!(document.says.get(&above), Some((Kind::Support, said)) if said == &["no"])
    });
    let is_model = pattern.len() > 2 && pattern[..2].join(".") == "cpu.mode[custom]";
    let key = pattern.get(2).and_then(|it| it.strip_prefix("model[")).filter(|_| is_model);
    let listed = key.and_then(|key| {
        let (_, names) = document.says.get(MODELS)?;
        let key = format!("model[{key}");
        let element =
            |name: &&String| format!("model[{}]", name.replace('\\', r"\\").replace(']', r"\]"));
        Some(names.iter().filter(|name| glob(&key, &element(name))).cloned().collect())
    });
    (is_no, listed)
}

fn compare(text: &str, operator: &str, wanted: &str) -> bool {
    match operator {
        "=" | "!=" => text == wanted,
        "~" | "!~" => glob(wanted, text),
        _ => {
            // Only what both read as numbers; the generator asks for the order of nothing else.
            let (Ok(text), Ok(wanted)) = (text.parse::<i64>(), wanted.parse::<i64>()) else {
                return false;
            };
            match operator {
                "<" => text < wanted,
                "<=" => text <= wanted,
                ">" => text > wanted,
                _ => text >= wanted,
            }
        }
    }
}

fn asked_of(document: &Plain, path: &str, operator: &str, wanted: &str) -> Option<bool> {
    let pattern = cut(path);
    let found = document.says.iter().filter(|(path, _)| fits(&pattern, &cut(path)));
    let found: Vec<(&String, &(Kind, Vec<String>))> = found.collect();
    let (is_no, listed) = says_no(document, &pattern);
    let answers: Vec<Option<bool>> = found
        .iter()
        .map(|(_, (kind, said))| match kind {
            Kind::Null => None,
            Kind::Text if said == &["unknown"] && !compare("unknown", operator, wanted) => {
                let is_open = ["yes", "no"].iter().any(|it| compare(it, operator, wanted));
                if is_open { None } else { Some(false) }
            }
            _ => Some(said.iter().any(|text| compare(text, operator, wanted))),
        })
        .collect();
    let yes = if answers.contains(&Some(true)) {
        Some(true)
    } else if answers.contains(&None) {
        None
    } else if answers.is_empty() {
        let is_unlisted = listed.is_some_and(|names| names.is_empty());
        if is_no || is_unlisted { Some(false) } else { None }
    } else {
        // A model that is listed and says nothing of this could still be the one.
        let has = |name: &String| {
            let key = format!("[{}]", name.replace('\\', r"\\").replace(']', r"\]"));
            found.iter().any(|(path, _)| cut(path)[2] == format!("model{key}"))
        };
        if listed.is_some_and(|names| names.iter().any(|name| !has(name))) {
            None
        } else {
            Some(false)
        }
    };
    if operator.starts_with('!') { yes.map(|yes| !yes) } else { yes }
}

/// Whether it names a field of a target: what a machine list would say of the host.
fn asks_list(question: &Question) -> bool {
    match question {
        Question::Field(field, ..) => ["arch", "machine", "virttype"].contains(field),
        Question::Not(inner) => asks_list(inner),
        Question::And(all) | Question::Or(all) => all.iter().any(asks_list),
        _ => false,
    }
}

/// Without the `not`, `!=` and `!~` before it, and whether it is the opposite of that.
fn without_not(question: &Question) -> (Question, bool) {
    match question {
        Question::Not(inner) => {
            let (inner, is_denied) = without_not(inner);
            (inner, !is_denied)
        }
        Question::Field(field, operator, wanted) if operator.starts_with('!') => {
            let operator = if *operator == "!=" { "=" } else { "~" };
            (Question::Field(field, operator, wanted), true)
        }
        _ => (question.clone(), false),
    }
}

/// What a host answers that was given by this document alone, without a machine list: what else it has
/// is not known. `asks` is whether the whole expression names a field of a target.
fn of_host(question: &Question, document: &Plain, asks: bool) -> Option<bool> {
    let answer = naive(question, document, asks);
    if answer == Some(true) || !asks {
        return answer;
    }
    answer.and_then(|_| without_document(question, document, asks))
}

/// What a target of which nothing is known answers.
fn without_document(question: &Question, document: &Plain, asks: bool) -> Option<bool> {
    let (question, is_denied) = without_not(question);
    if is_denied && asks_list(&question) {
        return of_host(&question, document, asks).map(|yes| !yes);
    }
    let of = |each: &Question| without_document(each, document, asks);
    let answer = match &question {
        Question::And(all) => all.iter().any(|each| of(each) == Some(false)).then_some(false),
        Question::Or(all) => all.iter().any(|each| of(each) == Some(true)).then_some(true),
        _ => None,
    };
    let answer = match &question {
        Question::And(all) if all.iter().all(|each| of(each) == Some(true)) => Some(true),
        Question::Or(all) if all.iter().all(|each| of(each) == Some(false)) => Some(false),
        _ => answer,
    };
    answer.map(|yes| yes != is_denied)
}

/// What the document answers. `not` of what names a field of a target is asked of the whole host.
fn naive(question: &Question, document: &Plain, asks: bool) -> Option<bool> {
    let (question, is_denied) = without_not(question);
    if is_denied && asks_list(&question) {
        return of_host(&question, document, asks).map(|yes| !yes);
    }
    let answer = match &question {
        Question::Compare(path, operator, wanted) => asked_of(document, path, operator, wanted),
        Question::Alone(path) => asked_of(document, path, "=", "yes"),
        Question::Reported(path, reported) => {
            let pattern = cut(path);
            let is_said = document.says.keys().any(|path| {
                let path = cut(path);
                path.len() >= pattern.len() && fits(&pattern, &path[..pattern.len()])
            });
            let (is_no, listed) = says_no(document, &pattern);
            let is_unlisted = listed.is_some_and(|names| names.is_empty());
            Some((is_said || is_no || is_unlisted) == *reported)
        }
        Question::Field(field, operator, wanted) => {
            let text = match *field {
                "arch" => &document.target.arch,
                "machine" => &document.target.machine,
                "virttype" => &document.target.virttype,
                _ => return None,
            };
            // Without a machine list, another name could be an alias.
            match (compare(text, operator, wanted), *field) {
                (false, "machine") => None,
                (is_met, _) => Some(is_met),
            }
        }
        Question::Not(_) => None,
        Question::And(all) => {
            let all: Vec<_> = all.iter().map(|each| naive(each, document, asks)).collect();
            if all.contains(&Some(false)) {
                Some(false)
            } else {
                all.into_iter().collect::<Option<Vec<_>>>().map(|_| true)
            }
        }
        Question::Or(all) => {
            let all: Vec<_> = all.iter().map(|each| naive(each, document, asks)).collect();
            if all.contains(&Some(true)) {
                Some(true)
            } else {
                all.into_iter().collect::<Option<Vec<_>>>().map(|_| false)
            }
        }
    };
    answer.map(|yes| yes != is_denied)
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

fn written(question: &Question) -> String {
    let joined = |all: &[Question], between: &str| {
        all.iter().map(|each| format!("({})", written(each))).collect::<Vec<_>>().join(between)
    };
    match question {
        Question::Compare(path, operator, value) => format!("{path} {operator} {}", quoted(value)),
        Question::Alone(path) => path.clone(),
        Question::Reported(path, true) => format!("{path} is reported"),
        Question::Reported(path, false) => format!("{path} is unreported"),
        Question::Field(field, operator, value) => format!("{field} {operator} {}", quoted(value)),
        Question::Not(inner) => format!("not ({})", written(inner)),
        Question::And(all) => joined(all, " and "),
        Question::Or(all) => joined(all, " or "),
    }
}

/// A key with part of it left to `*`.
fn with_star(path: &str) -> String {
    let (Some(start), Some(end)) = (path.rfind('['), path.rfind(']')) else {
        return path.to_owned();
    };
    let key: String = path[start + 1..end].chars().take(2).collect();
    if start > end || key.contains(['\\', '*']) {
        return path.to_owned();
    }
    format!("{}[{key}*{}", &path[..start], &path[end..])
}

type Known = Vec<(String, Vec<String>)>;

/// Paths with some of their values; keyed ones are most of them, so others are taken as often.
fn paths(documents: &[Plain]) -> (Known, Known) {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for document in documents {
        for (path, (_, texts)) in &document.says {
            let known = all.entry(path.clone()).or_default();
            known.extend(texts.iter().take(30).cloned());
        }
    }
    let all = all.into_iter().filter(|(path, _)| !path.contains(['#', ' ', '"', '*']));
    let all = all.map(|(path, values)| (path, values.into_iter().collect::<Vec<_>>()));
    all.partition(|(path, _)| path.contains("].") || path.ends_with(']'))
}

fn question(documents: &[Plain]) -> impl Strategy<Value = Question> + use<> {
    let (keyed, others) = paths(documents);
    let path = prop_oneof![
        2 => select(others),
        1 => select(keyed.clone()),
        1 => select(keyed).prop_map(|(path, values)| (with_star(&path), values)),
    ];
    let value = |values: Vec<String>| {
        let made_up =
            ["yes", "no", "unknown", "nothing-like-it", "*", "n*", "*e*", "0", "100", "255"];
        let made_up: Vec<String> = made_up.into_iter().map(str::to_owned).collect();
        if values.is_empty() {
            select(made_up).boxed()
        } else {
            prop_oneof![3 => select(values), 1 => select(made_up)].boxed()
        }
    };
    let leaf = path.prop_flat_map(move |(path, values)| {
        let (numbers, texts): (Vec<_>, Vec<_>) =
            values.clone().into_iter().partition(|it| it.parse::<i64>().is_ok());
        let order = if texts.is_empty() && !numbers.is_empty() { 2 } else { 0 };
        let of = path.clone();
        let compare = (select(vec!["=", "!=", "~", "!~"]), value(values));
        let compare = compare
            .prop_map(move |(operator, value)| Question::Compare(of.clone(), operator, value));
        let of = path.clone();
        let order_by = (select(vec!["<", "<=", ">", ">="]), value(numbers));
        let order_by = order_by.prop_map(move |(operator, value)| {
            let value = if value.parse::<i64>().is_ok() { value } else { "7".to_owned() };
            Question::Compare(of.clone(), operator, value)
        });
        let of = path.clone();
        prop_oneof![
            6 => compare,
            order => order_by,
            1 => Just(Question::Alone(path)),
            1 => any::<bool>().prop_map(move |reported| Question::Reported(of.clone(), reported)),
        ]
    });
    let field = select(vec![
        Question::Field("arch", "=", "x86_64"),
        Question::Field("machine", "~", "pc-*"),
        Question::Field("virttype", "!=", "kvm"),
        Question::Field("machine", "!=", "pc-i440fx-2.4"),
        Question::Field("machine", "!~", "pc-q35-*"),
        Question::Field("libvirt", "<", "10.9"),
        Question::Field("context.cpu", "=", "x"),
    ]);
    prop_oneof![7 => leaf, 2 => field].prop_recursive(4, 12, 3, |inner| {
        let several = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            inner.prop_map(|it| Question::Not(Box::new(it))),
            several.clone().prop_map(Question::And),
            several.prop_map(Question::Or),
        ]
    })
}

fn answers(store: &Store, asked: &[Asked], text: &str) -> Vec<Answer> {
    let expression: Expression = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    let again: Expression = expression.to_string().parse().unwrap();
    assert_eq!(again.to_string(), expression.to_string(), "{text}");
    let query = Query::new(store, &expression, Vec::new(), false);
    let query = query.unwrap_or_else(|error| panic!("{text}: {error}"));
    query.ask(asked).unwrap().iter().map(|host| host.answer).collect()
}

/// Double negation and De Morgan's laws: one of them for each question, since documents are many.
/// Beside a question of the host they hold of every other one.
fn check_law(store: &Store, asked: &[Asked], text: &str) {
    let laws = [
        (format!("not not ({text})"), text.to_owned()),
        (format!("not (({text}) and libvirt > 1)"), format!("not ({text}) or not libvirt > 1")),
        (format!("not (({text}) or libvirt > 1)"), format!("not ({text}) and not libvirt > 1")),
    ];
    let (one, other) = &laws[text.len() % 3];
    assert_eq!(answers(store, asked, one), answers(store, asked, other), "{one}");
    // What names a field of a target is denied exactly where it is not so.
    let of_machines = format!("({text}) and arch = x86_64");
    let opposite = answers(store, asked, &format!("not ({of_machines})"));
    let denied: Vec<Answer> = opposite.into_iter().map(|answer| !answer).collect();
    assert_eq!(answers(store, asked, &of_machines), denied, "{of_machines}");
}

#[test]
fn every_document_answers_as_if_it_were_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::create_or_open(&folder.path().join("d.db")).unwrap();
    let documents = stored(&mut store);
    println!("{} different documents", documents.len());
    let names = store.host_names(None).unwrap();
    let asked: Vec<Asked> = names
        .into_iter()
        .map(|host| {
            let snapshot = store.resolve(host.as_str(), &When::Latest).unwrap().snapshot;
            Asked { host, snapshot: Some(snapshot) }
        })
        .collect();
    assert_eq!(asked.len(), documents.len());
    let config = Config { cases: 96, failure_persistence: None, ..Config::default() };
    let mut seen: BTreeMap<Answer, usize> = BTreeMap::new();
    let mut runner = TestRunner::new(config);
    let seen = std::cell::RefCell::new(&mut seen);
    runner
        .run(&question(&documents), |question| {
            let text = written(&question);
            let found = answers(&store, &asked, &text);
            for ((document, host), answer) in documents.iter().zip(&asked).zip(&found) {
                let expected = match of_host(&question, document, asks_list(&question)) {
                    Some(yes) => Answer::from(yes),
                    None => Answer::Unknown,
                };
                prop_assert_eq!(
                    *answer,
                    expected,
                    "{} of {}: {}",
                    text,
                    host.host,
                    document.target
                );
                *seen.borrow_mut().entry(expected).or_default() += 1;
            }
            check_law(&store, &asked, &text);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let seen = seen.into_inner();
    println!("{seen:?}");
    assert!(seen.values().all(|count| *count > 100) && seen.len() == 3, "{seen:?}");
}
