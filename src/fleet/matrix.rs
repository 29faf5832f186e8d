//! Hosts or cohorts against capabilities.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::Cohorts;
use super::facts::FactKind;
use super::generations::newest_first;
use super::offer::{Can, Offers};
use crate::model::{CUSTOM_MODELS, HostName, SelectError, is_at_or_below, select};

/// The table.
#[derive(Debug, Default)]
pub struct Matrix {
    /// What is asked.
    pub columns: Vec<Column>,
    /// Who is asked.
    pub rows: Vec<Row>,
}

/// One capability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its path.
    pub path: String,
    /// The member, where one is asked for; `None` where the path says all.
    pub value: Option<Rc<str>>,
    /// Its values are shown, and not whether it is so.
    pub is_value: bool,
    facts: Vec<usize>,
}

/// One host, or several of one content.
#[derive(Debug)]
pub struct Row {
    /// The hosts, by name.
    pub hosts: Vec<HostName>,
    /// One for each column.
    pub cells: Vec<Cell>,
}

/// What a row says in a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// So, wherever anything is said of it.
    Yes,
    /// Not so.
    No,
    /// So for some architectures and domain types, and not for others.
    Some,
    /// Nothing says anything of it.
    Unreported,
    /// Its values, each once.
    Values(Vec<Rc<str>>),
}

/// What cannot be a column.
#[derive(Debug, thiserror::Error)]
pub enum MatrixError {
    /// The path is not known, or could be several.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// A value is asked for where there can be none.
    #[error(
        "`{asked}`: PATH=VALUE asks for a member of a set or for a value, and {path} has none: \
         write `{path}` alone"
    )]
    NoValue {
        /// As the user wrote it.
        asked: String,
        /// The full path.
        path: String,
    },
}

impl Matrix {
    /// The table of what is asked, a row for each cohort or for each host.
    ///
    /// # Errors
    /// Where a path is not known, could be several, or cannot have the value that is asked for.
    pub fn of(
        cohorts: &Cohorts,
        offers: &mut Offers,
        asked: &[String],
        by_host: bool,
    ) -> Result<Self, MatrixError> {
        let mut columns: Vec<Column> = Vec::new();
        for text in asked {
            for column in selected(offers, text)? {
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
        }
        let mut rows = Vec::new();
        for (number, cohort) in cohorts.cohorts.iter().enumerate() {
            let cells: Vec<Cell> =
                columns.iter().map(|column| cell(offers, number, column)).collect();
            if by_host {
                let hosts = cohort.hosts.iter();
                rows.extend(
                    hosts.map(|host| Row { hosts: vec![host.clone()], cells: cells.clone() }),
                );
            } else {
                rows.push(Row { hosts: cohort.hosts.clone(), cells });
            }
        }
        if by_host {
            rows.sort_by(|a, b| a.hosts.cmp(&b.hosts));
        }
        Ok(Self { columns, rows })
    }
}

/// `PATH=VALUE` in two, at the first `=` that stands outside of brackets.
fn split(text: &str) -> (&str, Option<&str>) {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '=' if depth == 0 => return (text[..at].trim(), Some(text[at + 1..].trim())),
            _ => {}
        }
    }
    (text.trim(), None)
}

/// The columns that are meant: of the path itself, or, where it holds nothing, of what is below it.
fn selected(offers: &mut Offers, text: &str) -> Result<Vec<Column>, MatrixError> {
    let (path, value) = split(text);
    let path = select(offers.facts.paths(), path)?;
    let own = at_paths(offers, |at| at == path);
    if let Some(value) = value {
        let mut facts = own.values().flatten().map(|fact| offers.facts.at(*fact));
        let Some(kind) = facts.find(|fact| fact.value.is_some()).map(|fact| fact.kind) else {
            return Err(MatrixError::NoValue { asked: text.to_owned(), path });
        };
        // A value that no host has is a column too.
        let fact = offers.facts.fact(&path, Some(value), kind);
        let value = Some(value.into());
        return Ok(vec![Column { path, value, is_value: false, facts: vec![fact] }]);
    }
    let by = if own.is_empty() { at_paths(offers, |at| is_at_or_below(at, &path)) } else { own };
    if by.is_empty() {
        return Err(SelectError::Unknown { path, nearest: Vec::new() }.into());
    }
    Ok(by.into_iter().flat_map(|(path, facts)| columns(offers, &path, facts)).collect())
}

/// Facts by path.
fn at_paths(offers: &Offers, is_meant: impl Fn(&str) -> bool) -> BTreeMap<Rc<str>, Vec<usize>> {
    let mut by: BTreeMap<Rc<str>, Vec<usize>> = BTreeMap::new();
    for (number, fact) in offers.facts.iter().filter(|(_, fact)| is_meant(&fact.path)) {
        by.entry(Rc::clone(&fact.path)).or_default().push(number);
    }
    by
}

/// A column for each member of a set or list; one for all else.
fn columns(offers: &Offers, path: &str, facts: Vec<usize>) -> Vec<Column> {
    let column = |value: Option<Rc<str>>, is_value: bool, facts: Vec<usize>| Column {
        path: path.to_owned(),
        value,
        is_value,
        facts,
    };
    let is_member = |fact: &usize| {
        let kind = offers.facts.at(*fact).kind;
        matches!(kind, FactKind::Member | FactKind::Image | FactKind::Machine)
    };
    if facts.iter().all(is_member) {
        let mut members: Vec<Column> = facts
            .into_iter()
            .map(|fact| column(offers.facts.at(fact).value.clone(), false, vec![fact]))
            .collect();
        members.sort_by(|a, b| {
            let [a, b] = [a, b].map(|it| it.value.as_deref().unwrap_or_default());
            if path == CUSTOM_MODELS { newest_first(a, b) } else { a.cmp(b) }
        });
        return members;
    }
    let is_bare = facts.iter().all(|fact| offers.facts.at(*fact).value.is_none());
    vec![column(None, !is_bare, facts)]
}

fn cell(offers: &Offers, cohort: usize, column: &Column) -> Cell {
    let mut said = BTreeSet::new();
    let mut values = BTreeSet::new();
    for family in offers.of[cohort].keys() {
        for fact in &column.facts {
            let can = offers.can(cohort, family, *fact);
            if let (true, Can::Yes) = (column.is_value, can) {
                values.extend(offers.facts.at(*fact).value.clone());
            }
            said.insert(can);
        }
    }
    if !values.is_empty() {
        return Cell::Values(values.into_iter().collect());
    }
    match (said.contains(&Can::Yes), said.contains(&Can::No)) {
        (true, true) => Cell::Some,
        (true, false) => Cell::Yes,
        (false, true) => Cell::No,
        (false, false) => Cell::Unreported,
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_value_stands_behind_an_equals_sign_outside_of_keys() {
        assert_eq!(split("disk.bus=nvme"), ("disk.bus", Some("nvme")));
        assert_eq!(split("model[a=b].usable"), ("model[a=b].usable", None));
        assert_eq!(split("model[a=b].usable=yes"), ("model[a=b].usable", Some("yes")));
    }
}
