//! The page in a browser: one file that asks for nothing else.
//!
//! The template escapes every value. Style and script are the same for every report and stand apart
//! from its data; the page's security policy allows these two by their hashes and nothing else, so
//! that what a host says can neither run nor load anything.

mod guests;
mod matrix;
mod view;

use std::io::Write;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::page::Page;
use crate::fleet::Matrix;
use crate::guests::GuestTable;
use view::View;

const STYLE: &str = include_str!("html/report.css");
const MATRIX_STYLE: &str = include_str!("html/matrix.css");
const SCRIPT: &str = include_str!("html/report.js");

#[derive(Template)]
#[template(path = "report.html")]
struct Document<'p> {
    page: View<'p>,
    assets: Assets,
}

/// What is the same for every report.
struct Assets {
    css: &'static str,
    js: &'static str,
    css_sha256: String,
    js_sha256: String,
}

/// A table of hosts and capabilities; it needs no script.
#[derive(Template)]
#[template(path = "matrix.html")]
struct MatrixPage {
    view: matrix::View,
    css: &'static str,
    css_sha256: String,
}

/// Writes a matrix.
///
/// # Errors
/// Where the output cannot be written.
pub fn matrix(matrix: &Matrix, out: &mut dyn Write) -> std::io::Result<()> {
    let view = matrix::View::new(matrix);
    MatrixPage { view, css: MATRIX_STYLE, css_sha256: hash(MATRIX_STYLE) }.write_into(out)
}

/// A table of guests and hosts, with the reasons below; it needs no script.
#[derive(Template)]
#[template(path = "guests.html")]
struct GuestsPage {
    view: guests::GuestsView,
    css: &'static str,
    css_sha256: String,
}

/// Writes a table of guests and hosts.
///
/// # Errors
/// Where the output cannot be written.
pub fn guest_table(table: &GuestTable, out: &mut dyn Write) -> std::io::Result<()> {
    let view = guests::GuestsView::new(table);
    GuestsPage { view, css: MATRIX_STYLE, css_sha256: hash(MATRIX_STYLE) }.write_into(out)
}

/// As Content Security Policy level 3 writes hashes: base64 of the digest of the element's text.
fn hash(text: &str) -> String {
    STANDARD.encode(Sha256::digest(text.as_bytes()))
}

/// Writes a page.
///
/// # Errors
/// Where the output cannot be written.
pub fn page(page: &Page, out: &mut dyn Write) -> std::io::Result<()> {
    let assets =
        Assets { css: STYLE, js: SCRIPT, css_sha256: hash(STYLE), js_sha256: hash(SCRIPT) };
    let document = Document { page: View::new(page), assets };
    document.write_into(out)
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_in_style_or_script_ends_its_element() {
        for text in [super::STYLE, super::SCRIPT, super::MATRIX_STYLE] {
            assert!(!text.contains("</") && !text.contains("<!--") && !text.contains('\r'));
        }
    }
}
