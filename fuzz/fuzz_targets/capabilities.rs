//! `virsh capabilities`, and `virsh version`, which is text.
#![no_main]

use domcaps::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _version = parse::version(&String::from_utf8_lossy(bytes));
    let Ok(host) = parse::capabilities(bytes) else { return };
    assert!(host.machines.iter().count() <= parse::MAX_MACHINES);
    for machine in host.machines.iter() {
        let found = host.machines.canonical_of(&machine.arch, &machine.virttype, &machine.name);
        let same = host.machines.iter().find(|each| {
            (&each.arch, &each.virttype, &each.name)
                == (&machine.arch, &machine.virttype, &machine.name)
        });
        assert_eq!(found, same.and_then(|each| each.canonical.as_deref()));
    }
});
