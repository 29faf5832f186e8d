//! The store: one SQLite file with the history of a fleet.
//!
//! All SQL is here, and rusqlite is named nowhere else. The store knows nothing of XML: it takes
//! bodies with their capabilities and gives both back. `migrations/README.md` explains the schema.

mod body;
mod error;
mod host;
mod ids;
mod latest;
mod migrate;
mod observed;
mod open;
mod profile;
mod profiles;
mod select;
mod snapshot;
mod tree;
mod versions;
mod writer;

pub use body::NewBody;
pub use error::StoreError;
pub use host::{Groups, HostRow};
pub use ids::{BodyId, ContextId, HostId, MachineListId, PathId, ProfileId, TreeId, ValueId};
pub use latest::Latest;
pub use observed::{StoredDocument, StoredSnapshot};
pub use open::Store;
pub use profiles::{Answered, BodyAnswer, ProfileAnswers, ProfileRow};
pub use select::Resolved;
pub use snapshot::{Run, SnapshotRow};
pub use tree::Difference as TreeDifference;
pub use versions::Versions;
pub use writer::{NewAnswer, NewOutcome, NewSnapshot, Stored, Writer};
