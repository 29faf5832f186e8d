//! domainCapabilities: what is read is kept within its limits, cut into pieces and shown.
#![no_main]

use domcaps::model::{Capabilities, Value, subtrees};
use domcaps::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let quick = parse::split(bytes);
    let Ok(document) = parse::document(bytes) else { return };
    // What the quick split finds of a good document is what the parser finds, where it cuts at all.
    if let Some(quick) = quick
        && document.head.range != (0..0)
    {
        assert_eq!(quick, document.head);
    }
    let all = &document.capabilities;
    assert!(all.text_len() <= parse::MAX_TEXT + bytes.len() + parse::MAX_PATH);
    let mut copy = Capabilities::new();
    let mut paths = std::collections::HashSet::new();
    for index in 0..all.len() {
        let (path, value) = all.at(index);
        assert!(paths.insert(path), "{path} stands twice");
        assert!(path.len() <= parse::MAX_PATH + 12, "{path}");
        if let Value::Set(members) = value {
            assert!(members.iter().is_sorted());
        }
        let (kind, text) = all.encoded_at(index);
        copy.push_encoded(path, kind, text);
        let _unknown = parse::unknown_element(path);
    }
    assert_eq!(subtrees(all).hash, subtrees(&copy).hash);
});
