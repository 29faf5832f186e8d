//! Expressions of `domcaps query`.
#![no_main]

use domcaps::query::Expression;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match text.parse::<Expression>() {
        Ok(_) => {}
        Err(error) => drop(error.to_string()),
    }
});
