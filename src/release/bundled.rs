//! The releases that are built in. `contrib/release/capture` made them.

macro_rules! release {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../releases/", $name, ".release")))
    };
}

/// Each by its name, in the order in which they came out.
pub(super) const BUNDLED: [(&str, &[u8]); 8] = [
    release!("debian-11"),
    release!("ubuntu-22.04"),
    release!("debian-12"),
    release!("ubuntu-24.04"),
    release!("debian-13"),
    release!("ubuntu-26.04"),
    release!("debian-13-backports"),
    release!("debian-sid"),
];
