//! What is measured on.

use std::path::Path;

use domcaps::demo;

/// Documents as bytes, and how many bytes they are.
pub(crate) struct Documents {
    pub(crate) all: Vec<Vec<u8>>,
    pub(crate) bytes: usize,
}

/// libvirt's test documents of 11.3.0, or the bundled ones.
pub(crate) fn corpus() -> Documents {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/libvirt-tests/11.3.0");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    paths.retain(|path| path.extension().is_some_and(|it| it == "xml"));
    paths.sort();
    let mut all: Vec<Vec<u8>> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    if all.is_empty() {
        all =
            demo::hosts().into_iter().flat_map(|host| host.files).map(|file| file.bytes).collect();
        all.retain(|bytes| domcaps::parse::document(bytes).is_ok());
    }
    Documents { bytes: all.iter().map(Vec::len).sum(), all }
}

/// The x86 document of a bundled host for `pc`: 60 KB, the largest kind.
pub(crate) fn of(host: &str) -> Vec<u8> {
    let host = demo::hosts().into_iter().find(|each| each.name.as_str() == host).unwrap();
    let is_wanted = |bytes: &[u8]| {
        domcaps::parse::split(bytes).is_some_and(|head| {
            head.target.arch == "x86_64" && head.target.machine.starts_with("pc-i440fx")
        })
    };
    host.files.into_iter().map(|file| file.bytes).find(|bytes| is_wanted(bytes)).unwrap()
}
