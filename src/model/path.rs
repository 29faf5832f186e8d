//! Capability paths: chains of element names joined by dots, keys in brackets.

use std::borrow::Cow;
use std::collections::BTreeSet;

use thiserror::Error;

use super::CUSTOM_MODELS;
use super::nearest::letters_apart;

/// A key as it stands between brackets: `]` and `\` are escaped with `\`.
#[must_use]
pub fn escape_key(key: &str) -> Cow<'_, str> {
    if !key.bytes().any(|byte| matches!(byte, b']' | b'\\')) {
        return Cow::Borrowed(key);
    }
    let mut escaped = String::with_capacity(key.len() + 2);
    for letter in key.chars() {
        if matches!(letter, ']' | '\\') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    Cow::Owned(escaped)
}

/// The elements that a path runs through, topmost first, itself last:
/// `cpu`, `cpu.mode[custom]`, ….
///
/// The names of the custom CPU models are a set of their own, `cpu.mode[custom].model`, that each
/// `cpu.mode[custom].model[NAME]` is below.
pub fn ancestors(path: &str) -> impl Iterator<Item = &str> {
    let in_models = path.starts_with(CUSTOM_MODELS)
        && path.as_bytes().get(CUSTOM_MODELS.len()).is_some_and(|next| *next == b'[');
    let mut from = 0;
    std::iter::from_fn(move || {
        if from > path.len() {
            return None;
        }
        if in_models && from > 0 && from < CUSTOM_MODELS.len() && path[from..].starts_with("model[")
        {
            from = CUSTOM_MODELS.len();
            return Some(&path[..from]);
        }
        let end = element_end(path, from);
        from = end + 1;
        Some(&path[..end])
    })
}

/// The elements of a path as they stand between its dots, each with its key.
pub fn elements(path: &str) -> impl Iterator<Item = &str> {
    let mut from = 0;
    std::iter::from_fn(move || {
        if from > path.len() {
            return None;
        }
        let end = element_end(path, from);
        let element = &path[from..end];
        from = end + 1;
        Some(element)
    })
}

/// Where the element that begins at `from` ends: at the next dot outside brackets.
fn element_end(path: &str, from: usize) -> usize {
    let bytes = path.as_bytes();
    let (mut at, mut in_key) = (from, false);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if in_key => at += 1,
            b'[' if !in_key => in_key = true,
            b']' if in_key => in_key = false,
            b'.' if !in_key => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Elements whose own name holds a dot, as XML allows and libvirt has never done: without knowing
/// them, a path does not tell where they end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DottedNames(Vec<(String, usize)>);

impl DottedNames {
    /// Notes the element at `path`, whose name begins at `name_at`; there is room for 64 of them.
    pub fn insert(&mut self, path: &str, name_at: usize) {
        const ROOM: usize = 64;
        if self.0.len() < ROOM && !self.0.iter().any(|(known, at)| known == path && *at == name_at)
        {
            self.0.push((path.to_owned(), name_at));
        }
    }

    /// Notes all of `others` too.
    pub fn extend(&mut self, others: &Self) {
        for (path, name_at) in &others.0 {
            self.insert(path, *name_at);
        }
    }

    /// The elements with the places where their names begin.
    pub fn iter(&self) -> impl Iterator<Item = (&str, usize)> {
        self.0.iter().map(|(path, name_at)| (path.as_str(), *name_at))
    }

    /// [`ancestors`], none of which ends inside a name.
    pub fn ancestors<'p>(&self, path: &'p str) -> impl Iterator<Item = &'p str> {
        ancestors(path).filter(move |above| {
            !self.0.iter().any(|(element, name_at)| {
                (name_at + 1..element.len()).contains(&above.len()) && is_at_or_below(path, element)
            })
        })
    }
}

/// Whether `path` lies strictly below `ancestor`.
#[must_use]
pub fn is_below(path: &str, ancestor: &str) -> bool {
    path.strip_prefix(ancestor).is_some_and(|rest| rest.starts_with(['.', '[']))
}

/// Whether `path` is `ancestor` or lies below it.
#[must_use]
pub fn is_at_or_below(path: &str, ancestor: &str) -> bool {
    path == ancestor || is_below(path, ancestor)
}

/// Whether `short` names `full`, or one of its elements, with leading elements left out:
/// `disk.bus` names `devices.disk.bus`. Gives the full path that is meant.
#[must_use]
pub fn matches_short<'a>(full: &'a str, short: &str) -> Option<&'a str> {
    let ends = ancestors(full).map(str::len).collect::<Vec<_>>();
    let starts = std::iter::once(0).chain(ends.iter().map(|end| end + 1));
    for start in starts.take_while(|start| *start < full.len()) {
        let end = start + short.len();
        if full[start..].starts_with(short) && ends.contains(&end) {
            return Some(&full[..end]);
        }
    }
    None
}

/// Why a short path names nothing.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SelectError {
    /// No path ends so; the nearest known ones.
    #[error("no capability `{path}`{}", did_you_mean(nearest))]
    Unknown {
        /// As the user wrote it.
        path: String,
        /// Known paths that look alike, best first.
        nearest: Vec<String>,
    },
    /// Several paths end so.
    #[error("`{path}` could be {}: write more of it", some(candidates))]
    Ambiguous {
        /// As the user wrote it.
        path: String,
        /// Full paths, sorted.
        candidates: Vec<String>,
    },
}

/// Enough of them to choose from.
fn some(candidates: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = candidates.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(" or ");
    match candidates.len().checked_sub(SHOWN) {
        None | Some(0) => shown,
        Some(more) => format!("{shown} or {more} others"),
    }
}

fn did_you_mean(nearest: &[String]) -> String {
    if nearest.is_empty() { String::new() } else { format!(": nearest is {}", nearest.join(", ")) }
}

/// The full path a user means by `wanted`: an exact full path wins; else leading elements may be
/// left out while what is left names one path.
///
/// # Errors
/// Where it names none, or several.
pub fn select<'a>(
    known: impl IntoIterator<Item = &'a str>,
    wanted: &str,
) -> Result<String, SelectError> {
    let mut found = BTreeSet::new();
    let mut all = Vec::new();
    for path in known {
        if is_at_or_below(path, wanted) && ancestors(path).any(|each| each == wanted) {
            return Ok(wanted.to_owned());
        }
        if let Some(full) = matches_short(path, wanted) {
            found.insert(full);
        }
        all.push(path);
    }
    let path = wanted.to_owned();
    match found.len() {
        0 => Err(SelectError::Unknown { nearest: nearest(&all, wanted), path }),
        1 => Ok(found.into_iter().collect()),
        _ => Err(SelectError::Ambiguous {
            path,
            candidates: found.into_iter().map(str::to_owned).collect(),
        }),
    }
}

/// Up to three known paths that may be meant: those that a slip of the keys made of it, else those
/// whose last element shares the most leading letters with the last element wanted, or holds it.
fn nearest(known: &[&str], wanted: &str) -> Vec<String> {
    let slips = slips(known, wanted);
    if !slips.is_empty() {
        return slips;
    }
    let last = |path: &str| path.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let word = last(wanted);
    let mut scored: Vec<(usize, &str)> = known
        .iter()
        .map(|path| {
            let other = last(path);
            let shared = word.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
            (if other.contains(&word) { word.len() + 1 } else { shared }, *path)
        })
        .filter(|(score, _)| *score >= 3)
        .collect();
    scored.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.len().cmp(&b.1.len())).then(a.1.cmp(b.1)));
    scored.dedup();
    scored.into_iter().take(3).map(|(_, path)| path.to_owned()).collect()
}

/// Up to three known paths whose end differs from what is wanted by few letters.
fn slips(known: &[&str], wanted: &str) -> Vec<String> {
    let length = elements(wanted).count();
    let tail = |path: &str| {
        let skipped = elements(path).count().saturating_sub(length);
        let start: usize = elements(path).take(skipped).map(|element| element.len() + 1).sum();
        letters_apart(wanted, path.get(start..).unwrap_or(path))
    };
    let mut near: Vec<(usize, &str)> = known
        .iter()
        .flat_map(|path| ancestors(path))
        .map(|path| (tail(path), path))
        .filter(|(distance, _)| *distance <= wanted.chars().count() / 4)
        .collect();
    near.sort_unstable();
    near.dedup();
    let best = near.first().map_or(0, |(distance, _)| *distance);
    let near = near.into_iter().take_while(|(distance, _)| *distance == best);
    near.take(3).map(|(_, path)| path.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_keys_that_changed_places_name_the_path_that_was_meant() {
        let known = ["devices.disk.bus", "devices.disk.model", "devices.video.modelType"];
        assert_eq!(nearest(&known, "disk.bsu"), ["devices.disk.bus"]);
        assert_eq!(nearest(&known, "disk.modle"), ["devices.disk.model"]);
        // A word of its own is no slip of another.
        assert_eq!(slips(&known, "cpu.mode"), Vec::<String>::new());
    }

    fn chain(path: &str) -> Vec<&str> {
        ancestors(path).collect()
    }

    #[test]
    fn ancestors_end_at_dots_outside_keys() {
        assert_eq!(chain("vcpu"), ["vcpu"]);
        assert_eq!(chain("a.b[x.y].c"), ["a", "a.b[x.y]", "a.b[x.y].c"]);
        assert_eq!(chain(r"a[x\].y].c"), [r"a[x\].y]", r"a[x\].y].c"]);
    }

    #[test]
    fn custom_models_are_below_the_set_of_their_names() {
        let path = "cpu.mode[custom].model[z14.2-base].usable";
        let expected = [
            "cpu",
            "cpu.mode[custom]",
            "cpu.mode[custom].model",
            "cpu.mode[custom].model[z14.2-base]",
            path,
        ];
        assert_eq!(chain(path), expected);
    }

    #[test]
    fn a_prefix_may_be_left_out() {
        let known = ["devices.disk.bus", "devices.redirdev.bus", "features.sev.cbitpos"];
        let short = |wanted| select(known, wanted);
        assert_eq!(short("disk.bus").unwrap(), "devices.disk.bus");
        assert_eq!(short("sev").unwrap(), "features.sev");
        assert_eq!(short("devices").unwrap(), "devices");
        assert!(matches!(short("bus"), Err(SelectError::Ambiguous { candidates, .. })
            if candidates == ["devices.disk.bus", "devices.redirdev.bus"]));
        assert!(matches!(short("isk.bus"), Err(SelectError::Unknown { .. })));
        assert!(matches!(short("cbitpo"), Err(SelectError::Unknown { nearest, .. })
            if nearest == ["features.sev.cbitpos"]));
    }

    #[test]
    fn an_exact_full_path_wins_over_a_short_one() {
        let known = ["vcpu.max", "features.vcpu.max"];
        assert_eq!(select(known, "vcpu.max").unwrap(), "vcpu.max");
    }
}
