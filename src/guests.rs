//! Guests against hosts: which change hits which guest, where a guest runs, where it can move.
//!
//! A guest is reduced to its needs when it is read ([`crate::parse::guest`]); everything here
//! compares needs with what documents, machine lists and contexts say. An answer is one of three: yes,
//! no, and what the documents do not decide. Nothing here is shown: that is [`crate::render`].

mod known;
mod read;
mod uses;
mod watch;

pub use known::Known;
pub use read::{GuestFile, Reading, read};
pub use uses::{UsedBy, uses};
