//! git as a store: a repository beside the files, one commit a night.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::time;

pub(crate) struct Git {
    repository: PathBuf,
    files: PathBuf,
}

impl Git {
    /// A new repository over the files of a folder.
    pub(crate) fn new(repository: PathBuf, files: &Path) -> Self {
        let git = Self::open(repository, files);
        time(git.command(&["init", "--quiet"]).env("GIT_TEMPLATE_DIR", ""), &[0]);
        git
    }

    /// One that is there.
    pub(crate) fn open(repository: PathBuf, files: &Path) -> Self {
        Self { repository, files: files.to_owned() }
    }

    /// git as it is for someone who has configured nothing. Only what it tidies up behind the back of others is
    /// put off: it would be in the way of what runs next.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("--git-dir").arg(&self.repository).arg("--work-tree").arg(&self.files);
        command.args(["-c", "gc.auto=0", "-c", "maintenance.auto=false"]);
        command.args(["-c", "user.name=compare", "-c", "user.email=compare@localhost"]);
        command.args(arguments).current_dir(&self.files);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    /// Seconds of `git add` and `git commit` of all files.
    pub(crate) fn store(&self) -> f64 {
        time(&mut self.command(&["add", "--all"]), &[0])
            + time(&mut self.command(&["commit", "--quiet", "--message", "a night"]), &[0])
    }

    /// Packs what it holds.
    pub(crate) fn pack(&self) {
        time(&mut self.command(&["gc", "--quiet"]), &[0]);
    }

    /// Bytes of its files.
    pub(crate) fn size(&self) -> f64 {
        size(&self.repository) as f64
    }
}

fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let sizes = entries.map(|entry| {
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() { size(&entry.path()) } else { metadata.len() }
    });
    sizes.sum()
}
