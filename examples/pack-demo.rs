//! Packs folders of documents: `snapshots/debian-12` and `snapshots/debian-13` into
//! `snapshots/demo.pack.zst`; with a folder and a file as arguments, the folders in that one into that
//! file (`tests/one-qemu`).

use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (root, folders, pack) = match (arguments.next(), arguments.next()) {
        (Some(root), Some(pack)) => (root.clone(), names(&root)?, pack),
        _ => {
            let hosts = domcaps::demo::HOSTS.map(|(host, _)| host.to_owned()).to_vec();
            (snapshots.clone(), hosts, snapshots.join("demo.pack.zst"))
        }
    };
    let mut files = Vec::new();
    for folder in &folders {
        for name in names(&root.join(folder))?.into_iter().filter(|name| !name.ends_with(".md")) {
            let content = std::fs::read(root.join(folder).join(&name))?;
            files.push((folder.as_str(), name, content));
        }
    }
    let files =
        files.iter().map(|(host, name, content)| (*host, name.as_str(), content.as_slice()));
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 19)?;
    encoder.long_distance_matching(true)?;
    std::io::Write::write_all(&mut encoder, &domcaps::demo::pack(files))?;
    std::fs::write(pack, encoder.finish()?)
}

/// What is in a folder, sorted.
fn names(folder: &Path) -> std::io::Result<Vec<String>> {
    let entries = std::fs::read_dir(folder)?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<std::io::Result<Vec<String>>>()?;
    names.sort();
    Ok(names)
}
