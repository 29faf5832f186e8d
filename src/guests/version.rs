//! Versions of libvirt and QEMU, as contexts have them.

use crate::model::version_numbers;

pub(super) use crate::model::VersionNumbers as Version;

/// A version: `11.3.0`, or behind a name, `QEMU 10.0.13`.
pub(super) fn version(text: &str) -> Option<Version> {
    let is_number = |word: &&str| word.starts_with(|letter: char| letter.is_ascii_digit());
    version_numbers(text.split_whitespace().find(is_number)?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_version_may_stand_behind_a_name() {
        assert_eq!(super::version("QEMU 10.0.13"), Some((10, 0, 13)));
        assert_eq!(super::version("9.0.0"), Some((9, 0, 0)));
        assert_eq!(super::version("QEMU"), None);
    }
}
