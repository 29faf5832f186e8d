//! A host into the store, within one transaction: how long a commit takes is the disk's.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use domcaps::demo;
use domcaps::ingest::{self, Occasion};
use domcaps::model::{HostName, Time};
use domcaps::source::Input;
use domcaps::store::{Store, Writer};

use crate::documents;

/// The bundled Debian 12 host on one more night: nothing of it is new.
#[divan::bench]
fn known_host(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::create_or_open(&folder.path().join("d.db")).unwrap();
    let mut writer = store.writer().unwrap();
    let files = demo::hosts().swap_remove(0).files;
    let mut night = 0;
    add(&mut writer, night, &files);
    let bytes: usize = files.iter().map(|file| file.bytes.len()).sum();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        night += 1;
        add(&mut writer, night, &files);
    });
}

/// A document of which one element was never seen.
#[divan::bench]
fn new_document(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::create_or_open(&folder.path().join("d.db")).unwrap();
    let mut writer = store.writer().unwrap();
    let document = String::from_utf8(documents::of("debian-13")).unwrap();
    let mut night = 0;
    add(&mut writer, night, &[input(&document)]);
    bencher.counter(ItemsCount::new(1_u32)).bench_local(|| {
        night += 1;
        let end = format!("<news number='{night}'/></domainCapabilities>");
        add(&mut writer, night, &[input(&document.replace("</domainCapabilities>", &end))]);
    });
}

fn input(document: &str) -> Input {
    Input { path: "document.xml".into(), bytes: document.as_bytes().to_vec() }
}

fn add(writer: &mut Writer<'_>, night: i64, files: &[Input]) {
    let host: HostName = "hv01".parse().unwrap();
    let occasion = Occasion {
        host: &host,
        taken_at: Time::from_milliseconds(night * 86_400_000),
        tags: &[],
        groups: &[],
        api_flags: None,
        is_strict: true,
        is_partial: false,
    };
    black_box(ingest::ingest(writer, &occasion, files.to_vec()).unwrap());
}
