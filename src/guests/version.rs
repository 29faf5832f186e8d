//! Versions of libvirt and QEMU, as contexts have them.

/// Major, minor, micro.
pub(super) type Version = (u32, u32, u32);

/// A version: `11.3.0`, or behind a name, `QEMU 10.0.13`.
pub(super) fn version(text: &str) -> Option<Version> {
    let text =
        text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut parts = text.split('.').map(|part| {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        part[..end].parse().ok()
    });
    let major = parts.next()??;
    let mut next = || parts.next().flatten().unwrap_or(0);
    Some((major, next(), next()))
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
