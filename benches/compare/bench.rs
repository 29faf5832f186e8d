//! What every section has at hand.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::arguments::Arguments;
use crate::corpus::Corpus;
use crate::machine;
use crate::python::Python;
use crate::report::Report;

/// The program that is measured.
pub(crate) const DOMCAPS: &str = env!("CARGO_BIN_EXE_domcaps");

pub(crate) struct Bench {
    pub(crate) arguments: Box<Arguments>,
    pub(crate) corpus: Corpus,
    pub(crate) report: Report,
    /// Python with the packages that the peers need, or why there is none.
    pub(crate) python: Result<Python, String>,
}

impl Bench {
    pub(crate) fn new(arguments: Box<Arguments>) -> Self {
        let load = machine::load();
        std::fs::create_dir_all(&arguments.folder).unwrap();
        let corpus = Corpus::find(arguments.corpus.as_deref());
        let python = Python::prepare(&arguments.folder);
        let mut report = Report::default();
        report.machine = machine::machine(load);
        report.versions = machine::versions(python.as_ref().ok());
        report.corpus = corpus.description();
        report.rounds = arguments.rounds;
        report.heavy_rounds = arguments.heavy_rounds;
        Self { arguments, corpus, report, python }
    }

    /// Where a file of that name is to be made: what was there is gone.
    pub(crate) fn fresh(&self, name: &str) -> PathBuf {
        let path = self.arguments.folder.join(name);
        remove(&path);
        path
    }

    /// A call of domcaps on a database; its result goes nowhere.
    pub(crate) fn domcaps(&self, database: &Path) -> Command {
        let mut command = Command::new(DOMCAPS);
        command.current_dir(&self.arguments.folder).env_remove("DOMCAPS_DB");
        command.arg("--db").arg(database).arg("--quiet");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    /// Writes what is known so far.
    pub(crate) fn save(&self) {
        std::fs::write(&self.arguments.text, self.report.text()).unwrap();
        let json = serde_json::to_string_pretty(&self.report).unwrap() + "\n";
        std::fs::write(&self.arguments.json, json).unwrap();
    }
}

/// Removes a folder, or a file with the logs of SQLite beside it.
pub(crate) fn remove(path: &Path) {
    if path.is_dir() {
        std::fs::remove_dir_all(path).unwrap();
        return;
    }
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.to_owned().into_os_string();
        name.push(suffix);
        let _not_there = std::fs::remove_file(name);
    }
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
