//! What someone may have meant.

/// The name that takes the fewest edits, where it takes no more than half of the letters wanted.
#[must_use]
pub fn nearest_name<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let wanted: String = wanted.to_lowercase().chars().take(64).collect();
    let scored = names.into_iter().map(|name| (strsim::levenshtein(&wanted, name), name));
    let (count, name) = scored.min()?;
    (count <= wanted.chars().count() / 2).then_some(name)
}

/// How many letters differ, whatever their case; two that changed places count once.
#[must_use]
pub fn letters_apart(one: &str, other: &str) -> usize {
    strsim::osa_distance(&one.to_ascii_lowercase(), &other.to_ascii_lowercase())
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
