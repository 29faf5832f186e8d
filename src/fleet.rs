//! Questions about many hosts at once: which are alike, what all of them can do, who stands out.
//!
//! A fleet of thousands has some hundred different contents, and these share most of their parts. So
//! nothing here works per host and target: hosts of equal content are a cohort, and what cohorts
//! offer is put together from parts of documents that are read once each. No SQL, no output.

mod apart;
mod cohort;
mod common;
mod facts;
mod generations;
mod matrix;
mod offer;
mod outlier;

pub use apart::{Apart, ApartChange, apart};
pub use cohort::{Cohort, Cohorts, Counted};
pub use common::{ByValue, Common, FamilyCommon, HeldBack, HostModel, Thing};
pub use facts::{Fact, FactKind, Facts};
pub use generations::{Generation, generation, newest_first};
pub use matrix::{Cell, Column, Matrix, MatrixError, Row};
pub use offer::{Can, Family, Offer, Offers};
pub use outlier::{Outlier, outliers};
