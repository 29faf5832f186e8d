//! Two documents as a unified diff of their lines.

use std::io::Write;

use similar::TextDiff;

/// Writes a unified diff; nothing where the texts are equal. Each side is a name and its text.
///
/// # Errors
/// Where the output cannot be written.
pub fn diff(old: (&str, &str), new: (&str, &str), out: &mut dyn Write) -> std::io::Result<()> {
    let diff = TextDiff::from_lines(old.1, new.1);
    let (old, new) = (super::plain(old.0), super::plain(new.0));
    let unified = diff.unified_diff().header(&old, &new).to_string();
    for line in unified.split_inclusive('\n') {
        // A carriage return is only kept where it ends a line: elsewhere it would go back over it.
        let end = ["\r\n", "\n"].into_iter().find(|end| line.ends_with(end)).unwrap_or_default();
        let line = line.strip_suffix(end).unwrap_or(line);
        write!(out, "{}{end}", super::plain(line).replace(r"\u{9}", "\t"))?;
    }
    Ok(())
}
