//! Where two documents differ.
//!
//! libvirt writes its documents in one order, and most of two documents is the same: so both are gone
//! through side by side, and only what does not stand where it is expected is looked up.

use std::collections::HashMap;

use super::Facts;

/// How far one side may be ahead of the other and is still followed.
const REACH: usize = 32;

/// A path, and where its values stand that are not the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Differing<'a> {
    pub(super) path: &'a str,
    pub(super) old: Option<usize>,
    pub(super) new: Option<usize>,
}

/// Every path at which two documents do not say the same.
pub(super) fn differing<'a>(old: &Facts<'a>, new: &Facts<'a>) -> Vec<Differing<'a>> {
    let mut found = Vec::new();
    let mut compare = |path, at_old, at_new| {
        if old.encoded(at_old) != new.encoded(at_new) {
            found.push(Differing { path, old: Some(at_old), new: Some(at_new) });
        }
    };
    let (mut only_old, mut only_new) = (Vec::new(), Vec::new());
    let (mut at_old, mut at_new) = (0, 0);
    while at_old < old.len() && at_new < new.len() {
        let path = old.path(at_old);
        if path == new.path(at_new) {
            compare(path, at_old, at_new);
            (at_old, at_new) = (at_old + 1, at_new + 1);
            continue;
        }
        let (skip_old, skip_new) = meet(old, new, at_old, at_new).unwrap_or((1, 1));
        only_old.extend(at_old..at_old + skip_old);
        only_new.extend(at_new..at_new + skip_new);
        (at_old, at_new) = (at_old + skip_old, at_new + skip_new);
    }
    only_old.extend(at_old..old.len());
    only_new.extend(at_new..new.len());
    if !only_old.is_empty() && !only_new.is_empty() {
        let mut places: HashMap<&str, usize> =
            only_new.into_iter().map(|at| (new.path(at), at)).collect();
        only_old.retain(|at| {
            let path = old.path(*at);
            let other = places.remove(path);
            other.inspect(|other| compare(path, *at, *other)).is_none()
        });
        only_new = places.into_values().collect();
    }
    let of_old = |at| Differing { path: old.path(at), old: Some(at), new: None };
    let of_new = |at| Differing { path: new.path(at), old: None, new: Some(at) };
    found.extend(only_old.into_iter().map(of_old));
    found.extend(only_new.into_iter().map(of_new));
    found
}

/// How many places one of the sides must go on until both are at one path again.
fn meet(old: &Facts<'_>, new: &Facts<'_>, at_old: usize, at_new: usize) -> Option<(usize, usize)> {
    let (path_old, path_new) = (old.path(at_old), new.path(at_new));
    (1..=REACH).find_map(|ahead| {
        if at_new + ahead < new.len() && new.path(at_new + ahead) == path_old {
            return Some((0, ahead));
        }
        let is_met = at_old + ahead < old.len() && old.path(at_old + ahead) == path_new;
        is_met.then_some((ahead, 0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Capabilities, Value};

    fn document(paths: impl IntoIterator<Item = (usize, i64)>) -> Capabilities {
        let mut all = Capabilities::new();
        for (path, value) in paths {
            all.push(&format!("a{path}"), Value::Number(value));
        }
        all
    }

    fn found(old: &Capabilities, new: &Capabilities) -> Vec<(String, Option<i64>, Option<i64>)> {
        let (old, new) = (Facts::of(old), Facts::of(new));
        let number = |side: &Facts<'_>, at: Option<usize>| {
            at.map(|at| match side.value(at) {
                Value::Number(number) => number,
                other => panic!("{other:?}"),
            })
        };
        let each =
            |it: &Differing<'_>| (it.path.to_owned(), number(&old, it.old), number(&new, it.new));
        let mut found: Vec<_> = differing(&old, &new).iter().map(each).collect();
        found.sort();
        found
    }

    #[test]
    fn whatever_the_order_each_path_is_compared_with_its_own() {
        const ALL: usize = 200;
        // Moved in part, far and near; a few values and a few paths of one side only.
        let value = |path: usize| i64::from(path.is_multiple_of(50));
        let old = (0..ALL).filter(|path| path % 40 != 3);
        let old = document(old.map(|path| (path, 0)));
        for shift in [0, 1, REACH, REACH + 1, 100] {
            let new = (0..ALL).map(|path| (path * 7 + shift) % ALL).filter(|path| path % 60 != 4);
            let shuffled = document(new.map(|path| (path, value(path))));
            let new = (0..ALL).map(|path| (path + shift) % ALL).filter(|path| path % 60 != 4);
            let moved = document(new.map(|path| (path, value(path))));
            let mut expected: Vec<(String, Option<i64>, Option<i64>)> = Vec::new();
            for path in 0..ALL {
                let old = (path % 40 != 3).then_some(0);
                let new = (path % 60 != 4).then(|| value(path));
                if old != new {
                    expected.push((format!("a{path}"), old, new));
                }
            }
            expected.sort();
            assert_eq!(found(&old, &shuffled), expected, "{shift}");
            assert_eq!(found(&old, &moved), expected, "{shift}");
        }
    }
}
