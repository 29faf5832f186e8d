//! Files that could not be used, and what they leave unknown.
//!
//! A document that is bad but still says which target it is about counts as a target that did not
//! answer. A file that says nothing makes what is missing mean nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use thiserror::Error;

use crate::model::{State, Target};
use crate::parse::{self, ParseError};
use crate::source::Input;

/// A file that was left out.
#[derive(Debug, Error)]
#[error("{}:{error}", path.display())]
pub struct BadFile {
    /// The file.
    pub path: PathBuf,
    /// Line, column and reason.
    pub error: ParseError,
}

/// The bad files among those of one host.
#[derive(Debug, Default)]
pub struct BadFiles {
    /// Each with its reason.
    pub files: Vec<BadFile>,
    /// Targets whose document is bad, with the reason: not answered, but not lost either.
    pub targets: BTreeMap<Target, String>,
    /// Some file does not say what it was about.
    pub misses_something: bool,
}

impl BadFiles {
    /// Notes a document that is bad.
    pub fn document(&mut self, input: &Input, error: ParseError) {
        match parse::split(&input.bytes) {
            Some(head) => drop(self.targets.insert(head.target, error.to_string())),
            None => self.misses_something = true,
        }
        self.files.push(BadFile { path: input.path.clone(), error });
    }

    /// Notes another file that is bad.
    pub fn other(&mut self, bad: BadFile) {
        self.misses_something = true;
        self.files.push(bad);
    }

    /// How far the rest can be trusted.
    #[must_use]
    pub fn state(&self) -> State {
        if self.misses_something { State::Partial } else { State::Complete }
    }
}
