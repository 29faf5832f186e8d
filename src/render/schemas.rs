//! The JSON Schemas of all that is printed as JSON, built in.

use std::io::Write;

/// The description of an output.
#[derive(Debug)]
pub struct Schema {
    /// As in `domcaps.NAME/1`.
    pub name: &'static str,
    /// The file in `docs/schemas`.
    pub text: &'static str,
}

macro_rules! schema {
    ($name:literal) => {
        Schema {
            name: $name,
            text: include_str!(concat!("../../docs/schemas/", $name, ".schema.json")),
        }
    };
}

/// Every schema, by name.
pub const ALL: [Schema; 47] = [
    schema!("answer"),
    schema!("backup"),
    schema!("calendar"),
    schema!("check"),
    schema!("cohorts"),
    schema!("collect"),
    schema!("collect-check"),
    schema!("common"),
    schema!("diff"),
    schema!("export-capability"),
    schema!("export-change"),
    schema!("export-document"),
    schema!("export-host"),
    schema!("export-machine"),
    schema!("export-profile"),
    schema!("export-snapshot"),
    schema!("finding"),
    schema!("forget"),
    schema!("gone"),
    schema!("history"),
    schema!("hosts"),
    schema!("import"),
    schema!("machines"),
    schema!("matrix"),
    schema!("notice"),
    schema!("notify"),
    schema!("outliers"),
    schema!("paths"),
    schema!("plan"),
    schema!("planned-guest"),
    schema!("preflight"),
    schema!("preflight-table"),
    schema!("prune"),
    schema!("query"),
    schema!("release"),
    schema!("releases"),
    schema!("removed"),
    schema!("rename"),
    schema!("report"),
    schema!("rules"),
    schema!("show"),
    schema!("snapshots"),
    schema!("sql"),
    schema!("status"),
    schema!("tag"),
    schema!("views"),
    schema!("which"),
];

/// The schema of a name, which may be written in full: `domcaps.diff/1`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Schema> {
    const { &ALL }.iter().find(|schema| schema.name == name || schema.full_name() == name)
}

impl Schema {
    /// What objects say under `schema`.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("domcaps.{}/1", self.name)
    }

    /// What it describes, as its `title` says it.
    #[must_use]
    pub fn title(&self) -> String {
        let value: serde_json::Value = serde_json::from_str(self.text).unwrap_or_default();
        value["title"].as_str().unwrap_or_default().to_owned()
    }
}

/// Writes each name with what it describes.
///
/// # Errors
/// Where the output cannot be written.
pub fn list(out: &mut dyn Write) -> std::io::Result<()> {
    let width = ALL.iter().map(|schema| schema.name.len()).max().unwrap_or_default();
    for schema in &ALL {
        writeln!(out, "{:width$}  {}", schema.name, schema.title())?;
    }
    Ok(())
}
