//! Rows of any table as JSON: `domcaps.sql/1`, `domcaps.views/1`, and a line for each row of an export.

use std::io::Write;

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::json;

use crate::model::Cell;
use crate::render::visible::VisibleJson;
use crate::store::View;

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Truth(is) => serializer.serialize_bool(*is),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Real(number) if number.is_finite() => serializer.serialize_f64(*number),
            // JSON has no infinity.
            Self::Real(number) => serializer.collect_str(number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Blob(bytes) => serializer.serialize_str(&hex(bytes)),
            Self::List(texts) => serializer.collect_seq(texts),
        }
    }
}

/// Bytes as hexadecimal digits.
pub(in crate::render) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a line with an object: the schema, where there is one, and a property for each column.
pub(in crate::render) fn object(
    schema: Option<&str>,
    names: &[String],
    cells: &[Cell<'_>],
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let mut serializer = serde_json::Serializer::new(VisibleJson::new(out));
    let mut map = serializer.serialize_map(None)?;
    if let Some(schema) = schema {
        map.serialize_entry("schema", schema)?;
    }
    for (name, cell) in names.iter().zip(cells) {
        map.serialize_entry(name, cell)?;
    }
    map.end()?;
    writeln!(out)
}

/// `domcaps.sql/1`: one object, its rows written as they come.
pub(in crate::render) struct Listed<'o> {
    out: &'o mut dyn Write,
    is_first: bool,
}

impl<'o> Listed<'o> {
    pub(in crate::render) fn new(
        names: &[String],
        out: &'o mut dyn Write,
    ) -> std::io::Result<Self> {
        write!(out, "{{\n  \"schema\": \"domcaps.sql/1\",\n  \"columns\": ")?;
        serde_json::to_writer(VisibleJson::new(out), names)?;
        write!(out, ",\n  \"rows\": [")?;
        Ok(Self { out, is_first: true })
    }

    pub(in crate::render) fn row(&mut self, cells: &[Cell<'_>]) -> std::io::Result<()> {
        let comma = if self.is_first { "" } else { "," };
        self.is_first = false;
        write!(self.out, "{comma}\n    ")?;
        Ok(serde_json::to_writer(VisibleJson::new(self.out), cells)?)
    }

    pub(in crate::render) fn finish(self) -> std::io::Result<()> {
        let end = if self.is_first { "]\n}" } else { "\n  ]\n}" };
        writeln!(self.out, "{end}")
    }
}

/// Writes the views that statements can read.
///
/// # Errors
/// Where the output cannot be written.
pub fn views(views: &[View], out: &mut dyn Write) -> std::io::Result<()> {
    let views = views.iter().map(|view| json!({ "view": view.name, "columns": view.columns }));
    let views: Vec<_> = views.collect();
    super::write(&json!({ "schema": "domcaps.views/1", "views": views }), out)
}
