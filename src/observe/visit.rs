//! One host from a visit by virsh.

use std::collections::HashMap;

use super::{BodyIndex, DocumentText, HostObservation, ObserveError};
use crate::collect::{Observed, Visit};
use crate::model::{FailureClass, Hash};
use crate::parse;

/// What a visit brought. A document that is ill-formed is a target that did not answer.
///
/// # Errors
/// Where `index` cannot look up.
pub fn visit<'v, I: BodyIndex>(
    visit: &'v Visit,
    index: &mut I,
) -> Result<HostObservation<'v, I::Content>, ObserveError<I::Error>> {
    let mut observation =
        HostObservation { info: visit.info.clone(), ..HostObservation::default() };
    let mut bad: HashMap<Hash, String> = HashMap::new();
    for (target, observed) in &visit.observed {
        let (head, body) = match observed {
            Observed::Document { head, body } => (head, *body),
            Observed::Failed(class, why) => {
                observation.fail(target.clone(), *class, why.into());
                continue;
            }
        };
        let raw = &visit.bodies[&body];
        let content = match bad.get(&body) {
            Some(why) => Err(why.clone()),
            None => match index.known(body).map_err(ObserveError::Index)? {
                Some(content) => Ok(content),
                None => parse::document(&raw.bytes)
                    .map_err(|_| why_bad(DocumentText::Split { head, body: raw }))
                    .and_then(|document| {
                        let length = raw.bytes.len();
                        observation
                            .read(index, body, document.capabilities, length)
                            .map_err(|over| over.to_string())
                    }),
            },
        };
        match content {
            Ok(content) => {
                let text = DocumentText::Split { head, body: raw };
                observation.add(target.clone(), content, body, text)?;
            }
            Err(why) => {
                bad.insert(body, why.clone());
                observation.fail(target.clone(), FailureClass::Transient, why.into());
            }
        }
    }
    Ok(observation.finish())
}

/// What is wrong with a document, at its place in the whole of it.
fn why_bad(text: DocumentText<'_>) -> String {
    match parse::document(&text.into_bytes()) {
        Err(error) => format!("its document is bad: {error}"),
        Ok(_) => "its document is bad without its identity".to_owned(),
    }
}
