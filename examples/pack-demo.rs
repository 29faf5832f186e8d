//! Packs `snapshots/debian-12` and `snapshots/debian-13` into `snapshots/demo.pack.zst`.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    let mut files = Vec::new();
    for (host, _) in domcaps::demo::HOSTS {
        let mut names = std::fs::read_dir(root.join(host))?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<std::io::Result<Vec<String>>>()?;
        names.retain(|name| !name.ends_with(".md"));
        names.sort();
        for name in names {
            let content = std::fs::read(root.join(host).join(&name))?;
            files.push((host, name, content));
        }
    }
    let files =
        files.iter().map(|(host, name, content)| (*host, name.as_str(), content.as_slice()));
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 19)?;
    encoder.long_distance_matching(true)?;
    std::io::Write::write_all(&mut encoder, &domcaps::demo::pack(files))?;
    std::fs::write(root.join("demo.pack.zst"), encoder.finish()?)
}
