//! Questions about a host and its snapshot, whose answer all of its targets share.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::answer::Answer;
use super::evaluate::Asked;
use super::value::Wanted;
use crate::model::HostName;
use crate::store::{Store, StoreError};

/// One question about a host.
#[derive(Debug)]
pub(super) enum HostTest {
    /// About its name.
    Name(Wanted),
    /// Whether it is one of these.
    Members(HashSet<HostName>),
    /// About the state of its snapshot.
    State(Wanted),
    /// About a value of the context, by its name.
    Context(&'static str, Wanted),
    /// Whether a value of the context is known, or not.
    IsKnown(&'static str, bool),
    /// What is so of every host.
    Always(bool),
}

impl HostTest {
    /// The answer of each host.
    pub(super) fn answers(
        &self,
        store: &Store,
        asked: &[Asked],
    ) -> Result<Vec<Answer>, StoreError> {
        let each = |answer: &dyn Fn(&Asked) -> Answer| Ok(asked.iter().map(answer).collect());
        match self {
            Self::Name(wanted) => each(&|host| wanted.is_met_by(host.host.as_str()).into()),
            Self::Members(members) => each(&|host| members.contains(&host.host).into()),
            Self::Always(always) => each(&|_| (*always).into()),
            Self::State(wanted) => each(&|host| match &host.snapshot {
                Some(snapshot) => wanted.is_met_by(snapshot.state.name()).into(),
                None => Answer::Unknown,
            }),
            Self::Context(name, wanted) => {
                let mut known: HashMap<Rc<str>, Answer> = HashMap::new();
                context(store, name, asked, |value| match value {
                    Some(value) => *known
                        .entry(value)
                        .or_insert_with_key(|value| wanted.is_met_by(value).into()),
                    None => Answer::Unknown,
                })
            }
            Self::IsKnown(name, is_known) => {
                context(store, name, asked, |value| (value.is_some() == *is_known).into())
            }
        }
    }
}

/// The answer that each host's value of the context gives.
fn context(
    store: &Store,
    name: &str,
    asked: &[Asked],
    mut answer: impl FnMut(Option<Rc<str>>) -> Answer,
) -> Result<Vec<Answer>, StoreError> {
    let ids = asked.iter().filter_map(|host| Some(host.snapshot.as_ref()?.context_id()));
    let values = store.context_values(name, ids)?;
    // The plain call is known: it has no flags.
    let plain: Option<Rc<str>> = (name == "api_flags").then(|| "".into());
    let value = |host: &Asked| {
        values.get(&host.snapshot.as_ref()?.context_id())?.clone().or_else(|| plain.clone())
    };
    Ok(asked.iter().map(|host| answer(value(host))).collect())
}
