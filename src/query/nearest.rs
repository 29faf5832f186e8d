//! What somebody may have meant who wrote a name that there is not.

use std::collections::BTreeSet;

use super::resolve::FIELDS;
use crate::model::{elements, letters_apart};

/// How many are named.
const SHOWN: usize = 3;

/// The paths and fields that look like a path: `: nearest is devices.disk.bus`.
pub(super) fn paths<'k>(wanted: &str, known: impl Iterator<Item = &'k str>) -> String {
    let length = elements(wanted).count();
    // As many elements from the end as were written: what was left out is no difference.
    let tail = |path: &'k str| {
        let skipped = elements(path).count().saturating_sub(length);
        let start: usize = elements(path).take(skipped).map(|element| element.len() + 1).sum();
        path.get(start..).unwrap_or(path)
    };
    let mut near: Vec<(usize, &str)> = known
        .chain(FIELDS.iter().copied())
        .map(|path| (letters_apart(wanted, tail(path)), path))
        .filter(|(distance, _)| *distance <= wanted.chars().count().div_ceil(4))
        .collect();
    near.sort_unstable();
    near.dedup();
    // What is much nearer than the others is meant.
    let best = near.first().map_or(0, |(distance, _)| *distance);
    near.retain(|(distance, _)| *distance <= best + 1);
    let near: Vec<&str> = near.into_iter().take(SHOWN).map(|(_, path)| path).collect();
    match near[..] {
        [] => ": no stored document has it; `domcaps paths` lists what they have".to_owned(),
        [one] => format!(": nearest is {one}"),
        _ => format!(": nearest are {}", near.join(", ")),
    }
}

/// The values that look like one; all, where these are few.
pub(super) fn values<'t>(wanted: &str, there: impl Iterator<Item = &'t str>) -> String {
    const FEW: usize = 6;
    let wanted = wanted.trim_matches('*');
    let there: BTreeSet<&str> = there.filter(|text| !text.is_empty()).collect();
    let is_few = there.len() <= FEW;
    let mut near: Vec<(usize, &str)> = there
        .into_iter()
        .map(|text| {
            let is_part = text.contains(wanted) || wanted.contains(text);
            (if is_part { 0 } else { letters_apart(wanted, text) }, text)
        })
        .collect();
    if !is_few {
        near.sort_unstable();
        near.truncate(SHOWN);
    }
    let near: Vec<&str> = near.into_iter().map(|(_, text)| text).collect();
    match near[..] {
        [] => String::new(),
        [one] => format!(": there is {one}"),
        _ if is_few => format!(": there are {}", near.join(", ")),
        _ => format!(": nearest are {}", near.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_named() {
        let known = ["devices.disk.bus", "devices.disk", "devices.hostdev.mode", "vcpu.max"];
        let nearest = |wanted| paths(wanted, known.into_iter());
        assert_eq!(nearest("disk.bsu"), ": nearest is devices.disk.bus");
        assert_eq!(nearest("libvrt"), ": nearest is libvirt");
        assert!(nearest("sev.cbitpos").contains("domcaps paths"));
        assert_eq!(values("b", ["a", "b"].into_iter()), ": there are a, b");
        let many = ["ide", "fdc", "sata", "scsi", "usb", "virtio", "sd"];
        assert!(values("virtoi", many.into_iter()).starts_with(": nearest are virtio, "));
    }
}
