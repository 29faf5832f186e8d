//! A folder for each test, and the program in it.

use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// One bundled document: the q35 machine of Debian 12.
pub(crate) fn document() -> String {
    std::fs::read_to_string(root().join("snapshots/debian-12/x86_64.pc-q35-7.2.qemu.xml")).unwrap()
}

/// A folder of its own, removed afterwards.
pub(crate) struct Sandbox {
    folder: tempfile::TempDir,
}

/// What the program did.
#[must_use = "compare the output, or assert success"]
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: Option<i32>,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With the bundled hosts under `snapshots`, as in the project.
    pub(crate) fn with_snapshots() -> Self {
        let sandbox = Self::new();
        for folder in ["snapshots", "tests"] {
            std::os::unix::fs::symlink(root().join(folder), sandbox.path(folder)).unwrap();
        }
        sandbox
    }

    /// With the demo database as `demo.db`.
    pub(crate) fn with_demo() -> Self {
        let sandbox = Self::with_snapshots();
        sandbox.run(&["--db", "demo.db", "demo"]).ok();
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_domcaps"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("XDG_DATA_HOME", self.path("data"))
            .env("COLUMNS", "100")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        output(self.command(arguments))
    }

    /// Runs with this on standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], stdin: &[u8]) -> Output {
        with_stdin(self.command(arguments), stdin)
    }

    /// The bytes of a file, if there is one.
    pub(crate) fn read(&self, name: &str) -> Option<Vec<u8>> {
        std::fs::read(self.path(name)).ok()
    }
}

/// A folder with the bundled hosts, and a virsh that plays them.
pub(crate) struct Fakes {
    pub(crate) sandbox: Sandbox,
    virsh: String,
}

impl Fakes {
    pub(crate) fn new() -> Self {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_domcaps"));
        let virsh = program.with_file_name("examples").join("fake-virsh");
        assert!(virsh.exists(), "build it first: cargo build --example fake-virsh");
        Self { sandbox: Sandbox::with_snapshots(), virsh: virsh.display().to_string() }
    }

    /// The URI of a folder of the sandbox, with what the fake is to do behind a `?`.
    pub(crate) fn uri(&self, folder_and_what: &str) -> String {
        format!("fake://{}/{folder_and_what}", self.sandbox.path("").display())
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.sandbox.run(&[&["--db", "d.db"], arguments].concat())
    }

    /// Collects one host from a folder.
    pub(crate) fn collect(&self, host: &str, folder_and_what: &str, arguments: &[&str]) -> Output {
        let uri = self.uri(folder_and_what);
        self.collect_listed(&[&["--connect", &uri, "--host", host], arguments].concat())
    }

    /// Collects hosts of lists.
    pub(crate) fn collect_listed(&self, arguments: &[&str]) -> Output {
        output(self.command_listed(arguments))
    }

    pub(crate) fn command_listed(&self, arguments: &[&str]) -> Command {
        let collect = ["--db", "d.db", "collect", "--virsh", &self.virsh];
        let mut command = self.sandbox.command(&[&collect, arguments].concat());
        command.env("PATH", "/usr/bin:/bin").env("XDG_CONFIG_HOME", self.sandbox.path("config"));
        command
    }

    /// Collects with this on standard input.
    pub(crate) fn collect_with(&self, arguments: &[&str], stdin: &[u8]) -> Output {
        with_stdin(self.command_listed(arguments), stdin)
    }

    /// Copies a file, or a folder of files.
    pub(crate) fn copy(&self, from: &str, to: &str) {
        let (from, to) = (self.sandbox.path(from), self.sandbox.path(to));
        if from.is_file() {
            std::fs::copy(from, to).unwrap();
            return;
        }
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }

    /// Replaces text in a file.
    pub(crate) fn edit(&self, file: &str, old: &str, new: &str) {
        let path = self.sandbox.path(file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, text.replace(old, new)).unwrap();
    }
}

fn with_stdin(mut command: Command, stdin: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    convert(&child.wait_with_output().unwrap())
}

pub(crate) fn output(mut command: Command) -> Output {
    convert(&command.output().unwrap())
}

fn convert(output: &std::process::Output) -> Output {
    Output {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code(),
    }
}

impl Output {
    /// The standard output of a run that must succeed.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self}");
        self.stdout
    }

    /// The standard error of a run that must end with `code`.
    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self}");
        self.stderr
    }

    #[track_caller]
    pub(crate) fn json(self) -> serde_json::Value {
        let text = self.ok();
        serde_json::from_str(&text).unwrap()
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.stdout)?;
        if !self.stderr.is_empty() {
            write!(f, "---- stderr\n{}", self.stderr)?;
        }
        write!(f, "---- exit {}", self.code.unwrap_or(-1))
    }
}

/// Compares with a file of `tests/expected`.
#[track_caller]
pub(crate) fn expect(name: &str, output: &impl fmt::Display) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(root().join("tests/expected"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, output.to_string()));
}

/// Checks a JSON value against one of the schemas that are shipped.
#[track_caller]
pub(crate) fn valid(schema: &str, value: &serde_json::Value) {
    let path = root().join(format!("docs/schemas/{schema}.schema.json"));
    let text = std::fs::read_to_string(&path).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
}

/// A file below the project's folder.
pub(crate) fn project_file(name: &str) -> String {
    let path: &Path = &root().join(name);
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
