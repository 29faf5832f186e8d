//! The page in Markdown (GitHub Flavored), for a comment on a pull request or a wiki.
//!
//! Whatever could be markup stands in a code span, where no mention, link, reference or HTML takes
//! effect (`inline`); it is not escaped, because GitHub and GitLab look for mentions and references
//! after Markdown, in what escapes have become.

mod inline;

use std::io::Write;

use super::page::{Entry, Group, Page, Purpose, Section, counted};
use super::words::cut;
use crate::model::some_of;
pub(super) use inline::{code, prose};

/// GitHub takes 65,536 characters in a comment; what is kept is for the headings of sections whose
/// entries no longer fit.
const LIMIT: usize = 64_000;

/// Writes a page: what is to be read at once, and behind it in folds what merely was reported
/// otherwise, what is ignored and which hosts there are.
///
/// # Errors
/// Where the output cannot be written.
pub fn page(page: &Page, out: &mut dyn Write) -> std::io::Result<()> {
    let mut comment = Comment::default();
    comment.add(&head(page));
    for section in &page.sections {
        let items: Vec<String> = section.entries.iter().map(item).collect();
        let heading = section.purpose.heading();
        match section.purpose {
            Purpose::Reporting | Purpose::Ignored => comment.fold(heading, count(section), &items),
            _ => comment.list(&format!("\n### {heading}\n\n"), &items, ""),
        }
    }
    // A report of three hosts of five is no all-clear: those that are missing are read first.
    let silent: Vec<String> = silent(page).collect();
    let heading = format!("\n### Hosts not compared ({})\n\n", silent.len());
    comment.list(&heading, &silent, "");
    let hosts: Vec<String> = page.groups.iter().map(hosts).collect();
    comment.fold("Hosts", hosts.len(), &hosts);
    let stale: Vec<String> = page
        .ignores
        .iter()
        .filter(|ignore| ignore.state != "active")
        .map(|ignore| {
            bullet(&prose(&format!("{} ignore {}: {}", ignore.state, ignore.what, ignore.reason)))
        })
        .collect();
    comment.fold("Ignores that can go", stale.len(), &stale);
    out.write_all(comment.text.as_bytes())
}

/// What is compared, whether it matters, what moved beside it and how much was looked at.
fn head(page: &Page) -> String {
    let counts = page.counts.iter().map(|(name, count)| format!("{count} {name}"));
    let counts = counts.collect::<Vec<_>>().join(", ");
    let counts = if counts.is_empty() { counts } else { format!(" ({counts})") };
    let mut text = format!("## {}\n\n**{}**{counts}\n", prose(&page.title), prose(&page.verdict));
    let moved = page.context.iter().map(|moved| {
        let hosts = moved.hosts.as_ref().map(|hosts| format!(" ({hosts})")).unwrap_or_default();
        format!("{} {} → {}{hosts}", prose(moved.name), code(&moved.old), code(&moved.new))
    });
    let moved = moved.collect::<Vec<_>>().join(", ");
    let facts = page.facts.iter().map(|fact| prose(&cut(fact, FACT)));
    let lines = (!moved.is_empty()).then_some(moved).into_iter().chain(facts);
    let lines: String = lines.map(|line| bullet(&line)).collect();
    if !lines.is_empty() {
        text.push('\n');
        text.push_str(&lines);
    }
    text
}

/// An entry: what happened to what, where, why, and who needs it.
fn item(entry: &Entry) -> String {
    /// How many guests are named.
    const GUESTS: usize = 5;
    let mut text = format!("**{}** {}", entry.kind.name(), short_code(&entry.label));
    if !entry.summary.is_empty() {
        text.push_str(&format!(": {}", short_code(&entry.summary)));
    }
    let beside: Vec<&str> = entry.hosts.iter().chain(&entry.place).map(String::as_str).collect();
    if !beside.is_empty() {
        text.push_str(&format!(" ({})", prose(&cut(&beside.join("; "), SHORT))));
    }
    if let Some(reason) = &entry.reason {
        let reason = prose(&cut(reason, SHORT));
        text.push_str(&format!("<br>{reason} ({})", code(entry.rule.id)));
    }
    if !entry.guests.is_empty() {
        let guests = entry.guests.iter().map(|guest| code(guest));
        text.push_str(&format!("<br>needed by {}", some_of(guests, GUESTS)));
    }
    if let Some(ignored) = &entry.ignored {
        text.push_str(&format!("<br>ignored: {}", prose(&cut(ignored, SHORT))));
    }
    bullet(&text)
}

/// Hosts that went the same way.
fn hosts(group: &Group) -> String {
    const NAMED: usize = 20;
    let named = some_of(group.hosts.iter().map(|host| code(host)), NAMED);
    let what = match (group.findings, group.old.is_empty()) {
        (0, _) => "no difference".to_owned(),
        (count, true) => counted(count, "finding"),
        (count, false) => format!(
            "{}; {} → {}",
            counted(count, "finding"),
            prose(&cut(&group.old, SHORT)),
            prose(&cut(&group.new, SHORT))
        ),
    };
    bullet(&format!("{named}: {what}"))
}

fn silent(page: &Page) -> impl Iterator<Item = String> {
    let line = |host: &str, why: &str| format!("{} not compared: {}", code(host), prose(why));
    page.silent.iter().map(move |(host, why)| bullet(&line(host, &cut(why, SHORT))))
}

/// How many findings a section holds.
fn count(section: &Section) -> usize {
    section.entries.iter().map(|entry| entry.items.len()).sum()
}

fn bullet(text: &str) -> String {
    format!("- {text}\n")
}

/// More of one text than this is nothing to read in a comment.
const SHORT: usize = 1000;

/// A fact counts what failed for each reason that libvirt gave.
const FACT: usize = 4000;

fn short_code(text: &str) -> String {
    code(&cut(text, SHORT))
}

/// Text that grows to what a comment holds.
#[derive(Default)]
struct Comment {
    text: String,
    characters: usize,
}

impl Comment {
    fn add(&mut self, text: &str) {
        self.text.push_str(text);
        self.characters += text.chars().count();
    }

    /// A list behind a heading; of what does not fit, the number.
    fn list(&mut self, head: &str, items: &[String], tail: &str) {
        /// For the line that says how much is left out.
        const LAST: usize = 100;
        if items.is_empty() {
            return;
        }
        self.add(head);
        let limit = LIMIT.saturating_sub(tail.len() + LAST);
        for (at, item) in items.iter().enumerate() {
            if self.characters + item.chars().count() > limit {
                let more = items.len() - at;
                self.add(&format!("- … {more} more lines, too long for a comment\n"));
                break;
            }
            self.add(item);
        }
        self.add(tail);
    }

    /// A list that is closed until someone opens it.
    fn fold(&mut self, heading: &str, count: usize, items: &[String]) {
        let head = format!("\n<details><summary>{heading} ({count})</summary>\n\n");
        self.list(&head, items, "\n</details>\n");
    }
}
