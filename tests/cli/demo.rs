//! `domcaps demo`: from an installed program alone.

use crate::support::{Sandbox, root};

#[test]
fn the_pack_holds_the_bundled_snapshots() {
    for host in domcaps::demo::hosts() {
        let folder = root().join("snapshots").join(host.name.as_str());
        let mut files = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
        let count =
            files.by_ref().filter(|file| file.extension().is_none_or(|it| it != "md")).count();
        assert_eq!(host.files.len(), count, "run `cargo run --example pack-demo`");
        for file in host.files {
            let name = file.path.file_name().unwrap();
            assert_eq!(std::fs::read(folder.join(name)).unwrap(), file.bytes, "{name:?}");
        }
    }
}

#[test]
fn what_it_says_to_try_next_works() {
    let sandbox = Sandbox::new();
    let said = sandbox.run(&["demo"]).ok();
    let commands: Vec<&str> =
        said.lines().filter_map(|line| line.trim().strip_prefix("domcaps ")).collect();
    assert!(commands.len() >= 5, "{said}");
    for command in commands {
        let words: Vec<&str> = command.split('#').next().unwrap().split_whitespace().collect();
        let out = sandbox.run(&words).ok();
        assert!(out.lines().count() > 1, "{command}");
    }
}

#[test]
fn twice_is_once() {
    let sandbox = Sandbox::with_demo();
    sandbox.run(&["--db", "demo.db", "demo"]).ok();
    let snapshots = sandbox.run(&["--db", "demo.db", "snapshots", "--format", "json"]).json();
    assert_eq!(snapshots["snapshots"].as_array().unwrap().len(), 2);
}
