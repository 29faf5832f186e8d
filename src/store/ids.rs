//! Row numbers, one type for each table: they never leave this database.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use super::attempts::AttemptOutcome;
use crate::model::{FailureClass, Hash, HostName, HostNameError, Kind, State, Suspicion};

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
    #[doc = "Something to tell sinks of."] EventId
}

/// A value that its column cannot hold: the row is damaged, or a newer build wrote it.
#[derive(Debug, thiserror::Error)]
#[error("`{value}` is not a {what}")]
struct UnknownName {
    what: &'static str,
    value: String,
}

/// Enums that are stored by their names.
macro_rules! named {
    ($($name:ident: $what:literal)+) => {$(
        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let text = value.as_str()?;
                Self::ALL.into_iter().find(|each| each.name() == text).ok_or_else(|| {
                    FromSqlError::Other(UnknownName { what: $what, value: text.to_owned() }.into())
                })
            }
        }

        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.name()))
            }
        }
    )+};
}

named! {
    AttemptOutcome: "outcome of an attempt"
    State: "snapshot state"
    FailureClass: "failure class"
    Kind: "kind of value"
    Suspicion: "suspicion"
}

/// A JSON array of names, as `json_group_array` gives it.
pub(super) struct JsonNames(pub(super) Vec<String>);

impl FromSql for JsonNames {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let names = serde_json::from_str(value.as_str()?);
        names.map(Self).map_err(|error| FromSqlError::Other(error.into()))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_none_is_an_error_and_no_default() {
        for state in State::ALL {
            assert_eq!(State::column_result(ValueRef::from(state.name())).ok(), Some(state));
        }
        let error = State::column_result(ValueRef::from("whole")).unwrap_err();
        assert!(error.to_string().contains("`whole` is not a snapshot state"), "{error}");
        assert!(FailureClass::column_result(ValueRef::from("")).is_err());
        assert!(Kind::column_result(ValueRef::from("words")).is_err());
        assert!(JsonNames::column_result(ValueRef::from("[\"a\"")).is_err());
    }
}
