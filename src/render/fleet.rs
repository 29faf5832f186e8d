//! What is told of a fleet, in the terminal.

mod cohorts;
mod common;
mod matrix;
mod outliers;
mod things;

pub use cohorts::cohorts;
pub use common::common;
pub use matrix::{matrix, matrix_csv};
pub use outliers::outliers;

use std::io::Write;

use super::text::wrapped;
use crate::model::HostName;
use crate::model::counted;

/// A line in the terminal, broken where it is too long.
fn line(
    text: &str,
    indent: &str,
    hanging: &str,
    width: usize,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let text = format!("{indent}{}", super::plain(text));
    writeln!(out, "{}", wrapped(&text, hanging, width))
}

/// The first few of some names.
fn few<'n>(names: impl ExactSizeIterator<Item = &'n str>, most: usize) -> String {
    let more = if names.len() > most { ", …" } else { "" };
    let shown: Vec<&str> = names.take(most).collect();
    format!("{}{more}", shown.join(", "))
}

/// The first few hosts.
fn few_hosts(hosts: &[HostName], most: usize) -> String {
    few(hosts.iter().map(HostName::as_str), most)
}

/// How many of all, in percent: never all or none where it is not.
fn share(count: usize, all: usize) -> String {
    let percent = (count * 100 + all / 2).checked_div(all).unwrap_or(0);
    match percent {
        0 if count > 0 => "<1 %".to_owned(),
        100 if count < all => ">99 %".to_owned(),
        _ => format!("{percent} %"),
    }
}

/// A path without what may be left out of it when it is asked for.
fn short(path: &str) -> &str {
    let above = ["devices.", "features.", "cpu.mode[custom].", "cpu."];
    above.iter().find_map(|above| path.strip_prefix(above)).unwrap_or(path)
}
