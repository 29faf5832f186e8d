//! What the template is filled with: the page's parts as texts, empty where there is nothing.

use crate::model::counted;
use std::borrow::Cow;
use std::collections::HashMap;

use crate::render::page::{Accepted, Entry, Moved, Page, Purpose, Section};
use crate::render::plain;
use crate::rules::{Area, Severity};

pub(super) struct View<'p> {
    pub(super) title: Cow<'p, str>,
    pub(super) tool: String,
    pub(super) verdict: Verdict<'p>,
    pub(super) counts: Vec<Count>,
    pub(super) facts: Vec<Cow<'p, str>>,
    pub(super) context: Vec<Context<'p>>,
    pub(super) sections: Vec<Part<'p>>,
    pub(super) areas: Vec<&'static str>,
    pub(super) is_fleet: bool,
    pub(super) groups: Vec<Group<'p>>,
    pub(super) unchanged: Vec<Cow<'p, str>>,
    pub(super) silent: Vec<Silent<'p>>,
    pub(super) ignores: Vec<Ignore<'p>>,
}

pub(super) struct Verdict<'p> {
    pub(super) level: &'static str,
    pub(super) text: Cow<'p, str>,
    pub(super) detail: &'static str,
}

pub(super) struct Count {
    pub(super) severity: &'static str,
    pub(super) label: &'static str,
    pub(super) count: usize,
}

pub(super) struct Context<'p> {
    pub(super) name: &'static str,
    pub(super) old: Cow<'p, str>,
    pub(super) new: Cow<'p, str>,
    pub(super) hosts: Cow<'p, str>,
}

pub(super) struct Part<'p> {
    pub(super) id: &'static str,
    pub(super) heading: &'static str,
    pub(super) note: &'static str,
    pub(super) collapsed: bool,
    pub(super) count: usize,
    pub(super) parts: Vec<InArea<'p>>,
}

pub(super) struct InArea<'p> {
    pub(super) area: &'static str,
    pub(super) entries: Vec<Finding<'p>>,
}

pub(super) struct Finding<'p> {
    pub(super) id: String,
    /// The fingerprint; of several findings none.
    pub(super) shown: Cow<'p, str>,
    pub(super) severity: &'static str,
    pub(super) area: &'static str,
    pub(super) sign: String,
    pub(super) kind: &'static str,
    pub(super) rule: &'static str,
    pub(super) label: Cow<'p, str>,
    pub(super) count: usize,
    pub(super) members: Vec<Member<'p>>,
    pub(super) summary: Cow<'p, str>,
    pub(super) place: Cow<'p, str>,
    pub(super) reason: Cow<'p, str>,
    pub(super) advice: &'static str,
    pub(super) hosts_text: Cow<'p, str>,
    pub(super) groups: String,
    pub(super) groups_text: String,
    pub(super) guests: Vec<Cow<'p, str>>,
    pub(super) guests_more: String,
    pub(super) ignored: Cow<'p, str>,
}

pub(super) struct Member<'p> {
    pub(super) id: Cow<'p, str>,
    pub(super) text: Cow<'p, str>,
}

pub(super) struct Group<'p> {
    pub(super) id: usize,
    pub(super) name: String,
    pub(super) hosts: Vec<Cow<'p, str>>,
    pub(super) count: usize,
    pub(super) old: Cow<'p, str>,
    pub(super) new: Cow<'p, str>,
}

pub(super) struct Silent<'p> {
    pub(super) host: Cow<'p, str>,
    pub(super) why: Cow<'p, str>,
}

pub(super) struct Ignore<'p> {
    pub(super) state: &'static str,
    pub(super) rule: Cow<'p, str>,
    pub(super) reason: Cow<'p, str>,
    pub(super) matched: usize,
}

/// How many guests are named beside a finding.
const GUESTS: usize = 12;

impl<'p> View<'p> {
    pub(super) fn new(page: &'p Page) -> Self {
        let entries = || page.sections.iter().flat_map(|section| &section.entries);
        let groups = page.groups.iter().enumerate();
        let is_changed = |index: usize| entries().any(|entry| entry.groups.contains(&index));
        let (changed, same): (Vec<_>, Vec<_>) = groups.partition(|(index, _)| is_changed(*index));
        let mut names = Names::default();
        Self {
            title: plain(&page.title),
            tool: format!("domcaps {}", env!("CARGO_PKG_VERSION")),
            verdict: Verdict {
                level: page.worst.map_or("none", Severity::name),
                text: plain(&page.verdict),
                detail: "",
            },
            counts: page.counts.iter().map(|(name, count)| count_of(name, *count)).collect(),
            facts: all(&page.facts),
            context: page.context.iter().map(context).collect(),
            sections: page.sections.iter().map(|part| section(part, &mut names)).collect(),
            areas: Area::ALL
                .into_iter()
                .filter(|area| entries().any(|entry| entry.area == *area))
                .map(Area::name)
                .collect(),
            is_fleet: page.is_fleet,
            groups: changed
                .into_iter()
                .map(|(id, group)| Group {
                    id,
                    name: group_name(id),
                    hosts: all(&group.hosts),
                    count: group.hosts.len(),
                    old: plain(&group.old),
                    new: plain(&group.new),
                })
                .collect(),
            unchanged: same.into_iter().flat_map(|(_, group)| all(&group.hosts)).collect(),
            silent: page
                .silent
                .iter()
                .map(|(host, why)| Silent { host: plain(host), why: plain(why) })
                .collect(),
            ignores: page.ignores.iter().map(ignore).collect(),
        }
    }
}

/// Every text as [`plain`] has it.
fn all(texts: &[String]) -> Vec<Cow<'_, str>> {
    texts.iter().map(|text| plain(text)).collect()
}

/// Names for links: a finding that is judged otherwise on some hosts stands twice.
#[derive(Default)]
struct Names(HashMap<String, usize>);

impl Names {
    /// The fingerprint, and from the second time on its number behind it.
    fn name(&mut self, fingerprint: String) -> String {
        let count = self.0.entry(fingerprint.clone()).or_default();
        *count += 1;
        match *count {
            1 => fingerprint,
            nth => format!("{fingerprint}-{nth}"),
        }
    }
}

fn group_name(id: usize) -> String {
    format!("group {}", id + 1)
}

fn count_of(name: &'static str, count: usize) -> Count {
    Count { severity: name, label: if name == "warning" { "to decide" } else { name }, count }
}

fn context(moved: &Moved) -> Context<'_> {
    let hosts = moved.hosts.as_deref().unwrap_or_default();
    Context {
        name: moved.name,
        old: plain(&moved.old),
        new: plain(&moved.new),
        hosts: plain(hosts),
    }
}

fn ignore(accepted: &Accepted) -> Ignore<'_> {
    let Accepted { state, what, reason, matched } = accepted;
    Ignore { state, rule: plain(what), reason: plain(reason), matched: *matched }
}

/// What a section asks of its reader.
fn note(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Breaking => "Guests that use these no longer start, or cannot arrive.",
        Purpose::Decide => "The documents do not tell whether these do harm: someone should look.",
        Purpose::New | Purpose::Other => "",
        Purpose::Unneeded => "Guests that would be hit were looked for, and there are none.",
        Purpose::Reporting => {
            "These come with versions and lists, not with what the host can do: no guest is affected."
        }
        Purpose::Ignored => "The site's configuration accepts these; they count for nothing.",
    }
}

fn section<'p>(section: &'p Section, names: &mut Names) -> Part<'p> {
    let mut parts: Vec<InArea<'_>> = Vec::new();
    for entry in &section.entries {
        let area = entry.area.name();
        if parts.last().is_none_or(|part| part.area != area) {
            parts.push(InArea { area, entries: Vec::new() });
        }
        parts.last_mut().expect("one was just added").entries.push(finding(entry, names));
    }
    Part {
        id: section.purpose.id(),
        heading: section.purpose.heading(),
        note: note(section.purpose),
        collapsed: matches!(section.purpose, Purpose::Reporting | Purpose::Ignored),
        count: section.entries.iter().map(|entry| entry.items.len()).sum(),
        parts,
    }
}

fn finding<'p>(entry: &'p Entry, names: &mut Names) -> Finding<'p> {
    let is_acted_on = matches!(entry.severity, Severity::Breaking | Severity::Warning);
    let groups: Vec<String> = entry.groups.iter().map(ToString::to_string).collect();
    let more = entry.guests.len().saturating_sub(GUESTS);
    let members: Vec<Member<'_>> = entry
        .items
        .iter()
        .map(|item| Member {
            id: names.name(item.fingerprint()).into(),
            text: match item.text() {
                text if text.is_empty() => plain(&entry.label),
                text => Cow::Owned(plain(&text).into_owned()),
            },
        })
        .collect();
    Finding {
        id: members.first().map(|first| format!("f-{}", first.id)).unwrap_or_default(),
        shown: match &entry.items[..] {
            [one] => Cow::Owned(one.fingerprint()),
            _ => Cow::Borrowed("link"),
        },
        severity: entry.severity.name(),
        area: entry.area.name(),
        sign: entry.sign().to_string(),
        kind: entry.kind.name(),
        rule: entry.rule.id,
        label: plain(&entry.label),
        count: entry.items.len(),
        members,
        summary: plain(&entry.summary),
        place: plain(entry.place.as_deref().unwrap_or_default()),
        reason: plain(entry.reason.as_deref().unwrap_or_default()),
        advice: if is_acted_on { entry.rule.advice } else { "" },
        hosts_text: plain(entry.hosts.as_deref().unwrap_or_default()),
        groups: groups.join(" "),
        groups_text: groups_text(&entry.groups),
        guests: all(&entry.guests[..entry.guests.len().min(GUESTS)]),
        guests_more: if more > 0 { format!("and {more} more") } else { String::new() },
        ignored: plain(entry.ignored.as_deref().unwrap_or_default()),
    }
}

/// `group 7`, `groups 1, 2 and 3`, `18 groups`; nothing where there are no groups to tell apart.
fn groups_text(groups: &[usize]) -> String {
    const NAMED: usize = 3;
    match groups {
        [one] => group_name(*one),
        [most @ .., last] if groups.len() <= NAMED => {
            let most: Vec<String> = most.iter().map(|id| (id + 1).to_string()).collect();
            format!("groups {} and {}", most.join(", "), last + 1)
        }
        _ => counted(groups.len(), "group"),
    }
}
