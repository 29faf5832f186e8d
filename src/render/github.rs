//! Annotations of a GitHub workflow: its workflow commands `error`, `warning` and `notice`, a line
//! each. GitHub shows ten errors and ten warnings of a step, so an entry of the page is one, the
//! worst first, and the last line sums up.

use std::io::Write;

use super::page::{Entry, Page, Purpose};
use super::words::cut;
use crate::rules::Severity;

/// Writes what is not ignored: breaking as errors, to decide as warnings, the rest as one notice.
///
/// # Errors
/// Where the output cannot be written.
pub fn annotations(page: &Page, out: &mut dyn Write) -> std::io::Result<()> {
    let sections = page.sections.iter().filter(|section| section.purpose != Purpose::Ignored);
    for entry in sections.flat_map(|section| &section.entries) {
        let command = match entry.severity {
            Severity::Breaking => "error",
            Severity::Warning => "warning",
            Severity::Info => continue,
        };
        line(command, &title(entry), &message(entry), out)?;
    }
    for (host, why) in &page.silent {
        line("warning", &format!("{host} not compared"), why, out)?;
    }
    let counts = page.counts.iter().map(|(name, count)| format!("{count} {name}"));
    let counts = counts.collect::<Vec<_>>().join(", ");
    let counts = if counts.is_empty() { counts } else { format!(" ({counts})") };
    let summary = format!("{}: {}{counts}", page.title, page.verdict);
    line("notice", "domcaps", &summary, out)
}

/// `::error title=…::…`
pub(super) fn line(
    command: &str,
    title: &str,
    text: &str,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    /// What the columns for annotations hold: 255 characters of title, 64 KiB of text.
    const MOST: [usize; 2] = [200, 4000];
    let title = property(&super::plain(&cut(title, MOST[0])));
    writeln!(out, "::{command} title={title}::{}", data(&super::plain(&cut(text, MOST[1]))))
}

fn title(entry: &Entry) -> String {
    format!("{} {}", entry.label, entry.kind.name())
}

/// Which of it, where, why, and who needs it.
fn message(entry: &Entry) -> String {
    let mut text = entry.summary.clone();
    let beside: Vec<&str> = entry.hosts.iter().chain(&entry.place).map(String::as_str).collect();
    if !beside.is_empty() {
        text.push_str(&format!(" ({})", beside.join("; ")));
    }
    if !text.is_empty() {
        text.push_str(": ");
    }
    let why = entry.reason.as_deref().unwrap_or(entry.rule.summary);
    text.push_str(&format!("{why} [{}]", entry.rule.id));
    if !entry.guests.is_empty() {
        text.push_str(&format!("; needed by {}", entry.guests.join(", ")));
    }
    text
}

/// A message as the runner unescapes it (`actions/toolkit`, packages/core/src/command.ts).
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property, which ends at `:` or `,`, in the same way.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_becomes_a_command_of_its_own() {
        let mut out = Vec::new();
        line("error", "a,b::c%0A\n::stop-commands::x", "1%\r\n::error::2", &mut out).unwrap();
        let expected = "::error title=a%2Cb%3A%3Ac%250A\\u{a}%3A%3Astop-commands%3A%3Ax\
            ::1%25\\u{d}\\u{a}::error::2\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
