//! The answers of many guests on many hosts.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::read::GuestFile;
use super::verdict::{Answer, Checked, Named, Reason, Verdict};
use crate::model::HostFreshness;

/// One question that all guests are asked: whether they start on a host, or migrate to it.
#[derive(Clone, Debug)]
pub struct GuestColumn {
    /// Where the guests are before they migrate.
    pub from: Option<Named>,
    /// Where they are to run.
    pub host: Named,
    /// The way leads back to the host that all others begin at.
    pub is_back: bool,
    /// The verdict on each guest; hosts that are alike share them.
    pub verdicts: Rc<Vec<Verdict>>,
}

/// Guests against hosts: a row for each guest, a column for each question.
#[derive(Clone, Debug, Default)]
pub struct GuestTable {
    /// The guests, in the order in which they were given.
    pub guests: Vec<GuestFile>,
    /// What each guest is called; with its file, where that is not unique.
    pub names: Vec<String>,
    /// The questions, in the order of the hosts.
    pub columns: Vec<GuestColumn>,
    /// How current each host is that is asked about now.
    pub freshness: Vec<HostFreshness>,
}

/// Guests that get the same answer for the same reasons, on the same hosts.
#[derive(Debug)]
pub struct VerdictGroup<'t> {
    /// The answer and its reasons.
    pub verdict: &'t Verdict,
    /// Whether the ways lead back; see [`GuestColumn::is_back`].
    pub is_back: bool,
    /// The guests, by their place in the table.
    pub guests: Vec<usize>,
    /// The columns, by their place in the table.
    pub columns: Vec<usize>,
}

/// Columns in which every guest has the same answer.
#[derive(Debug)]
pub struct ColumnGroup {
    /// Whether the ways lead back; see [`GuestColumn::is_back`].
    pub is_back: bool,
    /// The columns, by their place in the table; at least one.
    pub columns: Vec<usize>,
}

/// What a verdict says, but for the target.
type VerdictKey<'t> = (Answer, &'t [Reason], &'t [String], bool);

/// The columns of each guest.
type ColumnsByGuest = BTreeMap<usize, Vec<usize>>;

impl GuestTable {
    /// A table without columns.
    #[must_use]
    pub fn new(guests: Vec<GuestFile>) -> Self {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for file in &guests {
            *counts.entry(&file.guest.name).or_default() += 1;
        }
        let name = |file: &GuestFile| match &*file.guest.name {
            "" => file.path.display().to_string(),
            name if counts[name] > 1 => format!("{name} ({})", file.path.display()),
            name => name.to_owned(),
        };
        let names = guests.iter().map(name).collect();
        Self { guests, names, columns: Vec::new(), freshness: Vec::new() }
    }

    /// The results of one guest, worst first.
    #[must_use]
    pub fn results(&self, guest: usize) -> Vec<Checked> {
        let mut results: Vec<Checked> = self
            .columns
            .iter()
            .filter_map(|column| {
                let verdict = column.verdicts.get(guest)?.clone();
                Some(Checked { from: column.from.clone(), host: column.host.clone(), verdict })
            })
            .collect();
        results.sort_by_key(|result| result.verdict.answer);
        results
    }

    /// The answer of a guest in a column.
    #[must_use]
    pub fn answer(&self, guest: usize, column: usize) -> Option<Answer> {
        Some(self.columns.get(column)?.verdicts.get(guest)?.answer)
    }

    /// The worst answer of a guest.
    #[must_use]
    pub fn worst_of(&self, guest: usize) -> Option<Answer> {
        (0..self.columns.len()).filter_map(|column| self.answer(guest, column)).min()
    }

    /// The worst answer of all.
    #[must_use]
    pub fn worst(&self) -> Option<Answer> {
        self.columns.iter().flat_map(|column| column.verdicts.iter()).map(|it| it.answer).min()
    }

    /// How many answers are this one.
    #[must_use]
    pub fn count(&self, answer: Answer) -> usize {
        let verdicts = self.columns.iter().flat_map(|column| column.verdicts.iter());
        verdicts.filter(|verdict| verdict.answer == answer).count()
    }

    /// Columns that share their verdicts, with the place of each.
    fn alike(&self) -> Vec<(&GuestColumn, Vec<usize>)> {
        let mut known: HashMap<(*const Vec<Verdict>, bool), usize> = HashMap::new();
        let mut alike: Vec<(&GuestColumn, Vec<usize>)> = Vec::new();
        for (place, column) in self.columns.iter().enumerate() {
            let key = (Rc::as_ptr(&column.verdicts), column.is_back);
            let at = *known.entry(key).or_insert(alike.len());
            match alike.get_mut(at) {
                Some((_, places)) => places.push(place),
                None => alike.push((column, vec![place])),
            }
        }
        alike
    }

    /// Columns that are equal for every guest, in the order in which they come up.
    #[must_use]
    pub fn column_groups(&self) -> Vec<ColumnGroup> {
        let mut known: HashMap<(Vec<Answer>, bool), usize> = HashMap::new();
        let mut groups: Vec<ColumnGroup> = Vec::new();
        for (column, places) in self.alike() {
            let answers = column.verdicts.iter().map(|verdict| verdict.answer).collect();
            let at = *known.entry((answers, column.is_back)).or_insert(groups.len());
            match groups.get_mut(at) {
                Some(group) => group.columns.extend(places),
                None => groups.push(ColumnGroup { is_back: column.is_back, columns: places }),
            }
        }
        for group in &mut groups {
            group.columns.sort_unstable();
        }
        groups.sort_by_key(|group| group.columns.first().copied());
        groups
    }

    /// Everything that has a reason or a note, worst first, then what concerns most first.
    #[must_use]
    pub fn verdict_groups(&self) -> Vec<VerdictGroup<'_>> {
        let mut known: HashMap<VerdictKey<'_>, usize> = HashMap::new();
        let mut found: Vec<(&Verdict, bool, ColumnsByGuest)> = Vec::new();
        for (column, places) in self.alike() {
            for (guest, verdict) in column.verdicts.iter().enumerate() {
                if verdict.reasons.is_empty() && verdict.notes.is_empty() {
                    continue;
                }
                let key = (verdict.answer, &*verdict.reasons, &*verdict.notes, column.is_back);
                let at = *known.entry(key).or_insert(found.len());
                if at == found.len() {
                    found.push((verdict, column.is_back, BTreeMap::new()));
                }
                if let Some((_, _, guests)) = found.get_mut(at) {
                    guests.entry(guest).or_default().extend(&places);
                }
            }
        }
        let mut groups = Vec::new();
        for (verdict, is_back, guests) in found {
            let mut by_columns: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
            for (guest, mut columns) in guests {
                columns.sort_unstable();
                by_columns.entry(columns).or_default().push(guest);
            }
            let group = |(columns, guests)| VerdictGroup { verdict, is_back, guests, columns };
            groups.extend(by_columns.into_iter().map(group));
        }
        groups.sort_by_key(|group| {
            let pairs = group.guests.len() * group.columns.len();
            (group.verdict.answer, Reverse(pairs), group.guests.clone(), group.columns.clone())
        });
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Guest;
    use crate::side::Origin;

    fn named(name: &str) -> Named {
        Named { name: name.to_owned(), origin: Origin::default() }
    }

    fn table(guests: &[&str], columns: &[(&str, &[&str])]) -> GuestTable {
        let file = |name: &&str| GuestFile {
            path: format!("{name}.xml").into(),
            guest: Guest { name: (*name).to_owned(), ..Guest::default() },
        };
        let mut table = GuestTable::new(guests.iter().map(file).collect());
        for (host, reasons) in columns {
            let verdict = |reason: &&str| match *reason {
                "" => Verdict::new(None, Vec::new(), Vec::new()),
                text => {
                    Verdict::new(None, vec![Reason::no("e", None, text.to_owned())], Vec::new())
                }
            };
            let verdicts = Rc::new(reasons.iter().map(verdict).collect());
            let (from, host) = (None, named(host));
            table.columns.push(GuestColumn { from, host, is_back: false, verdicts });
        }
        table
    }

    #[test]
    fn equal_reasons_stand_together_where_the_hosts_are_the_same() {
        let table = table(
            &["a", "b", "c"],
            &[("x", &["r", "r", ""]), ("y", &["r", "r", "r"]), ("z", &["", "", "s"])],
        );
        let groups = table.verdict_groups();
        let said: Vec<_> = groups
            .iter()
            .map(|it| (&*it.verdict.reasons[0].text, &*it.guests, &*it.columns))
            .collect();
        let expected: [(&str, &[usize], &[usize]); 3] =
            [("r", &[0, 1], &[0, 1]), ("r", &[2], &[1]), ("s", &[2], &[2])];
        assert_eq!(said, expected);
        assert_eq!((table.count(Answer::No), table.count(Answer::Yes)), (6, 3));
        assert_eq!(table.worst_of(0), Some(Answer::No));
    }

    #[test]
    fn columns_are_one_where_all_answers_are_equal_whatever_the_reasons() {
        let columns: [(&str, &[&str]); 4] =
            [("x", &["r", ""]), ("y", &["", ""]), ("z", &["s", ""]), ("w", &["", ""])];
        let table = table(&["a", "b"], &columns);
        let groups = table.column_groups();
        let places: Vec<_> = groups.iter().map(|group| &*group.columns).collect();
        assert_eq!(places, [&[0, 2], &[1, 3]]);
    }

    #[test]
    fn guests_of_one_name_are_told_apart_by_their_files() {
        let names = table(&["a", "b", "a", ""], &[]).names;
        assert_eq!(names, ["a (a.xml)", "b", "a (a.xml)", ".xml"]);
    }

    #[test]
    fn results_of_a_guest_are_worst_first() {
        let table = table(&["a"], &[("x", &[""]), ("y", &["r"]), ("z", &[""])]);
        let hosts: Vec<String> = table.results(0).into_iter().map(|it| it.host.name).collect();
        assert_eq!(hosts, ["y", "x", "z"]);
    }
}
