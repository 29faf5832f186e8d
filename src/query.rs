//! Questions about hosts: which can do what, in three values.
//!
//! [`Expression`] is what was asked, [`Query`] what it means against a store and who answers it.
//! No document is read: a capability is looked up by its path, and equal answers are found out once.

mod answer;
mod capability;
mod complete;
mod error;
mod evaluate;
mod expression;
mod host;
mod nearest;
mod parse;
mod paths;
mod resolve;
mod sides;
mod target;
mod value;

pub use answer::Answer;
pub use complete::{expressions as completed_expressions, paths as completed_paths};
pub use error::QueryError;
pub use evaluate::{Asked, HostAnswer, Query, TargetAnswer};
pub use expression::{Expression, Leaf, Node, Test, Word};
pub use paths::{PathRow, PathValue, known};
pub use resolve::ResolveError;
pub use sides::{SideQuery, members};
pub use value::{Operator, Wanted};
