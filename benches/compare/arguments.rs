//! The command line.

use std::path::{Path, PathBuf};

use crate::sections;

/// What is to be measured, and with what.
pub(crate) struct Arguments {
    only: Vec<String>,
    /// Of what is over quickly, and of what takes over 10 s a run.
    pub(crate) rounds: usize,
    pub(crate) heavy_rounds: usize,
    pub(crate) folder: PathBuf,
    pub(crate) corpus: Option<PathBuf>,
    pub(crate) import_hosts: usize,
    pub(crate) fleet_hosts: Vec<usize>,
    pub(crate) fleet_nights: Vec<usize>,
    pub(crate) json: PathBuf,
    pub(crate) text: PathBuf,
}

/// What the command line asks for.
pub(crate) enum Asked {
    Help,
    Run(Box<Arguments>),
}

/// What `--help` prints.
pub(crate) fn usage() -> String {
    let names: Vec<&str> = sections::ALL.iter().map(|(name, _)| *name).collect();
    format!(
        "\
domcaps beside what people do without it; all of it takes about 45 minutes.

usage: cargo bench --bench compare -- [OPTIONS]

  --only NAME,…         of {}
  --rounds N            of each comparison [default: 15]
  --heavy-rounds N      of what takes over 10 s a run [default: 3]
  --folder DIR          for corpora, databases and Python's packages, which a further run uses again
                        [default: target/compare]
  --corpus DIR          documents, *.xml [default: ../shared/data/libvirt-tests/11.3.0 where it is there,
                        else the repository's own]
  --import-hosts N      hosts of `import` [default: 10000]
  --fleet-hosts N,…     fleets of so many hosts [default: 100,1000,10000]
  --fleet-nights N,…    and so many nights [default: 30,365]
  --json FILE           the result as JSON [default: compare.json in the folder]
  --text FILE           the result as text [default: compare.txt in the folder]
",
        names.join(", ")
    )
}

impl Arguments {
    /// Reads the command line; what is wrong with it is one line.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Asked, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut arguments = Self {
            only: Vec::new(),
            rounds: 15,
            heavy_rounds: 3,
            folder: root.join("target/compare"),
            corpus: None,
            import_hosts: 10_000,
            fleet_hosts: vec![100, 1_000, 10_000],
            fleet_nights: vec![30, 365],
            json: PathBuf::new(),
            text: PathBuf::new(),
        };
        let (mut json, mut text) = (None, None);
        // cargo says `--bench`.
        let mut words = words.filter(|word| word != "--bench");
        while let Some(word) = words.next() {
            if ["--help", "-h"].contains(&word.as_str()) {
                return Ok(Asked::Help);
            }
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--only" => arguments.only = names(&value()?)?,
                "--rounds" => arguments.rounds = one(&word, &value()?)?,
                "--heavy-rounds" => arguments.heavy_rounds = one(&word, &value()?)?,
                "--folder" => arguments.folder = value()?.into(),
                "--corpus" => arguments.corpus = Some(folder(&word, value()?)?),
                "--import-hosts" => arguments.import_hosts = one(&word, &value()?)?,
                "--fleet-hosts" => arguments.fleet_hosts = numbers(&word, &value()?)?,
                "--fleet-nights" => arguments.fleet_nights = numbers(&word, &value()?)?,
                "--json" => json = Some(value()?.into()),
                "--text" => text = Some(value()?.into()),
                _ => return Err(format!("{word}: not known; --help lists the options")),
            }
        }
        // The peers run in folders of their own.
        arguments.folder = std::path::absolute(&arguments.folder).map_err(|it| it.to_string())?;
        arguments.json = json.unwrap_or_else(|| arguments.folder.join("compare.json"));
        arguments.text = text.unwrap_or_else(|| arguments.folder.join("compare.txt"));
        Ok(Asked::Run(Box::new(arguments)))
    }

    /// Whether a section is to run.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

fn one(option: &str, text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("{option} {text}: not a number of 1 or more")),
    }
}

fn numbers(option: &str, text: &str) -> Result<Vec<usize>, String> {
    text.split(',').map(|each| one(option, each)).collect()
}

fn names(text: &str) -> Result<Vec<String>, String> {
    let known = |name: &str| sections::ALL.iter().any(|(each, _)| *each == name);
    match text.split(',').find(|name| !known(name)) {
        Some(name) => Err(format!("--only {name}: no such comparison; --help lists them")),
        None => Ok(text.split(',').map(str::to_owned).collect()),
    }
}

fn folder(option: &str, text: String) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_dir() { Ok(path) } else { Err(format!("{option} {}: no folder", path.display())) }
}
