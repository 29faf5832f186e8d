//! Questions about many hosts at once: which are alike, what all of them can do, who stands out.
//!
//! A fleet of thousands has some hundred different contents, and these share most of their parts. So
//! nothing here works per host and target: hosts of equal content are a cohort, and what cohorts
//! offer is put together from parts of documents that are read once each. No SQL, no output.

mod apart;
mod cohort;

pub use apart::{Apart, ApartChange, apart, side_of};
pub use cohort::{Cohort, Cohorts, Counted};
