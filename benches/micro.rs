//! What each step costs within the program, one by one.
//!
//! ```console
//! cargo bench --bench micro
//! cargo bench --bench micro -- parse
//! ```
//!
//! The documents are libvirt's own test documents, where they are beside this repository (the corpus of
//! issue 6), else those of the bundled hosts; everything else is the bundled hosts.

#![expect(clippy::unwrap_used, reason = "a benchmark may panic")]

#[path = "micro/documents.rs"]
mod documents;
#[path = "micro/ingest.rs"]
mod ingest;
#[path = "micro/parse.rs"]
mod parse;
#[path = "micro/questions.rs"]
mod questions;

fn main() {
    divan::main();
}
