//! Row numbers, one type for each table: they never leave this database.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::model::{Hash, HostName, HostNameError};

macro_rules! id {
    ($(#[doc = $doc:literal] $name:ident)+) => {$(
        #[doc = $doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(super) i64);

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_i64().map(Self)
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                self.0.to_sql()
            }
        }
    )+};
}

id! {
    #[doc = "A host."] HostId
    #[doc = "A body: a document without its identity."] BodyId
    #[doc = "A subtree: the root of a body's capabilities, or a part of it."] TreeId
    #[doc = "A profile: which target gave which outcome."] ProfileId
    #[doc = "A context."] ContextId
    #[doc = "A machine list."] MachineListId
    #[doc = "A capability path."] PathId
    #[doc = "A value that capabilities have."] ValueId
}

impl FromSql for HostName {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let name = value.as_str()?;
        name.parse().map_err(|error: HostNameError| FromSqlError::Other(error.into()))
    }
}

impl FromSql for Hash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; Self::LENGTH]>::column_result(value).map(Self::from_bytes)
    }
}

impl ToSql for Hash {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.as_bytes().as_slice()))
    }
}
