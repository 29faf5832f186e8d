//! What is asked: what changed, and who can.

use std::ffi::OsString;

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use domcaps::diff::{Facts, Scope};
use domcaps::{diff, parse};

use crate::documents;

/// Two documents of one machine, before and after an upgrade.
#[divan::bench]
fn diff_of_two_documents(bencher: Bencher<'_, '_>) {
    let [old, new] = ["debian-12", "debian-13"].map(documents::of);
    let [old, new] = [old, new].map(|bytes| parse::document(&bytes).unwrap().capabilities);
    bencher.counter(ItemsCount::new(old.len() + new.len())).bench(|| {
        let (old, new) = (Facts::of(&old), Facts::of(&new));
        black_box(diff::documents(&old, &new, Scope::default()))
    });
}

/// `domcaps query` on the bundled hosts, with all that a command does but starting the process.
#[divan::bench(args = ["disk.bus = virtio", "vcpu.max >= 255 and not graphics.type = rdp"])]
fn query(bencher: Bencher<'_, '_>, expression: &str) {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("d.db");
    let run = |words: &[&str]| {
        let mut arguments: Vec<OsString> =
            vec!["domcaps".into(), "--db".into(), (&database).into()];
        arguments.extend(words.iter().map(OsString::from));
        let mut out = Vec::new();
        domcaps::run(&arguments, &mut out, &mut std::io::sink());
        out
    };
    run(&["demo"]);
    assert!(!run(&["query", expression]).is_empty());
    bencher.bench_local(|| run(&["query", expression]));
}
