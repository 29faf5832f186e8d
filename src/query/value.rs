//! Comparing what a host says with what is wanted.

use std::cmp::Ordering;

use super::answer::Answer;
use crate::model::{Kind, Value, glob};

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `=`: the same; for a set or list, holds it.
    Equal,
    /// `~`: fits a pattern with `*`.
    Fits,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
}

impl Operator {
    /// As it is written; its opposite where there is a sign for it.
    #[must_use]
    pub fn name(self, is_not: bool) -> &'static str {
        match (self, is_not) {
            (Self::Equal, false) => "=",
            (Self::Equal, true) => "!=",
            (Self::Fits, false) => "~",
            (Self::Fits, true) => "!~",
            (Self::Less, _) => "<",
            (Self::AtMost, _) => "<=",
            (Self::More, _) => ">",
            (Self::AtLeast, _) => ">=",
        }
    }

    /// Whether it asks which of two is more.
    #[must_use]
    pub fn is_order(self) -> bool {
        !matches!(self, Self::Equal | Self::Fits)
    }
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// How.
    pub operator: Operator,
    /// With what.
    pub text: String,
}

impl Wanted {
    /// What a stored value of some kind answers; its members, or its one text.
    #[must_use]
    pub fn of_stored(&self, kind: Kind, members: &[String]) -> Answer {
        let mut members = members.iter().map(String::as_str);
        match kind {
            Kind::Null => Answer::Unknown,
            Kind::Set | Kind::List => members.any(|member| self.is_met_by(member)).into(),
            Kind::Text => self.of_text(members.next().unwrap_or_default()),
            Kind::Support | Kind::Number => {
                self.is_met_by(members.next().unwrap_or_default()).into()
            }
        }
    }

    /// What a value of a document answers.
    #[must_use]
    pub fn of_value(&self, value: Value<'_>) -> Answer {
        match value {
            Value::Null => Answer::Unknown,
            Value::Support(yes) => self.is_met_by(if yes { "yes" } else { "no" }).into(),
            Value::Number(number) => self.is_met_by(&number.to_string()).into(),
            Value::Text(text) => self.of_text(text),
            Value::Set(members) | Value::List(members) => {
                members.iter().any(|member| self.is_met_by(member)).into()
            }
        }
    }

    /// `unknown` is libvirt's word for not knowing whether yes or no (`usable` of a CPU model).
    fn of_text(&self, text: &str) -> Answer {
        if text == "unknown" && !self.is_met_by(text) {
            let is_either = self.is_met_by("yes") || self.is_met_by("no");
            return if is_either { Answer::Unknown } else { Answer::No };
        }
        self.is_met_by(text).into()
    }

    /// Whether a text is as wanted.
    #[must_use]
    pub fn is_met_by(&self, text: &str) -> bool {
        match self.operator {
            Operator::Equal => text == self.text,
            Operator::Fits => glob(&self.text, text),
            _ => self.is_order(order(text, &self.text)),
        }
    }

    /// Whether a machine's name is as wanted: versions of one family are compared.
    #[must_use]
    pub fn is_met_by_machine(&self, name: &str) -> bool {
        if !self.operator.is_order() {
            return self.is_met_by(name);
        }
        let (mine, wanted) = (family(name), family(&self.text));
        mine.0 == wanted.0 && self.is_order(order(mine.1, wanted.1))
    }

    fn is_order(&self, order: Option<Ordering>) -> bool {
        order.is_some_and(|order| match self.operator {
            Operator::Less => order.is_lt(),
            Operator::AtMost => order.is_le(),
            Operator::More => order.is_gt(),
            Operator::AtLeast => order.is_ge(),
            Operator::Equal | Operator::Fits => false,
        })
    }
}

/// A machine's name before and from its version: `pc-q35`, `7.2`.
fn family(machine: &str) -> (&str, &str) {
    let is_version = |at: &usize| machine[at + 1..].starts_with(|it: char| it.is_ascii_digit());
    let dash = machine.match_indices('-').map(|(at, _)| at).find(is_version);
    dash.map_or((machine, ""), |at| (&machine[..at], &machine[at + 1..]))
}

/// Numbers by their size, else versions run by run of digits and text: `9.10` is more than `9.9`.
/// None where the two have nothing in common to compare.
fn order(text: &str, wanted: &str) -> Option<Ordering> {
    if let (Value::Number(text), Value::Number(wanted)) =
        (Value::of_text(text), Value::of_text(wanted))
    {
        return Some(text.cmp(&wanted));
    }
    // `QEMU 10.0.13` beside `10.0`: what stands behind the name of the product.
    let text = match text.rsplit_once(' ') {
        Some((_, version)) if !wanted.contains(' ') => version,
        _ => text,
    };
    let (mut mine, mut other) = (runs(text).peekable(), runs(wanted).peekable());
    let begins_with_digit = |run: Option<&&str>| run.is_some_and(|run| is_digits(run));
    if begins_with_digit(mine.peek()) != begins_with_digit(other.peek()) {
        return None;
    }
    let mut is_first = true;
    loop {
        let ordering = match (mine.next(), other.next()) {
            (None, None) => return Some(Ordering::Equal),
            (Some(rest), None) => return Some(rest_order(std::iter::once(rest).chain(mine))),
            (None, Some(rest)) => {
                return Some(rest_order(std::iter::once(rest).chain(other)).reverse());
            }
            (Some(mine), Some(other)) if is_digits(mine) => by_size(mine, other),
            (Some(mine), Some(other)) if is_first && mine != other => return None,
            (Some(mine), Some(other)) => mine.cmp(other),
        };
        if ordering.is_ne() {
            return Some(ordering);
        }
        is_first = false;
    }
}

/// What one has and the other has not: nothing, where it is `.0`.
fn rest_order<'t>(mut rest: impl Iterator<Item = &'t str>) -> Ordering {
    let is_nothing = |run: &str| run == "." || run.bytes().all(|digit| digit == b'0');
    if rest.all(is_nothing) { Ordering::Equal } else { Ordering::Greater }
}

/// Runs of digits and of all else.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let is_digit = rest.chars().next()?.is_ascii_digit();
        let end = rest.find(|letter: char| letter.is_ascii_digit() != is_digit);
        let (run, behind) = rest.split_at(end.unwrap_or(rest.len()));
        rest = behind;
        Some(run)
    })
}

fn is_digits(run: &str) -> bool {
    run.starts_with(|first: char| first.is_ascii_digit())
}

/// Digits of any number by size.
fn by_size(mine: &str, other: &str) -> Ordering {
    let (mine, other) = (mine.trim_start_matches('0'), other.trim_start_matches('0'));
    mine.len().cmp(&other.len()).then_with(|| mine.cmp(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_less(text: &str, wanted: &str) -> bool {
        Wanted { operator: Operator::Less, text: wanted.to_owned() }.is_met_by(text)
    }

    #[test]
    fn numbers_and_versions_by_size() {
        for (less, more) in [
            ("9", "10"),
            ("-1", "0"),
            ("9.9.0", "9.10"),
            ("10.8.0", "10.9"),
            ("6.1.0-18-amd64", "6.2"),
            ("QEMU 9.2.1", "10.0"),
            ("9223372036854775807", "9223372036854775808"),
        ] {
            assert!(is_less(less, more), "{less} < {more}");
            assert!(!is_less(more, less) || less.contains(' '), "{more} < {less}");
        }
        for (same, other) in
            [("10.9.0", "10.9"), ("10.9", "10.9.0"), ("abc", "1"), ("1", "abc"), ("", "1")]
        {
            assert!(!is_less(same, other), "{same} < {other}");
        }
        assert!(Wanted { operator: Operator::AtMost, text: "10.9".into() }.is_met_by("10.9.0"));
    }

    #[test]
    fn machines_of_another_family_are_neither_less_nor_more() {
        let wanted = |operator| Wanted { operator, text: "pc-q35-6.0".into() };
        assert!(wanted(Operator::Less).is_met_by_machine("pc-q35-5.2"));
        assert!(wanted(Operator::More).is_met_by_machine("pc-q35-10.0"));
        for other in ["pc-i440fx-5.2", "pc-q35-rhel7.6.0", "microvm", "q35"] {
            assert!(!wanted(Operator::Less).is_met_by_machine(other), "{other}");
            assert!(!wanted(Operator::AtLeast).is_met_by_machine(other), "{other}");
        }
    }

    #[test]
    fn unknown_is_libvirt_s_word_for_it() {
        let asked = |operator, text: &str| {
            Wanted { operator, text: text.into() }.of_value(Value::Text("unknown"))
        };
        assert_eq!(asked(Operator::Equal, "yes"), Answer::Unknown);
        assert_eq!(asked(Operator::Equal, "unknown"), Answer::Yes);
        assert_eq!(asked(Operator::Equal, "EPYC"), Answer::No);
        assert_eq!(asked(Operator::Fits, "n*"), Answer::Unknown);
        assert_eq!(asked(Operator::Fits, "*"), Answer::Yes);
    }
}
