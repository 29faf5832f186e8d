//! Capabilities as a readable tree.

use std::io::Write;

use crate::model::{Capabilities, Value, ancestors, is_below};

/// Writes capabilities in the document's order, each element indented below the one it stands in;
/// an element that holds only one capability shares its line.
///
/// # Errors
/// Where the output cannot be written.
pub fn tree(capabilities: &Capabilities, width: usize, out: &mut dyn Write) -> std::io::Result<()> {
    let mut open: Vec<&str> = Vec::new();
    for (index, (path, value)) in capabilities.iter().enumerate() {
        let next = (index + 1 < capabilities.len()).then(|| capabilities.at(index + 1).0);
        let goes_on = |element: &str| next.is_some_and(|next| is_below(next, element));
        let elements: Vec<&str> = ancestors(path).collect();
        let last = elements.len() - 1;
        let mut depth = open.iter().zip(&elements).take_while(|(a, b)| a == b).count().min(last);
        open.truncate(depth);
        while depth <= last {
            let element = if goes_on(elements[depth]) { elements[depth] } else { path };
            let above = if depth == 0 { "" } else { elements[depth - 1] };
            let name = element[above.len()..].trim_start_matches('.');
            let shown = if element == path { shown(value) } else { String::new() };
            line(depth, name, &shown, width, out)?;
            open.push(element);
            if element == path {
                break;
            }
            depth += 1;
        }
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
