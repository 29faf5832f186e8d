//! Versions as numbers.

/// Major, minor, micro.
pub type VersionNumbers = (u32, u32, u32);

/// `11.3.0` as numbers; what a distribution appends is left out.
#[must_use]
pub fn version_numbers(text: &str) -> Option<VersionNumbers> {
    let digits = |part: &str| -> Option<u32> {
        let end = part.find(|each: char| !each.is_ascii_digit()).unwrap_or(part.len());
        part[..end].parse().ok()
    };
    let mut parts = text.trim().splitn(3, '.').map(digits);
    let major = parts.next()??;
    Some((major, parts.next().flatten().unwrap_or(0), parts.next().flatten().unwrap_or(0)))
}
