//! What `ansible-inventory --list` prints.
#![no_main]

use std::path::Path;

use domcaps::collect::{ansible, check_uri};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(inventory) = ansible(text, None, Path::new("hosts.json")) else { return };
    for site in &inventory.sites {
        check_uri(&site.uri).unwrap();
    }
});
