//! One field of a table's row, wherever the table comes from.

use std::borrow::Cow;

/// A field.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'c> {
    /// Nothing.
    Null,
    /// Yes or no.
    Truth(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Real(f64),
    /// Text.
    Text(Cow<'c, str>),
    /// Bytes that are no text.
    Blob(Cow<'c, [u8]>),
    /// Several texts.
    List(Vec<Cow<'c, str>>),
}

impl<'c> Cell<'c> {
    /// Text.
    #[must_use]
    pub fn text(text: &'c str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// Text made for this field.
    #[must_use]
    pub fn owned(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }

    /// Text where there is any; what a document says nothing of is empty in the model.
    #[must_use]
    pub fn known(text: Option<&'c str>) -> Self {
        text.filter(|text| !text.is_empty()).map_or(Self::Null, Self::text)
    }

    /// Several texts.
    pub fn list<'t: 'c>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        Self::List(texts.into_iter().map(Cow::Borrowed).collect())
    }
}
