//! Guests against hosts: which change hits which guest, where a guest runs, where it can move.
//!
//! A guest is reduced to its needs when it is read ([`crate::parse::guest`]); everything here
//! compares needs with what documents, machine lists and contexts say. An answer is one of three: yes,
//! no, and what the documents do not decide. Nothing here is shown: that is [`crate::render`].

mod audio;
mod check;
mod impact;
mod meets;
mod migrate;
mod place;
mod read;
mod table;
#[cfg(test)]
mod testing;
mod verdict;
mod version;

pub use check::{GuestChecks, Preflight, check};
pub use impact::{GuestImpacts, Impact};
pub use migrate::{Migration, migrate};
pub use read::{GuestFile, Reading, read};
pub use table::{ColumnGroup, GuestColumn, GuestTable, VerdictGroup};
pub use verdict::{Answer, Checked, Named, Reason, Verdict, lacking};
