//! Files that could not be used.

use std::path::PathBuf;

use thiserror::Error;

use crate::parse::ParseError;

/// A file that was left out.
#[derive(Debug, Error)]
#[error("{}:{error}", path.display())]
pub struct BadFile {
    /// The file.
    pub path: PathBuf,
    /// Line, column and reason.
    pub error: ParseError,
}
