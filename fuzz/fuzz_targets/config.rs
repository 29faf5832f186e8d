//! domcaps.toml.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _policy = domcaps::config::parse(text, Path::new("domcaps.toml"), "2026-11-28");
});
