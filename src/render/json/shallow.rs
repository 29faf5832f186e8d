//! JSON that is indented at the top and has a line for each element below: a report over a fleet
//! has hundreds of thousands of numbers, and a line for each would be most of its size.

use std::io::{Result, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use crate::render::visible::VisibleJson;

/// Writes one object with a line end; what stands deeper than `depth` is on the line of what holds it.
pub(in crate::render) fn write(
    value: &impl Serialize,
    depth: usize,
    out: &mut dyn Write,
) -> Result<()> {
    let shallow = Shallow { pretty: PrettyFormatter::new(), level: 0, depth };
    value.serialize(&mut Serializer::with_formatter(VisibleJson::new(out), shallow))?;
    writeln!(out)
}

struct Shallow {
    pretty: PrettyFormatter<'static>,
    /// How many objects and arrays are open.
    level: usize,
    depth: usize,
}

impl Shallow {
    fn is_deep(&self) -> bool {
        self.level > self.depth
    }

    fn separate<W: ?Sized + Write>(writer: &mut W, first: bool) -> Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }
}

/// The default methods of [`Formatter`] write without any blanks.
struct Compact;

impl Formatter for Compact {}

impl Formatter for Shallow {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.level += 1;
        if self.is_deep() { Compact.begin_array(writer) } else { self.pretty.begin_array(writer) }
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        let is_deep = self.is_deep();
        self.level -= 1;
        if is_deep { Compact.end_array(writer) } else { self.pretty.end_array(writer) }
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
        match self.is_deep() {
            true => Self::separate(writer, first),
            false => self.pretty.begin_array_value(writer, first),
        }
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        if self.is_deep() { Ok(()) } else { self.pretty.end_array_value(writer) }
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.level += 1;
        if self.is_deep() { Compact.begin_object(writer) } else { self.pretty.begin_object(writer) }
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        let is_deep = self.is_deep();
        self.level -= 1;
        if is_deep { Compact.end_object(writer) } else { self.pretty.end_object(writer) }
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> Result<()> {
        match self.is_deep() {
            true => Self::separate(writer, first),
            false => self.pretty.begin_object_key(writer, first),
        }
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        self.pretty.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> Result<()> {
        if self.is_deep() { Ok(()) } else { self.pretty.end_object_value(writer) }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_stands_deep_is_on_one_line() {
        let value = serde_json::json!({"a": [], "b": [{"c": [1, 2], "d": {}}, {"e": null}], "f": {"g": "h"}});
        let mut out = Vec::new();
        super::write(&value, 2, &mut out).unwrap();
        let expected = r#"{
  "a": [],
  "b": [
    {"c": [1, 2], "d": {}},
    {"e": null}
  ],
  "f": {
    "g": "h"
  }
}
"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
        out = Vec::new();
        super::write(&value, 9, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), format!("{value:#}\n"));
    }
}
