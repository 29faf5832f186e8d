//! What someone may have meant.

/// The name that takes the fewest edits, where it takes no more than half of the letters wanted.
#[must_use]
pub fn nearest_name<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let wanted: Vec<char> = wanted.to_lowercase().chars().take(64).collect();
    let scored = names.into_iter().map(|name| (edits(&wanted, name), name));
    let (count, name) = scored.min()?;
    (count <= wanted.len() / 2).then_some(name)
}

/// Letters to put in, take out or replace (Levenshtein).
fn edits(wanted: &[char], name: &str) -> usize {
    let mut row: Vec<usize> = (0..=wanted.len()).collect();
    for (line, letter) in name.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for at in 0..wanted.len() {
            let replaced = diagonal + usize::from(wanted[at] != letter);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[wanted.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_keys_is_understood_and_another_word_is_not() {
        let names = ["capability", "latest_capability", "machine", "snapshot"];
        assert_eq!(nearest_name("capabilities", names), Some("capability"));
        assert_eq!(nearest_name("Snapshots", names), Some("snapshot"));
        assert_eq!(nearest_name("guest", names), None);
        assert_eq!(nearest_name("", names), None);
    }
}
