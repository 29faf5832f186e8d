//! A side from a visit: a release of the catalogue.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use super::{Content, Contents, Origin, Raw, Side, SideError};
use crate::collect::{Observed as Answered, RawBody, Visit};
use crate::diff::{Observed, Outcome};
use crate::model::{Hash, HostInfo};
use crate::observe::{self, ObserveError};

/// What a visit brought; `contents` takes the documents in.
///
/// # Errors
/// Where it says more than is kept of one host.
pub fn from_visit(
    contents: &mut Contents,
    visit: Visit,
    origin: Origin,
) -> Result<Side, SideError> {
    let mut side = of_visit(contents, &visit, origin)?;
    let bodies: HashMap<Hash, Rc<RawBody>> =
        visit.bodies.into_iter().map(|(hash, body)| (hash, Rc::new(body))).collect();
    let outcomes = &side.observed.outcomes;
    let raw = visit.observed.into_iter().filter_map(|(target, answered)| match answered {
        Answered::Document { head, body } if is_document(outcomes.get(&target)) => {
            let body = Rc::clone(&bodies[&body]);
            Some((target, Raw::Split { head, body }))
        }
        _ => None,
    });
    side.raw = raw.collect();
    Ok(side)
}

fn is_document(outcome: Option<&Outcome<Content>>) -> bool {
    matches!(outcome, Some(Outcome::Document(_)))
}

/// The same, without the bytes of its documents.
///
/// # Errors
/// See [`from_visit`].
pub fn of_visit(contents: &mut Contents, visit: &Visit, origin: Origin) -> Result<Side, SideError> {
    let observation = observe::visit(visit, &mut contents.parsed).map_err(|error| match error {
        ObserveError::Twice(twice) => SideError::from(twice),
        ObserveError::TooMuch(error) => {
            SideError::TooMuch { path: origin.source.clone().unwrap_or_default().into(), error }
        }
        ObserveError::Index(never) => match never {},
    })?;
    let state = observation.state();
    let mut outcomes = BTreeMap::new();
    for (target, document) in observation.documents {
        outcomes.insert(target, Outcome::Document(Content::Parsed(document.content)));
    }
    for (target, (class, message)) in observation.failures {
        outcomes.insert(target, Outcome::Failed { class, message: message.into_owned() });
    }
    let HostInfo { machines, context } = observation.info;
    Ok(Side {
        origin,
        observed: Observed { outcomes, machines, state, context, is_chosen: false, whole: None },
        raw: BTreeMap::new(),
        passed_over: Vec::new(),
        bad: Vec::new(),
        unread: Vec::new(),
    })
}
