//! How an expression or a path that was begun can go on.

use std::collections::BTreeSet;

use super::resolve::FIELDS;
use crate::model::{Context, elements, select};
use crate::store::{Store, StoreError};

/// The most that anybody looks through.
const MOST: usize = 400;

/// Signs behind which a value stands.
const OPERATORS: [char; 4] = ['=', '<', '>', '~'];

/// What an expression that was begun can become, as far as its last word; each in whole.
///
/// # Errors
/// Where the database cannot be read.
pub fn expressions(store: &Store, begun: &str) -> Result<Vec<String>, StoreError> {
    let (kept, words) = words(store, begun)?;
    Ok(words.iter().map(|word| format!("{}{word}", &begun[..kept])).collect())
}

/// Where the last word begins, and what it can become.
fn words(store: &Store, begun: &str) -> Result<(usize, Vec<String>), StoreError> {
    let is_end = |letter: char| {
        letter.is_whitespace() || "()!".contains(letter) || OPERATORS.contains(&letter)
    };
    let mut start = begun
        .rfind(is_end)
        .map_or(0, |at| at + begun[at..].chars().next().map_or(1, char::len_utf8));
    let before = begun[..start].trim_end();
    start += usize::from(begun[start..].starts_with('"'));
    let word = &begun[start..];
    if before.ends_with("in group") {
        return Ok((start, beginning(store.group_names()?, word)));
    }
    let Some(subject) = before.strip_suffix(OPERATORS) else {
        let mut found = paths(store, word)?;
        let context = Context::NAMES.iter().map(|name| format!("context.{name}"));
        let fields = FIELDS.iter().map(|name| (*name).to_owned()).chain(context);
        found.extend(beginning(fields, word).into_iter().filter(|_| !word.is_empty()));
        return Ok((start, found));
    };
    let subject = subject.trim_end_matches(is_end);
    let subject = subject.rsplit(is_end).next().unwrap_or_default();
    let found = match subject {
        "host" => {
            let hosts = store.hosts_beginning(word, MOST)?;
            hosts.iter().map(ToString::to_string).collect()
        }
        "group" => beginning(store.group_names()?, word),
        _ => values(store, subject, word)?,
    };
    Ok((start, found))
}

/// How a path that was begun can go on: element by element, whole or with leading elements left out.
///
/// # Errors
/// Where the database cannot be read.
pub fn paths(store: &Store, begun: &str) -> Result<Vec<String>, StoreError> {
    let count = elements(begun).count();
    let mut found = BTreeSet::new();
    for (path, _) in store.known_paths()? {
        let mut start = 0;
        for element in elements(&path) {
            let rest = &path[start..];
            if rest.starts_with(begun) {
                let length: usize = elements(rest).take(count).map(|each| each.len() + 1).sum();
                found.insert(rest.get(..length - 1).unwrap_or(rest).to_owned());
            }
            start += element.len() + 1;
            if begun.is_empty() {
                break;
            }
        }
    }
    Ok(found.into_iter().take(MOST).collect())
}

/// The values of a path that begin so.
fn values(store: &Store, path: &str, begun: &str) -> Result<Vec<String>, StoreError> {
    let known = store.known_paths()?;
    let Ok(full) = select(known.iter().map(|(path, _)| path.as_str()), path) else {
        return Ok(Vec::new());
    };
    let mut found = BTreeSet::new();
    for (_, id) in known.iter().filter(|(path, _)| *path == full) {
        for value in store.values_at(*id)? {
            found.extend(beginning(value.members, begun));
        }
    }
    Ok(found.into_iter().take(MOST).collect())
}

fn beginning(all: impl IntoIterator<Item = String>, begun: &str) -> Vec<String> {
    all.into_iter().filter(|each| each.starts_with(begun)).take(MOST).collect()
}
