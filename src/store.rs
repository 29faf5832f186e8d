//! The store: one SQLite file with the history of a fleet.
//!
//! All SQL is here, and rusqlite is named nowhere else. The store knows nothing of XML: it takes
//! bodies with their capabilities and gives both back. `migrations/README.md` explains the schema.

mod backup;
mod body;
mod check;
mod error;
mod forget;
mod host;
mod ids;
mod latest;
mod migrate;
mod observed;
mod open;
mod profile;
mod prune;
mod select;
mod snapshot;
mod tree;
mod writer;

pub use body::NewBody;
pub use check::{Counts, Damage, REHASHES, StoredBody};
pub use error::StoreError;
pub use forget::HistoryRow;
pub use host::{Groups, HostRow};
pub use ids::{BodyId, ContextId, HostId, ProfileId, TreeId};
pub use latest::Latest;
pub use observed::{StoredDocument, StoredSnapshot};
pub use open::Store;
pub use prune::Pruned;
pub use select::Resolved;
pub use snapshot::{Run, SnapshotRow};
pub use tree::Difference as TreeDifference;
pub use writer::{NewOutcome, NewSnapshot, Stored, Writer};
