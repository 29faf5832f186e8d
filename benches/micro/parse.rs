//! From bytes to capabilities, and what is known of a document without reading all of it.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use domcaps::{model, parse};
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::documents;

/// The floor: quick-xml's events and nothing made of them.
#[divan::bench]
fn bare_event_loop(bencher: Bencher<'_, '_>) {
    let documents = documents::corpus();
    bencher.counter(BytesCount::new(documents.bytes)).bench(|| {
        for document in &documents.all {
            let mut reader = Reader::from_reader(document.as_slice());
            while !matches!(black_box(reader.read_event().unwrap()), Event::Eof) {}
        }
    });
}

/// `parse::document`: at most twice the floor.
#[divan::bench]
fn document(bencher: Bencher<'_, '_>) {
    let documents = documents::corpus();
    bencher.counter(BytesCount::new(documents.bytes)).bench(|| {
        for document in &documents.all {
            black_box(parse::document(document).unwrap());
        }
    });
}

#[divan::bench]
fn split_and_hash(bencher: Bencher<'_, '_>) {
    let documents = documents::corpus();
    bencher.counter(BytesCount::new(documents.bytes)).bench(|| {
        for document in &documents.all {
            black_box(parse::split(document).map(|head| head.body_hash(document)));
        }
    });
}

#[divan::bench]
fn subtrees(bencher: Bencher<'_, '_>) {
    let documents = documents::corpus();
    let parsed: Vec<_> =
        documents.all.iter().map(|each| parse::document(each).unwrap().capabilities).collect();
    let capabilities: usize = parsed.iter().map(model::Capabilities::len).sum();
    bencher.counter(ItemsCount::new(capabilities)).bench(|| {
        for capabilities in &parsed {
            black_box(model::subtrees(capabilities));
        }
    });
}

#[divan::bench]
fn unknown_elements(bencher: Bencher<'_, '_>) {
    let documents = documents::corpus();
    let parsed: Vec<_> =
        documents.all.iter().map(|each| parse::document(each).unwrap().capabilities).collect();
    let paths: Vec<&str> =
        parsed.iter().flat_map(|each| each.iter().map(|(path, _)| path)).collect();
    bencher
        .counter(ItemsCount::new(paths.len()))
        .bench(|| paths.iter().filter_map(|path| parse::unknown_element(path)).count());
}
