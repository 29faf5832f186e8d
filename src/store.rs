//! The store: one SQLite file with the history of a fleet.
//!
//! All SQL is here, and rusqlite is named nowhere else. The store knows nothing of XML: it takes
//! bodies with their capabilities and gives both back. `migrations/README.md` explains the schema.

mod ask;
mod attempts;
mod backup;
mod body;
mod changes;
mod check;
mod error;
mod export;
mod files;
mod forget;
mod host;
mod ids;
mod known;
mod latest;
mod lists;
mod lookup;
mod migrate;
mod notices;
mod observed;
mod open;
mod pack;
mod profile;
mod profiles;
mod prune;
mod removed;
mod select;
mod snapshot;
mod tag;
mod tree;
mod versions;
mod writer;

pub use ask::{Answer, AskError, Reader, View};
pub use attempts::{AttemptOutcome, HostContact, HostListing, NewAttempt};
pub use body::NewBody;
pub use changes::ChangePoint;
pub use check::{Counts, Damage, REHASHES, StoredBody};
pub use error::StoreError;
pub use export::{Period, Reach, ToldOutcome, ToldSnapshot, ToldValue};
pub use forget::HistoryRow;
pub use host::{Groups, HostRow};
pub use ids::{
    BodyId, ContextId, EventId, HostId, MachineListId, PathId, ProfileId, TreeId, ValueId,
};
pub use latest::Latest;
pub use lookup::{StoredTree, StoredValue};
pub use notices::{HostRecovery, NewEvents, SinkCursor};
pub use observed::{StoredDocument, StoredSnapshot};
pub use open::Store;
pub use profiles::{Answered, BodyAnswer, ProfileAnswers, ProfileRow, not_collected};
pub use prune::Pruned;
pub use removed::RemovedSnapshot;
pub use select::Resolved;
pub use snapshot::{Run, SnapshotRow};
pub use tree::Difference as TreeDifference;
pub use versions::Versions;
pub use writer::{Content, NewAnswer, NewOutcome, NewSnapshot, Stored, Writer};
