//! Yes, no, and what nobody said: Kleene's logic.

/// An answer in three values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// Nothing says it: absent is not no.
    Unknown,
}

impl From<bool> for Answer {
    fn from(is_so: bool) -> Self {
        if is_so { Self::Yes } else { Self::No }
    }
}

impl std::ops::Not for Answer {
    type Output = Self;

    /// Not of unknown is unknown.
    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl Answer {
    /// The name used in listings and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }

    /// Yes where all are; no where one is, whatever the others.
    #[must_use]
    pub fn all(answers: impl IntoIterator<Item = Self>) -> Self {
        !Self::any(answers.into_iter().map(|answer| !answer))
    }

    /// Yes where one is, whatever the others; no where all are.
    #[must_use]
    pub fn any(answers: impl IntoIterator<Item = Self>) -> Self {
        let mut any = Self::No;
        for answer in answers {
            match answer {
                Self::Yes => return Self::Yes,
                Self::Unknown => any = Self::Unknown,
                Self::No => {}
            }
        }
        any
    }
}

#[cfg(test)]
mod tests {
    use super::Answer::{No, Unknown, Yes};
    use super::*;

    #[test]
    fn what_is_decided_stays_decided_beside_the_unknown() {
        assert_eq!(Answer::any([Unknown, Yes]), Yes);
        assert_eq!(Answer::any([Unknown, No]), Unknown);
        assert_eq!(Answer::all([Unknown, No]), No);
        assert_eq!(Answer::all([Unknown, Yes]), Unknown);
        assert_eq!(Answer::any([]), No);
        assert_eq!(Answer::all([]), Yes);
        assert_eq!(!Unknown, Unknown);
    }
}
