//! Exit codes, and every error as one line with a hint.

use std::process::ExitCode;

use crate::config::ConfigError;
use crate::fleet::MatrixError;
use crate::ingest::IngestError;
use crate::model::SelectError;
use crate::operand::OperandError;
use crate::release::CatalogueError;
use crate::side::SideError;
use crate::source::SourceError;
use crate::store::StoreError;

/// How domcaps ends. The numbers are documented in the README and do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done.
    Done,
    /// It failed, or nothing of what was asked could be done.
    Failed,
    /// Wrong usage.
    Usage,
    /// Partly done: what failed is named on stderr, the rest is stored or shown.
    Partly,
    /// `--fail-on` found something at or above its level.
    Found,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Partly => 3,
            Exit::Found => 10,
        })
    }
}

/// Why a command ends without its result.
#[derive(Debug)]
pub(super) enum Failure {
    /// What went wrong and where; what to do.
    Error { message: String, hint: Option<String>, exit: Exit },
    /// Whoever read the output has seen enough.
    ClosedPipe,
}

impl Failure {
    pub(super) fn new(message: &impl ToString) -> Self {
        Self::Error { message: message.to_string(), hint: None, exit: Exit::Failed }
    }

    pub(super) fn usage(message: &impl ToString) -> Self {
        Self::Error { message: message.to_string(), hint: None, exit: Exit::Usage }
    }

    /// Whether it concerns the whole command, and not one of several operands.
    pub(super) fn is_final(&self) -> bool {
        !matches!(self, Self::Error { exit: Exit::Failed, .. })
    }

    pub(super) fn with_hint(self, text: &str) -> Self {
        match self {
            Self::Error { message, exit, .. } => {
                Self::Error { message, hint: Some(text.to_owned()), exit }
            }
            Self::ClosedPipe => self,
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::ClosedPipe;
        }
        Self::new(&format!("cannot write the output: {error}"))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let failure = Self::new(&error);
        match error {
            StoreError::Missing { .. } => failure
                .with_hint("`domcaps demo` makes one with two hosts, `domcaps collect` and `domcaps import` one with yours; --db names another"),
            StoreError::Empty { .. } => failure.with_hint("`domcaps collect` and `domcaps import --host NAME PATH` store one"),
            StoreError::UnknownHost { .. } => failure.with_hint("`domcaps hosts` lists all"),
            StoreError::NoSnapshot { .. } => failure.with_hint("`domcaps snapshots HOST` lists them"),
            StoreError::AmbiguousId { .. } => failure.with_hint("write more digits"),
            StoreError::NotOurs { .. } | StoreError::NotAFile { .. } => {
                failure.with_hint("--db names another file")
            }
            StoreError::Leftover { .. } => failure.with_hint("put back the database that it belongs to; or, if no process uses it, move it away"),
            StoreError::Linked { .. } => failure.with_hint("remove the other names, or work with a copy that `domcaps backup` makes"),
            StoreError::Mounted { .. } => failure.with_hint("mount the folder that the database is in (docs/upkeep.md)"),
            StoreError::Replaced { .. } => failure.with_hint("run it again; only a database that nobody uses can be moved or removed"),
            StoreError::TooNew { .. } => failure.with_hint("a newer domcaps reads it; nothing was changed"),
            StoreError::Locked { .. } => failure.with_hint("try again when the other process is done"),
            StoreError::Damaged { .. } => failure.with_hint("restore the file from a backup"),
            StoreError::OtherContent { .. } => failure.with_hint("nothing was stored; give another --at"),
            StoreError::Full { .. } => failure.with_hint("free some space and try again"),
            StoreError::Io { .. } | StoreError::NotWritable { .. } => {
                failure.with_hint("the database and its folder must be writable; --db names another file")
            }
            StoreError::HostExists { .. } => {
                failure.with_hint("nothing was renamed; hosts are not merged: their histories would mix")
            }
            StoreError::NotTagged { .. } => failure.with_hint("nothing was changed; `domcaps snapshots HOST` lists tags"),
            StoreError::Exists { .. } => failure.with_hint("give another name, or --force to replace it"),
            StoreError::InUse { .. } => failure.with_hint("give another name"),
            StoreError::Sql { .. } => failure,
        }
    }
}

impl From<IngestError> for Failure {
    fn from(error: IngestError) -> Self {
        match error {
            IngestError::Store(error) => error.into(),
            other => Self::new(&other),
        }
    }
}

impl From<SideError> for Failure {
    fn from(error: SideError) -> Self {
        match error {
            SideError::Store(error) => error.into(),
            SideError::NoTarget { .. } => {
                Self::new(&error).with_hint("`domcaps machines HOST` lists machines and aliases")
            }
            other => Self::new(&other),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(&error)
            .with_hint("nothing was judged; docs/judging.md says what the file can hold")
    }
}

impl From<CatalogueError> for Failure {
    fn from(error: CatalogueError) -> Self {
        let failure = Self::new(&error);
        match error {
            CatalogueError::Unknown { .. } => failure
                .with_hint("`domcaps release list` lists them, `domcaps release import` adds one"),
            _ => failure,
        }
    }
}

impl From<OperandError> for Failure {
    fn from(error: OperandError) -> Self {
        Self::usage(&error)
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        let failure = Self::new(&error);
        match &error {
            SourceError::OneHost { path, .. } => failure.with_hint(&format!(
                "nothing was stored; write `domcaps import --host NAME {}`, or name the folder above it",
                path.display()
            )),
            _ => failure,
        }
    }
}

impl From<MatrixError> for Failure {
    fn from(error: MatrixError) -> Self {
        match error {
            MatrixError::Select(error) => error.into(),
            MatrixError::NoValue { .. } => Self::usage(&error),
        }
    }
}

impl From<SelectError> for Failure {
    fn from(error: SelectError) -> Self {
        let hint = match error {
            SelectError::Unknown { .. } => {
                "`domcaps show HOST:MACHINE --format json` lists all paths of a document"
            }
            SelectError::Ambiguous { .. } => "a full path is never ambiguous",
        };
        Self::new(&error).with_hint(hint)
    }
}
