//! What hosts answered: a table, and CSV.

use std::collections::HashMap;
use std::io::Write;

use super::words::cut;
use crate::model::{HostFreshness, HostName, Target};
use crate::query::{Answer, Asked, HostAnswer, PathRow, PathValue};

/// The most characters of a list of targets that was not asked for.
const SHORT: usize = 60;

/// What hosts answered, and which of it is listed.
pub struct Answers<'a> {
    /// As it was asked.
    pub expression: &'a str,
    /// A host is yes only where each of its targets is.
    pub is_every: bool,
    /// The targets that match are listed.
    pub has_targets: bool,
    /// Every host that was asked, by name.
    pub all: Vec<(&'a Asked, &'a HostAnswer)>,
    /// Whether hosts with an answer are listed.
    pub is_listed: &'a dyn Fn(Answer) -> bool,
    /// How current each host is; only JSON says it.
    pub freshness: HashMap<&'a HostName, &'a HostFreshness>,
}

impl<'a> Answers<'a> {
    /// How many hosts have an answer.
    #[must_use]
    pub fn count(&self, answer: Answer) -> usize {
        self.all.iter().filter(|(_, host)| host.answer == answer).count()
    }

    /// The hosts that are listed.
    pub fn listed(&self) -> impl Iterator<Item = (&'a Asked, &'a HostAnswer)> {
        self.all.iter().copied().filter(|(_, host)| (self.is_listed)(host.answer))
    }
}

/// The targets that made a host's answer.
pub(super) fn matching(host: &HostAnswer) -> impl Iterator<Item = &Target> {
    let targets = host.targets.iter().filter(|target| target.answer == host.answer);
    targets.map(|target| target.target.as_ref())
}

/// Writes the listed hosts as a table.
///
/// # Errors
/// Where the output cannot be written.
pub fn text(answers: &Answers<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    let is_marked = (answers.is_listed)(Answer::No) || (answers.is_listed)(Answer::Unknown);
    let has_why = answers.listed().any(|(_, host)| !host.why.is_empty());
    let rows = answers.listed().map(|(asked, host)| {
        let mut row = vec![asked.host.to_string()];
        if is_marked {
            row.push(host.answer.name().to_owned());
        }
        row.push(targets(host, answers.has_targets));
        if has_why {
            row.push(host.why.join("; "));
        }
        row
    });
    let rows: Vec<Vec<String>> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let mut header = vec!["host"];
    header.extend(is_marked.then_some("answer"));
    header.push("targets");
    header.extend(has_why.then_some("why"));
    super::table::table(&header, &rows, out)
}

/// How many targets made the answer, and which, where that is not all of them.
fn targets(host: &HostAnswer, is_full: bool) -> String {
    let (count, total) = (host.count(host.answer), host.targets.len());
    if total == 0 {
        return String::new();
    }
    if count == total && !is_full {
        return format!("all {total}");
    }
    let names: Vec<&Target> = matching(host).collect();
    let names = super::page::targets_in_short(&names);
    let names = if is_full { names.into() } else { cut(&names, SHORT) };
    let of = if count == total { format!("all {total}") } else { format!("{count} of {total}") };
    if names.is_empty() { of } else { format!("{of}: {names}") }
}

/// Writes the listed hosts, one a line; with their targets, one a target.
///
/// # Errors
/// Where the output cannot be written.
pub fn csv(answers: &Answers<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    let mut header = vec!["host", "snapshot", "taken_at", "answer", "yes", "no", "unknown", "why"];
    if answers.has_targets {
        header.extend(["emulator", "arch", "virttype", "machine"]);
    }
    super::csv::records(
        &header,
        answers.listed().flat_map(|(asked, host)| lines(asked, host, answers.has_targets)),
        out,
    )
}

fn lines(asked: &Asked, host: &HostAnswer, has_targets: bool) -> Vec<Vec<String>> {
    let snapshot = asked.snapshot.as_ref();
    let mut line = vec![
        asked.host.to_string(),
        snapshot.map(|snapshot| snapshot.id.to_string()).unwrap_or_default(),
        snapshot.map(|snapshot| snapshot.taken_at.to_string()).unwrap_or_default(),
        host.answer.name().to_owned(),
    ];
    let counts = [Answer::Yes, Answer::No, Answer::Unknown].map(|answer| host.count(answer));
    line.extend(counts.map(|count| count.to_string()));
    line.push(host.why.join("; "));
    if !has_targets {
        return vec![line];
    }
    let with_target = |target: &Target| {
        let Target { emulator, arch, virttype, machine } = target.clone();
        line.iter().cloned().chain([emulator, arch, virttype, machine]).collect()
    };
    matching(host).map(with_target).collect()
}

/// The most values of a path that a line shows.
const FEW: usize = 6;

/// Writes paths with the values that most hosts have.
///
/// # Errors
/// Where the output cannot be written.
pub fn paths(rows: &[PathRow], out: &mut dyn Write) -> std::io::Result<()> {
    let rows = rows.iter().map(|row| {
        let kinds: Vec<&str> = row.kinds.iter().map(|kind| kind.name()).collect();
        let value = |value: &PathValue| format!("{} {}", shown(&value.value), value.hosts);
        let mut values: Vec<String> = row.values.iter().take(FEW).map(value).collect();
        if let Some(more @ 1..) = row.values.len().checked_sub(FEW) {
            values.push(format!("{more} more"));
        }
        vec![row.path.clone(), kinds.join(" "), row.hosts.to_string(), values.join(", ")]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    super::table::table(&["path", "kind", "hosts", "values and their hosts"], &rows, out)
}

/// A value that is told from the number behind it.
fn shown(value: &str) -> String {
    let is_plain = !value.is_empty() && !value.contains([' ', ',', '"']);
    if is_plain { value.to_owned() } else { format!("\"{value}\"") }
}
