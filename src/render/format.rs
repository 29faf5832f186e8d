//! Which formats there are, and the one way into them.

use std::io::Write;
use std::str::FromStr;

use super::page::Page;
use super::{csv, github, html, json, junit, markdown, ndjson, sarif, text};
use crate::report::Report;

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The page in a terminal.
    Text,
    /// One JSON object: `domcaps.diff/1` of two sides, `domcaps.report/1` of a fleet.
    Json,
    /// The page for a comment or a wiki.
    Markdown,
    /// The page in a browser, one file.
    Html,
    /// Test results, as CI systems read them.
    Junit,
    /// Results of an analysis, SARIF 2.1.0.
    Sarif,
    /// Annotations of a GitHub workflow.
    Github,
    /// A JSON object a finding, each on a line: `domcaps.finding/1`.
    Ndjson,
    /// A row a finding.
    Csv,
}

impl Format {
    /// Every format, those for people first.
    pub const ALL: [Self; 9] = [
        Self::Text,
        Self::Markdown,
        Self::Html,
        Self::Json,
        Self::Ndjson,
        Self::Csv,
        Self::Junit,
        Self::Sarif,
        Self::Github,
    ];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Junit => "junit",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }

    /// What it is for, for a list of formats.
    #[must_use]
    pub fn purpose(self) -> &'static str {
        match self {
            Self::Text => "For reading",
            Self::Json => "For programs: one object",
            Self::Markdown => "For a comment or a wiki",
            Self::Html => "For a browser: one file",
            Self::Junit => "For CI: test results",
            Self::Sarif => "For code scanning: SARIF 2.1.0",
            Self::Github => "For a GitHub workflow: annotations",
            Self::Ndjson => "For programs: an object a finding, domcaps.finding/1",
            Self::Csv => "For spreadsheets: a row a finding",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("`{text}` is no format: write one of {names}")
        })
    }
}

/// What the user can choose beside the format.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Name all that a page else sums up.
    pub is_full: bool,
    /// Columns that text may fill.
    pub width: usize,
}

/// Writes a report in a format. Text holds the escapes of a terminal, which whoever writes it
/// elsewhere strips.
///
/// # Errors
/// Where the output cannot be written.
pub fn write(
    format: Format,
    report: &Report,
    options: Options,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let page = || Page::new(report, options.is_full);
    match format {
        Format::Text => text::page(&page(), options.is_full, options.width, out),
        Format::Json if report.fleet.is_some() => json::report(report, out),
        Format::Json => json::diff(report, out),
        Format::Github => github::annotations(&page(), out),
        Format::Ndjson => ndjson::findings(report, out),
        Format::Csv => csv::findings(report, out),
        Format::Markdown => markdown::page(&page(), out),
        Format::Junit => junit::report(report, out),
        Format::Sarif => sarif::log(report, out),
        Format::Html => html::page(&page(), out),
    }
}
