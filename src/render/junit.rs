//! JUnit's XML, as Jenkins, GitLab and the reporters of GitHub read it: a suite for each group of
//! hosts, a test case for each finding.
//!
//! The format has no severities. What breaks is a failure; what cannot be decided is skipped, which
//! is the format's word for a test without a verdict, and so is what is ignored: messages begin with
//! `warning:` and `ignored:`. The rest has passed. GitLab shows the text of an element and not its
//! message, Jenkins both, so that both say why.

use std::io::Write;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, TestCase, TestCaseStatus, TestSuite};

use super::page::side_name;
use super::record::{Records, cut, title};
use crate::report::{Group, Report};
use crate::rules::{Finding, Seen, Severity};

/// Writes the report; what is ignored is skipped, and no finding at all is one test that passed.
///
/// # Errors
/// Where the output cannot be written.
pub fn report(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    let records = Records::new(report);
    let mut cases: Vec<Vec<TestCase>> = vec![Vec::new(); report.groups.len()];
    for finding in &report.findings {
        for seen in &finding.seen {
            cases[seen.group].push(case(finding, seen, &records));
        }
    }
    let mut document = quick_junit::Report::new("domcaps");
    for (at, cases) in cases.into_iter().enumerate() {
        document.add_test_suite(suite(report, at, cases, &records));
    }
    let silent = report.fleet.iter().flat_map(|fleet| &fleet.silent);
    let silent: Vec<TestCase> =
        silent.map(|(host, why)| not_compared(host.as_str(), why)).collect();
    if !silent.is_empty() {
        let mut suite = TestSuite::new("not compared");
        document.add_test_suite(suite.add_test_cases(silent).to_owned());
    }
    document.serialize(out).map_err(std::io::Error::other)
}

fn suite(report: &Report, at: usize, cases: Vec<TestCase>, records: &Records<'_>) -> TestSuite {
    let group = &report.groups[at];
    let mut suite = TestSuite::new(legal(&name(report, group, records.group(at))));
    suite.set_time(Duration::ZERO);
    let mut property = |name: &str, value: &str| {
        suite.add_property(Property::new(name, legal(value)));
    };
    let [old, new] = &records.sides;
    property("old", old);
    property("new", new);
    if report.fleet.is_some() {
        property("hosts", &records.group(at).collect::<Vec<_>>().join(", "));
    }
    for change in &group.context {
        let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "none".to_owned());
        property(change.name, &format!("{} → {}", side(&change.old), side(&change.new)));
    }
    let (pairs, silent) = (group.pairs.len(), group.not_compared.len());
    property("targets", &format!("{pairs} compared, {silent} not compared"));
    if cases.is_empty() {
        suite.add_test_case(new_case("no difference", "no-difference", TestCaseStatus::success()));
    }
    suite.add_test_cases(cases);
    suite
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

fn case(finding: &Finding, seen: &Seen, records: &Records<'_>) -> TestCase {
    /// GitLab ignores a second test of one name, so that a name that is cut says which it is.
    const MOST: usize = 240;
    let whole = title(&finding.difference);
    let mut name = cut(&whole, MOST).into_owned();
    if name != whole {
        name.push_str(&format!(" [{}]", finding.fingerprint));
    }
    new_case(&name, finding.rule.id, status(finding, seen, records))
}

fn new_case(name: &str, class: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(legal(name), status);
    // Not every reader takes a case without a time.
    case.set_classname(class).set_time(Duration::ZERO);
    case
}

fn status(finding: &Finding, seen: &Seen, records: &Records<'_>) -> TestCaseStatus {
    let (mut status, message) = match (&finding.ignored, finding.severity) {
        (Some(why), _) => (TestCaseStatus::skipped(), format!("ignored: {why}")),
        (None, Severity::Breaking) => {
            let failure = TestCaseStatus::non_success(NonSuccessKind::Failure);
            (failure, finding.reason.clone())
        }
        (None, Severity::Warning) => {
            (TestCaseStatus::skipped(), format!("warning: {}", finding.reason))
        }
        (None, Severity::Info) => return TestCaseStatus::success(),
    };
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
    lines.push(format!("rule: {}, fingerprint: {}", finding.rule.id, finding.fingerprint));
    let lines: Vec<String> = lines.iter().map(|line| legal(line)).collect();
    status.set_message(legal(&message)).set_type(finding.rule.id).set_description(lines.join("\n"));
    status
}

/// A host of which nothing is known has not passed: an error, JUnit's word for what could not run.
fn not_compared(host: &str, why: &str) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(legal(why)).set_type("not-compared").set_description(legal(why));
    new_case(host, "not-compared", status)
}

/// Text on one line of what XML 1.0 can hold (section 2.2, `Char`): of what it cannot, the crate
/// drops control characters, with whatever it takes for an escape of a terminal, and lets U+FFFE and
/// U+FFFF through.
fn legal(text: &str) -> String {
    super::plain(text).replace('\u{fffe}', r"\u{fffe}").replace('\u{ffff}', r"\u{ffff}")
}
