//! A private libvirt daemon, by the script `daemon` beside this file; for tests and benchmarks.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A daemon, and the folder it lives in. It ends with this value, or with this process.
pub(crate) struct Daemon {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) uri: String,
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libvirt/daemon")
}

impl Daemon {
    /// Starts the libvirt of `debian-12` or `debian-13`.
    pub(crate) fn start(name: &str, release: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(script())
            .args(["start", name, release])
            .arg(folder.path())
            .env("DOMCAPS_OWNER", std::process::id().to_string())
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(output.status.success(), "tests/libvirt/install --debian-13 first");
        let uri = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        Self { folder, uri }
    }

    /// virsh, connected to it.
    pub(crate) fn virsh(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("virsh");
        command.args(["--quiet", "--connect", &self.uri]).args(arguments).env("LC_ALL", "C");
        command
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        Command::new(script()).arg("stop").arg(self.folder.path()).status().unwrap();
    }
}
