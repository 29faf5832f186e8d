//! Names and numbers as people read them.

use std::cmp::Ordering;

/// The order in which `2.9` comes before `2.10`: digits as numbers, all else as text.
#[must_use]
pub fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    loop {
        match (left.chars().next(), right.chars().next()) {
            (None, None) => return a.cmp(b),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (number, rest) = digits(left);
                let (other, other_rest) = digits(right);
                let by_number = number.len().cmp(&other.len()).then_with(|| number.cmp(other));
                if by_number.is_ne() {
                    return by_number;
                }
                (left, right) = (rest, other_rest);
            }
            (Some(x), Some(y)) if x == y => {
                (left, right) = (&left[x.len_utf8()..], &right[y.len_utf8()..]);
            }
            (Some(x), Some(y)) => return x.cmp(&y),
        }
    }
}

/// The releases after which Ubuntu names machine types of its own, oldest first (its qemu,
/// `debian/patches/ubuntu`).
pub const UBUNTU_RELEASES: [&str; 25] = [
    "trusty", "utopic", "vivid", "wily", "xenial", "yakkety", "zesty", "artful", "bionic",
    "cosmic", "disco", "eoan", "focal", "groovy", "hirsute", "impish", "jammy", "kinetic", "lunar",
    "mantic", "noble", "oracular", "plucky", "questing", "resolute",
];

/// The order of a family's machine types: numbers as versions, then Ubuntu's names by release.
#[must_use]
pub fn version_order(a: &str, b: &str) -> Ordering {
    let release = |version: &str| {
        let name = version.split('-').next().unwrap_or_default();
        UBUNTU_RELEASES.iter().position(|release| *release == name)
    };
    // `None` comes first: other names among those of releases would stand in two places at once.
    release(a).cmp(&release(b)).then_with(|| natural_order(a, b))
}

/// The digits at the beginning, without leading zeros, and what follows them.
fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|each: char| !each.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].trim_start_matches('0'), &text[end..])
}

/// The first `most` names, and how many more there are: `a, b and 2 more`.
pub fn some_of<N>(names: N, most: usize) -> String
where
    N: IntoIterator<IntoIter: ExactSizeIterator, Item: AsRef<str>>,
{
    let names = names.into_iter();
    let more = names.len().saturating_sub(most);
    let mut text = String::new();
    for name in names.take(most) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(name.as_ref());
    }
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

/// `1 host`, `400 hosts`, `1 body`, `2 bodies`: a count with its noun, given in the singular.
#[must_use]
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {}", noun_for(count, noun))
}

/// The noun alone, as it agrees with the count.
#[must_use]
pub fn noun_for(count: usize, noun: &str) -> String {
    match noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u'])) {
        _ if count == 1 => noun.to_owned(),
        Some(stem) => format!("{stem}ies"),
        None if noun.ends_with(['s', 'x']) => format!("{noun}es"),
        None => format!("{noun}s"),
    }
}

/// The singular of a noun that is given in the plural: `bodies`, `hosts`.
#[must_use]
pub fn singular(plural: &str) -> String {
    match plural.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => plural.strip_suffix('s').unwrap_or(plural).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_cut_with_a_count() {
        assert_eq!(some_of([""; 0], 2), "");
        assert_eq!(some_of(["a", "b"], 2), "a, b");
        assert_eq!(some_of(["a", "b", "c"], 2), "a, b and 1 more");
    }

    #[test]
    fn versions_sort_as_versions() {
        let mut names = ["pc-2.10", "pc-2.9", "pc", "pc-10.0", "pc-2.9-hpb", "pc-2.09", "pc-a"];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(names, ["pc", "pc-2.09", "pc-2.9", "pc-2.9-hpb", "pc-2.10", "pc-10.0", "pc-a"]);
    }

    #[test]
    fn names_of_releases_sort_by_age() {
        let mut names = ["artful", "zesty", "bionic-hpb", "2.12", "bionic", "noble-v2", "10.2"];
        names.sort_by(|a, b| version_order(a, b));
        assert_eq!(names, ["2.12", "10.2", "zesty", "artful", "bionic", "bionic-hpb", "noble-v2"]);
    }

    #[test]
    fn any_names_have_one_order() {
        let names = ["artful", "mid", "zesty", "1", "01", "1a", "a", "", "zz", "noble-2", "-"];
        for a in names {
            for b in names {
                assert_eq!(version_order(a, b), version_order(b, a).reverse(), "{a} {b}");
                for c in names {
                    let row = version_order(a, b).is_lt() && version_order(b, c).is_lt();
                    assert!(!row || version_order(a, c).is_lt(), "{a} {b} {c}");
                }
            }
        }
    }

    #[test]
    fn counts_agree_with_their_nouns() {
        for (count, noun, text) in [
            (1, "host", "1 host"),
            (0, "host", "0 hosts"),
            (2, "body", "2 bodies"),
            (1, "body", "1 body"),
            (3, "day", "3 days"),
            (2, "alias", "2 aliases"),
        ] {
            assert_eq!(counted(count, noun), text);
        }
    }
}
