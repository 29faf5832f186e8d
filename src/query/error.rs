//! What is wrong with an expression, and where.

use thiserror::Error;

/// An expression that cannot be read, or that names what there is not.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("column {column}: {message}")]
pub struct QueryError {
    /// Characters up to the place, counted from 1.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
    /// It cannot be read at all; else it names what is not stored.
    pub is_syntax: bool,
}

impl QueryError {
    /// An error at a byte of the text.
    pub(super) fn new(text: &str, at: usize, message: impl Into<String>) -> Self {
        let column = text[..at.min(text.len())].chars().count() + 1;
        Self { column, message: message.into(), is_syntax: false }
    }

    pub(super) fn syntax(self) -> Self {
        Self { is_syntax: true, ..self }
    }
}
