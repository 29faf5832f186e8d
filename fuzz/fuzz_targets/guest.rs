//! A guest's XML.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _guest = domcaps::parse::guest(bytes);
});
