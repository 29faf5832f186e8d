//! HOST[@WHEN][:TARGET], patterns of targets, and paths.
#![no_main]

use domcaps::model::{TargetPattern, ancestors, elements, glob, matches_short};
use domcaps::operand::Operand;
use domcaps::render::plain;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _operand = Operand::parse(text, |_| false);
    let _pattern = text.parse::<TargetPattern>();
    assert!(ancestors(text).last() == Some(text) || text.is_empty());
    let all: Vec<&str> = elements(text).collect();
    assert_eq!(all.join("."), text);
    let (one, other) = text.split_at(text.len() / 2 + (0..4).find(|more| text.is_char_boundary(text.len() / 2 + more)).unwrap_or(0));
    let _matches = (glob(one, other), matches_short(one, other));
    let shown = plain(text);
    assert!(!shown.contains(domcaps::render::is_invisible) && plain(&shown) == shown);
});
