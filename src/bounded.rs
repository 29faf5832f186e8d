//! The one way in which files are read: no further than a limit, whatever stands there. A device, a
//! pipe or a wrong file has no end, or one that is far.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// Reads all that `from` has.
///
/// # Errors
/// Where it has more than `limit` bytes: of the kind `FileTooLarge`.
pub(crate) fn bytes(from: impl Read, limit: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        let why = match limit >> 20 {
            0 => format!("larger than {limit} bytes"),
            mebibytes => format!("larger than {mebibytes} MiB"),
        };
        return Err(Error::new(ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

/// Reads all that `from` has, as text.
///
/// # Errors
/// See [`bytes`]; or where it is not UTF-8.
pub(crate) fn text(from: impl Read, limit: usize) -> Result<String> {
    let text = String::from_utf8(bytes(from, limit)?);
    text.map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Error::new(ErrorKind::InvalidData, format!("not UTF-8 at byte {}", at + 1))
    })
}

/// Reads a file as text.
///
/// # Errors
/// See [`text`]; or where it cannot be opened.
pub(crate) fn file(path: &Path, limit: usize) -> Result<String> {
    text(File::open(path)?, limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_the_limit() {
        assert_eq!(bytes(&b"abc"[..], 3).unwrap(), b"abc");
        let error = bytes(&b"abcd"[..], 3).unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (ErrorKind::FileTooLarge, "larger than 3 bytes")
        );
        let endless = file(Path::new("/dev/zero"), 1 << 20).unwrap_err();
        assert_eq!(endless.to_string(), "larger than 1 MiB");
        assert_eq!(text(&b"ab\xff"[..], 9).unwrap_err().to_string(), "not UTF-8 at byte 3");
    }
}
