//! Python with the packages of `benches/peers/requirements.txt`, in an environment of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::bench::{remove, repository};

pub(crate) struct Python {
    environment: PathBuf,
}

impl Python {
    /// The environment in a folder, made where it is not there.
    pub(crate) fn prepare(folder: &Path) -> Result<Self, String> {
        let environment = folder.join("venv");
        let requirements = repository("benches/peers/requirements.txt");
        let wanted = std::fs::read(&requirements).unwrap();
        let installed = environment.join("requirements.txt");
        if std::fs::read(&installed).is_ok_and(|there| there == wanted) {
            return Ok(Self { environment });
        }
        remove(&environment);
        eprintln!("Python's packages are installed into {}", environment.display());
        let mut make = Command::new("python3");
        succeed("python3 -m venv", make.args(["-m", "venv"]).arg(&environment))?;
        let mut install = Command::new(environment.join("bin/pip"));
        install.args(["install", "--quiet", "--requirement"]).arg(&requirements);
        succeed("pip install", &mut install)?;
        std::fs::write(installed, wanted).unwrap();
        Ok(Self { environment })
    }

    /// A script of `benches/peers`.
    pub(crate) fn script(&self, name: &str) -> Command {
        let mut command = self.interpreter();
        // What is compiled is kept, but not in the repository.
        let cache = self.environment.join("pycache");
        command.arg("-X").arg(format!("pycache_prefix={}", cache.display()));
        command.arg(repository("benches/peers").join(name)).stdin(Stdio::null());
        command
    }

    /// The interpreter itself.
    pub(crate) fn interpreter(&self) -> Command {
        Command::new(self.environment.join("bin/python3"))
    }

    /// The command that diffs two documents.
    pub(crate) fn xmldiff(&self) -> PathBuf {
        self.environment.join("bin/xmldiff")
    }

    pub(crate) fn versions(&self) -> Vec<(&'static str, String)> {
        const ASK: &str = "import platform, sqlite3, importlib.metadata as m; from lxml import etree; \
            print(platform.python_version(), m.version('lxml'), '.'.join(map(str, etree.LIBXML_VERSION)), \
            sqlite3.sqlite_version, m.version('xmldiff'))";
        let output = self.interpreter().args(["-c", ASK]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let names = ["Python", "lxml", "libxml2", "Python's sqlite3", "xmldiff"];
        names.into_iter().zip(said.split_whitespace().map(str::to_owned)).collect()
    }
}

fn succeed(what: &str, command: &mut Command) -> Result<(), String> {
    let said = command.stdin(Stdio::null()).output();
    let output = said.map_err(|error| format!("{what}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("{what}: {}", errors.lines().last().unwrap_or("it failed")))
}
