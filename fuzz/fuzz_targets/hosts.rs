//! hosts.toml.
#![no_main]

use std::path::Path;

use domcaps::collect::{check_uri, hosts_toml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(inventory) = hosts_toml(text, Path::new("hosts.toml")) else { return };
    for site in &inventory.sites {
        check_uri(&site.uri).unwrap();
    }
});
