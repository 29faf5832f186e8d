//! Listings: columns as wide as they need to be.

use std::io::Write;

use comfy_table::{ContentArrangement, Table};

/// Writes rows under a header; an empty cell is shown as `-`.
///
/// # Errors
/// Where the output cannot be written.
pub fn table(header: &[&str], rows: &[Vec<String>], out: &mut dyn Write) -> std::io::Result<()> {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().map(|name| name.to_uppercase()));
    for row in rows {
        table.add_row(row.iter().map(|cell| {
            let cell = super::plain(cell);
            if cell.is_empty() { "-".into() } else { cell }
        }));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
