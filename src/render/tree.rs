//! Capabilities as a readable tree.

use std::io::Write;

use crate::model::{Capabilities, Value, ancestors};

/// Writes capabilities in the document's order, each element indented below the one it stands in.
///
/// # Errors
/// Where the output cannot be written.
pub fn tree(capabilities: &Capabilities, width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let mut open: Vec<&str> = Vec::new();
    for (path, value) in capabilities.iter() {
        let elements: Vec<&str> = ancestors(path).collect();
        let shared = open.iter().zip(&elements).take_while(|(a, b)| a == b).count();
        let last = elements.len() - 1;
        for depth in shared.min(last)..elements.len() {
            let above = if depth == 0 { "" } else { elements[depth - 1] };
            let name = elements[depth][above.len()..].trim_start_matches('.');
            let shown = if depth == last { shown(value) } else { String::new() };
            line(depth, name, &shown, width, out)?;
        }
        open = elements;
    }
    Ok(())
}

fn line(
    depth: usize,
    name: &str,
    value: &str,
    width: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let indent = "  ".repeat(depth);
    let start = format!("{indent}{}", super::plain(name));
    if value.is_empty() {
        return writeln!(out, "{start}");
    }
    let hanging = " ".repeat((depth + 2) * 2);
    writeln!(out, "{}", super::text::wrapped(&format!("{start}  {value}"), &hanging, width))
}

/// A value as a person reads it.
#[must_use]
pub fn shown(value: Value<'_>) -> String {
    let join = |members: Vec<&str>| {
        if members.is_empty() { "(none)".to_owned() } else { members.join(", ") }
    };
    let text = match value {
        Value::Null => String::new(),
        Value::Support(yes) => if yes { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.to_owned(),
        Value::Set(members) | Value::List(members) => join(members.iter().collect()),
    };
    super::plain(&text).into_owned()
}
