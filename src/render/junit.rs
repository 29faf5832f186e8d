//! JUnit's XML, as Jenkins, GitLab and the reporters of GitHub read it: a suite for each group of
//! hosts, a test case for each finding.
//!
//! The format has no severities. What breaks is a failure; what cannot be decided is skipped, which
//! is the format's word for a test without a verdict, and so is what is ignored: messages begin with
//! `warning:` and `ignored:`. The rest has passed. GitLab shows the text of an element and not its
//! message, Jenkins both, so that both say why. It stays within the schema of Jenkins' xUnit plugin
//! (`junit-10.xsd`).

mod outcome;
mod xml;

use std::io::{Result, Write};

use super::page::side_name;
use super::plan::message;
use super::record::Records;
use super::words::{cut, title};
use crate::guests::Answer;
use crate::plan::UpgradePlan;
use crate::report::{Group, Report};
use crate::rules::{Finding, Seen};
use outcome::{Count, Outcome};
use xml::Xml;

/// A finding where a group has it.
type Case<'r> = (&'r Finding, &'r Seen);

/// Not every reader takes a suite or a case without a time.
const NO_TIME: (&str, &str) = ("time", "0.000");

/// Writes the report. No finding at all is one test that passed; a host of which nothing is known has
/// not passed: it is an error, JUnit's word for what could not run.
///
/// # Errors
/// Where the output cannot be written.
pub fn report(report: &Report, out: &mut dyn Write) -> Result<()> {
    let records = Records::new(report);
    let mut groups: Vec<Vec<Case<'_>>> = vec![Vec::new(); report.groups.len()];
    for finding in &report.findings {
        for seen in &finding.seen {
            groups[seen.group].push((finding, seen));
        }
    }
    let silent: Vec<_> = report.fleet.iter().flat_map(|fleet| &fleet.silent).collect();
    let total = groups.iter().map(|cases| Count::of(cases)).fold(Count::default(), Count::plus);
    let total = total.plus(Count { tests: silent.len(), errors: silent.len(), ..Count::default() });
    let mut xml = Xml::new(out)?;
    let [tests, failures, errors, _] = total.texts();
    let counts = [("tests", &*tests), ("failures", &*failures), ("errors", &*errors)];
    xml.begin("testsuites", &[&[("name", "domcaps"), NO_TIME][..], &counts].concat())?;
    for (at, cases) in groups.iter().enumerate() {
        suite(&mut xml, report, at, cases, &records)?;
    }
    if !silent.is_empty() {
        let count = silent.len();
        begin_suite(
            &mut xml,
            "not compared",
            Count { tests: count, errors: count, ..Count::default() },
        )?;
        for (host, why) in silent {
            begin_case(&mut xml, host.as_str(), "not-compared", Xml::begin)?;
            xml.text(
                "error",
                &[("message", why), ("type", "not-compared")],
                std::slice::from_ref(why),
            )?;
            xml.end()?;
        }
        xml.end()?;
    }
    xml.end()
}

/// Writes a plan: a case for each guest. One that must change fails, one that cannot be decided is skipped.
///
/// # Errors
/// Where the output cannot be written.
pub fn plan(plan: &UpgradePlan, out: &mut dyn Write) -> Result<()> {
    let [failures, skipped, _] = Answer::ALL.map(|answer| plan.count(answer));
    let count = Count { tests: plan.guests.len(), failures, skipped, ..Count::default() };
    let mut xml = Xml::new(out)?;
    let [tests, failures, errors, _] = count.texts();
    let counts = [("tests", &*tests), ("failures", &*failures), ("errors", &*errors)];
    xml.begin("testsuites", &[&[("name", "domcaps"), NO_TIME][..], &counts].concat())?;
    begin_suite(&mut xml, &format!("release:{}", plan.release), count)?;
    for guest in &plan.guests {
        let text = [message(guest)];
        match guest.answer {
            Answer::Yes => begin_case(&mut xml, &guest.name, "guest", Xml::empty)?,
            Answer::No => {
                begin_case(&mut xml, &guest.name, "guest", Xml::begin)?;
                xml.text("failure", &[("message", &text[0]), ("type", "must-change")], &text)?;
                xml.end()?;
            }
            Answer::Unknown => {
                begin_case(&mut xml, &guest.name, "guest", Xml::begin)?;
                let message = format!("warning: {}", text[0]);
                xml.text("skipped", &[("message", &message)], &text)?;
                xml.end()?;
            }
        }
    }
    xml.end()?;
    xml.end()
}

fn begin_suite(xml: &mut Xml<'_>, name: &str, count: Count) -> Result<()> {
    let [tests, failures, errors, skipped] = count.texts();
    let counts =
        [("tests", &*tests), ("failures", &failures), ("errors", &errors), ("skipped", &skipped)];
    xml.begin("testsuite", &[&[("name", name), NO_TIME][..], &counts].concat())
}

type Element<'w> = fn(&mut Xml<'w>, &'static str, &[(&str, &str)]) -> Result<()>;

fn begin_case<'w>(xml: &mut Xml<'w>, name: &str, class: &str, element: Element<'w>) -> Result<()> {
    element(xml, "testcase", &[("name", name), ("classname", class), NO_TIME])
}

fn suite(
    xml: &mut Xml<'_>,
    report: &Report,
    at: usize,
    cases: &[Case<'_>],
    records: &Records<'_>,
) -> Result<()> {
    let group = &report.groups[at];
    begin_suite(xml, &name(report, group, records.group(at)), Count::of(cases))?;
    xml.begin("properties", &[])?;
    let mut property =
        |name: &str, value: &str| xml.empty("property", &[("name", name), ("value", value)]);
    let [old, new] = &records.sides;
    property("old", old)?;
    property("new", new)?;
    if report.fleet.is_some() {
        property("hosts", &records.group(at).collect::<Vec<_>>().join(", "))?;
    }
    for change in &group.context {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "none".to_owned());
        property(change.name, &format!("{} → {}", side(&change.old), side(&change.new)))?;
    }
    let (pairs, silent) = (group.pairs.len(), group.not_compared.len());
    property("targets", &format!("{pairs} compared, {silent} not compared"))?;
    xml.end()?;
    if cases.is_empty() {
        begin_case(xml, "no difference", "no-difference", Xml::empty)?;
    }
    for (finding, seen) in cases {
        case(xml, finding, seen, records)?;
    }
    xml.end()
}

/// The first hosts of a fleet's group, or the two sides.
fn name<'n>(report: &Report, group: &Group, hosts: impl Iterator<Item = &'n str>) -> String {
    const NAMED: usize = 3;
    if report.fleet.is_none() {
        let [old, new] = group.members.first().cloned().unwrap_or_default();
        return format!("{} → {}", side_name(&old), side_name(&new));
    }
    let named = hosts.take(NAMED).collect::<Vec<_>>().join(", ");
    match group.members.len().checked_sub(NAMED) {
        None | Some(0) => named,
        Some(more) => format!("{named} and {more} more"),
    }
}

fn case(xml: &mut Xml<'_>, finding: &Finding, seen: &Seen, records: &Records<'_>) -> Result<()> {
    /// GitLab ignores a second test of one name, so that a name that is cut says which it is.
    const MOST: usize = 240;
    let whole = title(&finding.difference);
    let mut name = cut(&whole, MOST).into_owned();
    if name != whole {
        name.push_str(&format!(" [{}]", finding.fingerprint()));
    }
    let rule = finding.rule.id;
    let (element, message) = match (Outcome::of(finding), &finding.ignored) {
        (Outcome::Passed, _) => return begin_case(xml, &name, rule, Xml::empty),
        (Outcome::Failed, _) => ("failure", finding.reason.clone()),
        (Outcome::Skipped, Some(why)) => ("skipped", format!("ignored: {why}")),
        (Outcome::Skipped, None) => ("skipped", format!("warning: {}", finding.reason)),
    };
    begin_case(xml, &name, rule, Xml::begin)?;
    xml.text(element, &[("message", &message), ("type", rule)], &lines(finding, seen, records))?;
    xml.end()
}

/// All that there is to say about a finding.
fn lines(finding: &Finding, seen: &Seen, records: &Records<'_>) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", finding.severity.name(), finding.reason)];
    lines.extend(finding.ignored.iter().map(|why| format!("ignored: {why}")));
    let targets = records.targets_in_short(std::slice::from_ref(seen));
    if !targets.is_empty() {
        lines.push(format!("targets: {targets}"));
    }
    if let Some(guests) = finding.used_by.as_ref().filter(|guests| !guests.is_empty()) {
        lines.push(format!("needed by: {}", guests.join(", ")));
    }
    lines.push(format!("what to do: {}", finding.rule.advice));
    lines.push(format!("rule: {}, fingerprint: {}", finding.rule.id, finding.fingerprint()));
    lines
}
