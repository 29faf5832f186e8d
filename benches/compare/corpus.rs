//! The documents that are measured with.

use std::path::Path;

use crate::bench::repository;

pub(crate) struct Corpus {
    /// Where they are from, as the table says it.
    name: String,
    pub(crate) documents: Vec<Document>,
}

pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Corpus {
    /// The documents of a folder; without one those of libvirt's tests where they are beside the repository, else
    /// the repository's own.
    pub(crate) fn find(folder: Option<&Path>) -> Self {
        let libvirts = repository("../shared/data/libvirt-tests/11.3.0");
        match folder {
            Some(folder) => Self { name: last_two(folder), documents: read(folder) },
            None if libvirts.is_dir() => {
                Self { name: last_two(&libvirts), documents: read(&libvirts) }
            }
            None => Self::own(),
        }
    }

    fn own() -> Self {
        let mut documents = Vec::new();
        for host in ["debian-12", "debian-13"] {
            documents.extend(read(&repository("snapshots").join(host)));
        }
        let pack = std::fs::read(repository("tests/one-qemu/one-qemu.pack.zst")).unwrap();
        for (folder, file, bytes) in domcaps::demo::unpack(&pack).unwrap() {
            documents.extend(document(format!("{folder}/{file}"), bytes));
        }
        Self { name: "snapshots and tests/one-qemu of the repository".to_owned(), documents }
    }

    /// What the table says of it.
    pub(crate) fn description(&self) -> String {
        let megabytes = self.bytes() as f64 / 1e6;
        format!("Corpus: {} documents of {}, {megabytes:.2} MB", self.documents.len(), self.name)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.documents.iter().map(|document| document.text.len()).sum()
    }
}

/// The end of a path: nobody else has the rest.
fn last_two(folder: &Path) -> String {
    let names: Vec<_> = folder.iter().map(|name| name.to_string_lossy()).collect();
    names[names.len().saturating_sub(2)..].join("/")
}

/// The documents of a folder, by name.
pub(crate) fn read(folder: &Path) -> Vec<Document> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let found = paths.iter().filter(|path| path.extension().is_some_and(|it| it == "xml"));
    found.filter_map(|path| document(name(path), std::fs::read(path).unwrap())).collect()
}

/// A file, where it is a domainCapabilities document.
fn document(name: String, bytes: Vec<u8>) -> Option<Document> {
    let text = String::from_utf8(bytes).ok()?;
    text.contains("<domainCapabilities").then_some(Document { name, text })
}
