//! libvirt's own test documents, of every version and architecture, through import, show and diff.
//!
//! They are another project's files and not part of this repository: where they are not beside it,
//! in `../shared/data/libvirt-tests`, these tests say so and check nothing.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed test may panic, and says what it read"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The corpus by folder, or nothing, said aloud.
fn corpus() -> BTreeMap<String, Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/libvirt-tests");
    let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for folder in ["older", "11.3.0", "newer"] {
        let Ok(entries) = std::fs::read_dir(root.join(folder)) else {
            println!("{folder}: libvirt's test documents are not here; nothing was checked");
            continue;
        };
        let files = entries.map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> =
            files.filter(|path| path.extension().is_some_and(|it| it == "xml")).collect();
        files.sort();
        found.insert(folder.to_owned(), files);
    }
    found
}

struct Run {
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: String,
}

fn domcaps(folder: &Path, arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_domcaps"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Run { code: output.status.code(), stdout: output.stdout, stderr }
}

#[test]
fn every_document_imports_and_comes_back_identical() {
    for (folder, files) in corpus() {
        let sandbox = tempfile::tempdir().unwrap();
        let mut news = Vec::new();
        for (at, file) in files.iter().enumerate() {
            let (host, path) = (format!("h{at}"), file.to_str().unwrap());
            let run = domcaps(sandbox.path(), &["--db", "d.db", "import", "--host", &host, path]);
            assert_eq!(run.code, Some(0), "{path}: {}", run.stderr);
            let named =
                run.stderr.lines().filter(|line| line.contains("not known to this domcaps"));
            news.extend(named.map(|line| line.split(": ").nth(1).unwrap_or_default().to_owned()));
            let shown =
                domcaps(sandbox.path(), &["--db", "d.db", "show", &host, "--format", "xml"]);
            assert!(shown.stdout == std::fs::read(file).unwrap(), "{path}");
        }
        news.sort();
        news.dedup();
        if folder == "newer" {
            // Only a fork of libvirt prints it.
            assert_eq!(news, ["features.cca"]);
        } else {
            assert!(news.is_empty(), "{folder}: {news:?}");
        }
        println!("{folder}: {} documents", files.len());
    }
}

#[test]
fn neighbours_differ_the_same_from_files_and_from_the_store() {
    for (folder, files) in corpus() {
        let sandbox = tempfile::tempdir().unwrap();
        for pair in files.windows(2) {
            let [old, new] = [&pair[0], &pair[1]].map(|path| path.to_str().unwrap());
            for (host, path) in [("old", old), ("new", new)] {
                let run =
                    domcaps(sandbox.path(), &["--db", "d.db", "import", "--host", host, path]);
                assert_eq!(run.code, Some(0), "{path}: {}", run.stderr);
            }
            let changes = |arguments: [&str; 4]| {
                let run = domcaps(
                    sandbox.path(),
                    &[&["--db", "d.db"], &arguments[..], &["json"]].concat(),
                );
                assert_eq!(run.code, Some(0), "{old} {new}: {}", run.stderr);
                let report: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
                report["changes"].clone()
            };
            let of_files = changes(["diff", old, new, "--format"]);
            assert_eq!(
                of_files,
                changes(["diff", "old", "new", "--format"]),
                "{folder}: {old} {new}"
            );
            let mirrored = changes(["diff", new, old, "--format"]);
            let count = |changes: &serde_json::Value| changes.as_array().unwrap().len();
            assert_eq!(count(&of_files), count(&mirrored), "{old} {new}");
        }
    }
}

#[test]
fn no_document_of_a_sound_host_is_suspect() {
    for (_, files) in corpus() {
        for file in files {
            let bytes = std::fs::read(&file).unwrap();
            let document = domcaps::parse::document(&bytes).unwrap();
            assert!(
                !domcaps::model::Suspicion::of(&document.capabilities)
                    .counts_for(&document.head.target),
                "{}",
                file.display()
            );
        }
    }
}

/// One QEMU, one machine, two versions of libvirt: where a document's name recurs in another folder.
/// The paths of firmware images are the test harness's own, and left out.
#[test]
fn an_upgrade_of_libvirt_alone_breaks_nothing() {
    let corpus = corpus();
    let sandbox = tempfile::tempdir().unwrap();
    let mut pairs = 0;
    for [old, new] in [["older", "11.3.0"], ["11.3.0", "newer"], ["older", "newer"]] {
        let (Some(olds), Some(news)) = (corpus.get(old), corpus.get(new)) else { continue };
        for old in olds {
            let Some(new) = news.iter().find(|it| it.file_name() == old.file_name()) else {
                continue;
            };
            let [old, new] = [old, new].map(|path| path.to_str().unwrap());
            let run = domcaps(sandbox.path(), &["diff", old, new, "--format", "json"]);
            let report: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
            let worse = report["changes"].as_array().unwrap().iter().find(|change| {
                let path = change["path"].as_str().unwrap();
                // Bare files do not say their libvirt: then nothing excuses a loss.
                let may_be_libvirt =
                    change["reason"].as_str().unwrap().contains("if this is a libvirt upgrade");
                change["severity"] != "info"
                    && !path.starts_with("os.loader.value")
                    && !may_be_libvirt
            });
            assert_eq!(worse, None, "{old} → {new}");
            pairs += 1;
        }
    }
    assert!(pairs >= 18 || corpus.len() < 3, "{pairs}");
}
