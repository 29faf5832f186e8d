//! What virsh writes to standard error, as libvirt said it.

/// The lines of an error without what virsh puts before each, and without its first one, which only
/// says which command failed.
pub(super) fn own_errors(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().map(|line| line.trim().trim_start_matches("error:").trim());
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let is_preface = |line: &str| {
        line.starts_with("failed to get ") || line == "failed to connect to the hypervisor"
    };
    match lines.split_first() {
        Some((first, rest)) if !rest.is_empty() && is_preface(first) => {
            shortened(&rest.join(BETWEEN))
        }
        _ => shortened(&lines.join(BETWEEN)),
    }
}

/// What stands between two errors of one command.
pub(super) const BETWEEN: &str = "; ";

/// The beginning and the end of a text that is too long to be kept for each target.
fn shortened(text: &str) -> String {
    const HEAD: usize = 400;
    const TAIL: usize = 200;
    let letters = text.chars().count();
    if letters <= HEAD + TAIL {
        return text.to_owned();
    }
    let head = text.chars().take(HEAD);
    head.chain(" … ".chars()).chain(text.chars().skip(letters - TAIL)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_what_libvirt_says() {
        let text = b"error: failed to get emulator capabilities\nerror: invalid argument: the machine 'x' is not supported by emulator '/q'\nerror: ";
        assert_eq!(
            own_errors(text),
            "invalid argument: the machine 'x' is not supported by emulator '/q'"
        );
        assert_eq!(
            own_errors(b"error: failed to connect to the hypervisor\n"),
            "failed to connect to the hypervisor"
        );
        assert_eq!(
            own_errors(b"Permission denied (publickey).\r\nerror: a\n\n"),
            "Permission denied (publickey).; a"
        );
        assert_eq!(own_errors(b"\xff\xfe"), "\u{fffd}\u{fffd}");
    }
}
