//! Which snapshots of a host are kept, and why: the policy of `domcaps forget`.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Period, State, Tag, Time, Within};

/// How many periods keep one snapshot each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(u64);

impl std::str::FromStr for Count {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.parse()) {
            ("unlimited", _) => Ok(Self(u64::MAX)),
            (_, Ok(count)) => Ok(Self(count)),
            _ => Err("write a number, or unlimited".to_owned()),
        }
    }
}

/// What is kept. The newest snapshot of a host always is.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// So many of the newest.
    pub last: Option<Count>,
    /// The newest of each of the newest periods that have any, so many periods of each length.
    pub periods: Vec<(Period, Count)>,
    /// Everything from then on.
    pub within: Option<Within>,
    /// Everything that has one of these tags.
    pub tags: Vec<Tag>,
    /// Tags alone keep nothing.
    pub drops_tags: bool,
    /// That the content changed keeps nothing.
    pub drops_changes: bool,
}

impl Policy {
    /// Whether there are only numbers, and all of them are 0.
    #[must_use]
    pub fn counts_nothing(&self) -> bool {
        let mut counts = self.last.iter().chain(self.periods.iter().map(|(_, count)| count));
        self.within.is_none() && self.tags.is_empty() && counts.all(|count| count.0 == 0)
    }
}

/// What the policy asks of a snapshot.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// When it was taken.
    pub taken_at: Time,
    /// How far it can be trusted.
    pub state: State,
    /// Its content is other than that of the complete one before.
    pub is_change: bool,
    /// It is what `latest` means.
    pub is_latest: bool,
    /// Its tags.
    pub tags: Vec<String>,
    /// Snapshots of one series are counted together.
    pub series: Option<String>,
}

/// Says for each snapshot of a host, oldest first, why it is kept; for none of the reasons it goes.
///
/// Only complete snapshots are counted: a night on which the host could not be asked takes the place
/// of none on which it answered.
#[must_use]
pub fn reasons(policy: &Policy, history: &[Candidate]) -> Vec<Vec<String>> {
    let mut reasons = vec![Vec::new(); history.len()];
    let mut series: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (at, each) in history.iter().enumerate().rev() {
        series.entry(each.series.as_deref()).or_default().push(at);
    }
    for newest_first in series.values() {
        count(policy, history, newest_first, &mut reasons);
    }
    for (at, each) in history.iter().enumerate() {
        let is_named = |tag: &String| policy.tags.iter().any(|named| named.as_str() == tag);
        for tag in each.tags.iter().filter(|tag| !policy.drops_tags || is_named(tag)) {
            reasons[at].push(format!("tag {tag}"));
        }
    }
    if !policy.drops_changes {
        keep_changes(history, &mut reasons);
    }
    for (at, each) in history.iter().enumerate() {
        if each.is_latest || at + 1 == history.len() {
            reasons[at].push("newest".to_owned());
        }
    }
    reasons
}

/// Keeps by number, period and age within one series.
fn count(
    policy: &Policy,
    history: &[Candidate],
    newest_first: &[usize],
    reasons: &mut [Vec<String>],
) {
    let complete = || newest_first.iter().filter(|at| history[**at].state == State::Complete);
    if let Some(Count(last)) = policy.last {
        for at in complete().take(usize::try_from(last).unwrap_or(usize::MAX)) {
            reasons[*at].push("last".to_owned());
        }
    }
    for (period, Count(most)) in &policy.periods {
        let mut seen = BTreeSet::new();
        for at in complete() {
            let is_new = seen.insert(history[*at].taken_at.period(*period));
            if is_new && seen.len() as u64 <= *most {
                reasons[*at].push(name(*period).to_owned());
            }
        }
    }
    // The host's newest, of whatever series.
    if let (Some(within), Some(newest)) = (&policy.within, history.last()) {
        let from = within.before(newest.taken_at);
        for at in newest_first.iter().filter(|at| history[**at].taken_at >= from) {
            reasons[*at].push(within.to_string());
        }
    }
}

/// Keeps each change of content, and what stood before it: `@prev` and the history need both.
fn keep_changes(history: &[Candidate], reasons: &mut [Vec<String>]) {
    let mut before: Option<usize> = None;
    for (at, each) in history.iter().enumerate() {
        if each.state != State::Complete {
            continue;
        }
        if each.is_change {
            reasons[at].push("change".to_owned());
            if let Some(before) = before {
                reasons[before].push("before change".to_owned());
            }
        }
        before = Some(at);
    }
}

fn name(period: Period) -> &'static str {
    match period {
        Period::Hour => "hourly",
        Period::Day => "daily",
        Period::Week => "weekly",
        Period::Month => "monthly",
        Period::Year => "yearly",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `C` complete and changed, `c` complete, `p` partial, at noon of each day from 2026-01-01 on.
    fn history(states: &str) -> Vec<Candidate> {
        let candidate = |(day, state): (i64, char)| Candidate {
            taken_at: Time::from_milliseconds(1_767_268_800_000 + day * 86_400_000),
            state: if state == 'p' { State::Partial } else { State::Complete },
            is_change: state == 'C',
            is_latest: false,
            tags: Vec::new(),
            series: None,
        };
        (0_i64..).zip(states.chars()).map(candidate).collect()
    }

    fn kept(policy: &Policy, history: &[Candidate]) -> String {
        let reasons = reasons(policy, history);
        reasons.iter().map(|reasons| if reasons.is_empty() { '-' } else { 'k' }).collect()
    }

    fn last(count: u64) -> Policy {
        Policy { last: Some(Count(count)), ..Policy::default() }
    }

    #[test]
    fn changes_and_what_stood_before_them_are_kept() {
        assert_eq!(kept(&last(1), &history("CcccCccC")), "k--kk-kk");
        let all = Policy { drops_changes: true, ..last(1) };
        assert_eq!(kept(&all, &history("CcccCccC")), "-------k");
    }

    #[test]
    fn what_is_not_complete_takes_no_place() {
        assert_eq!(kept(&last(2), &history("Cccpcp")), "k-k-kk");
        // What stood before a change is the complete one.
        assert_eq!(kept(&last(1), &history("CcpCp")), "kk-kk");
    }

    #[test]
    fn the_newest_of_each_period() {
        let weekly = Policy { periods: vec![(Period::Week, Count(2))], ..Policy::default() };
        // Thursday the 1st to Wednesday the 14th.
        assert_eq!(kept(&weekly, &history("cccccccccccccc")), "----------k--k");
        let empty = Policy { periods: vec![(Period::Day, Count(0))], ..Policy::default() };
        assert_eq!(kept(&empty, &history("ccc")), "--k");
    }

    #[test]
    fn within_is_counted_from_the_host_s_newest() {
        let within = Policy { within: Some("2d".parse().unwrap()), ..Policy::default() };
        assert_eq!(kept(&within, &history("ccpcp")), "--kkk");
        let mut series = history("cccccc");
        for each in &mut series[..4] {
            each.series = Some("9.0.0".to_owned());
        }
        assert_eq!(kept(&within, &series), "---kkk");
    }

    #[test]
    fn tags_keep_unless_they_are_dropped() {
        let mut history = history("cccc");
        history[0].tags = vec!["a".to_owned()];
        history[1].tags = vec!["b".to_owned()];
        assert_eq!(kept(&last(1), &history), "kk-k");
        let drop = Policy { drops_tags: true, tags: vec!["b".parse().unwrap()], ..last(1) };
        assert_eq!(kept(&drop, &history), "-k-k");
    }

    #[test]
    fn each_series_is_counted_alone() {
        let mut history = history("cccc");
        for each in &mut history[..2] {
            each.series = Some("9.0.0".to_owned());
        }
        assert_eq!(kept(&last(1), &history), "-k-k");
    }
}
