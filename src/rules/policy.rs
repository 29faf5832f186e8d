//! What a site thinks: severities of its own, and findings that it has looked at and accepted.

use std::collections::BTreeMap;

use super::{Finding, Severity};
use crate::diff::Plain;
use crate::model::glob;

/// Severities and ignores of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// By rule id.
    pub severities: BTreeMap<String, Severity>,
    /// In the order of the file; the first that fits counts.
    pub ignores: Vec<Ignore>,
}

/// Findings that were accepted. What is not given fits everything; `*` stands for any characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignore {
    /// Rule ids.
    pub rule: Option<String>,
    /// Names of hosts, of either side; for files the path as given.
    pub host: Option<String>,
    /// Capability paths, in full.
    pub path: Option<String>,
    /// The value of a change, or its old or new one.
    pub value: Option<String>,
    /// The fingerprint of one finding.
    pub fingerprint: Option<String>,
    /// Why it is accepted, by whom, with what ticket.
    pub reason: String,
    /// The last day on which it holds, as `YYYY-MM-DD`.
    pub expires: Option<String>,
    /// That day is over: it fits nothing any more.
    pub is_expired: bool,
    /// Where it stands, as `FILE:LINE`.
    pub place: String,
}

impl Policy {
    /// The site's severity of a rule.
    #[must_use]
    pub fn severity(&self, rule: &str) -> Option<Severity> {
        self.severities.get(rule).copied()
    }

    /// Why a finding of these hosts is ignored; `None` where it is not.
    #[must_use]
    pub fn ignored(&self, finding: &Finding, names: &[&str]) -> Option<String> {
        let fits = self.ignores.iter().find(|ignore| ignore.fits(finding, names));
        fits.map(|ignore| ignore.reason.clone())
    }

    /// Which ignores are for these hosts: hosts with equal answers are judged alike.
    #[must_use]
    pub fn for_hosts(&self, names: &[&str]) -> Vec<bool> {
        self.ignores.iter().map(|ignore| ignore.is_for(names)).collect()
    }
}

impl Ignore {
    /// Whether it is about one of these hosts.
    #[must_use]
    pub fn is_for(&self, names: &[&str]) -> bool {
        self.host.as_ref().is_none_or(|host| names.iter().any(|name| glob(host, name)))
    }

    /// Whether it means a finding of these hosts, and still holds.
    #[must_use]
    pub fn fits(&self, finding: &Finding, names: &[&str]) -> bool {
        let difference = &finding.difference;
        let is_value = |wanted: &str| {
            let sides = [difference.old.as_ref(), difference.new.as_ref()];
            let sides = sides.into_iter().flatten().any(|side| match side {
                Plain::Text(text) => glob(wanted, text),
                Plain::Number(number) => glob(wanted, &number.to_string()),
                Plain::List(list) => list.iter().any(|member| glob(wanted, member)),
            });
            difference.value.as_deref().is_some_and(|value| glob(wanted, value)) || sides
        };
        let fits = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| glob(wanted, found))
        };
        !self.is_expired
            && fits(&self.rule, finding.rule.id)
            && fits(&self.path, &difference.path)
            && self.fingerprint.as_ref().is_none_or(|wanted| glob(wanted, finding.fingerprint()))
            && self.value.as_deref().is_none_or(is_value)
            && self.is_for(names)
    }
}
