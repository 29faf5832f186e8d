//! Where something stands in a text.

/// Line and column of a byte, both from 1; columns are characters.
#[must_use]
pub fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let column = before.chars().rev().take_while(|each| *each != '\n').count() + 1;
    (before.matches('\n').count() + 1, column)
}
