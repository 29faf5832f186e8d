//! Findings and values as text on one line.

use std::borrow::Cow;

use crate::diff::{Difference, Kind, Plain};

/// What a finding is called: its kind, path and values on one line.
pub(super) fn title(difference: &Difference) -> String {
    let mut title = format!("{} {}", difference.kind.name(), difference.path);
    if let Some(value) = &difference.value {
        title.push(' ');
        title.push_str(value);
    }
    // What was gained or lost went between yes and no, and the kind says which way.
    if difference.kind == Kind::Changed {
        let side = |side: &Option<Plain>| match side {
            Some(value) => shown(value).into_owned(),
            None => "none".to_owned(),
        };
        title.push_str(&format!(" {} → {}", side(&difference.old), side(&difference.new)));
    }
    super::plain(&title).into_owned()
}

/// A value on one line.
pub(super) fn shown(value: &Plain) -> Cow<'_, str> {
    match value {
        Plain::Number(number) => Cow::Owned(number.to_string()),
        Plain::Text(text) => super::plain(text),
        Plain::List(list) => Cow::Owned(super::plain(&list.join(", ")).into_owned()),
    }
}

/// Text of at most `most` characters, the rest told by `…`.
pub(super) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let end = text.char_indices().nth(most - 1).map_or(0, |(at, _)| at);
            Cow::Owned(format!("{}…", &text[..end]))
        }
    }
}
