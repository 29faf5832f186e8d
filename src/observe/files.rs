//! One host from files.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::hint::explain;
use super::pieces::pieces;
use super::{BadFile, BodyIndex, DocumentText, HostObservation, ObserveError, TargetTwice};
use crate::model::{FailureClass, Hash};
use crate::parse::{self, ParseError, Problem};
use crate::source::{self, Input};

/// What the files of one host say. A bad one costs no other: a document that still says which target
/// it is about is a target that did not answer; after any other bad file what is missing says nothing.
///
/// # Errors
/// Where two documents of one target differ, or `index` cannot look up.
pub fn files<I: BodyIndex>(
    inputs: impl IntoIterator<Item = Input>,
    index: &mut I,
) -> Result<HostObservation<'static, I::Content>, ObserveError<I::Error>> {
    let inputs = Vec::from_iter(inputs);
    let is_labeller = inputs.iter().any(|input| is_of_node_labeller(&input.path));
    let mut observation = HostObservation::default();
    for input in inputs {
        // KubeVirt's node labeller asks for every architecture, and leaves an empty file where the
        // emulator is not there: that is no document that is missing.
        if is_labeller && input.bytes.trim_ascii().is_empty() {
            continue;
        }
        observation.read_file(index, &Arc::new(input))?;
    }
    Ok(observation.finish())
}

/// Whether a file has a name that only KubeVirt's node labeller gives
/// (`cmd/virt-launcher/node-labeller/node-labeller.sh`).
fn is_of_node_labeller(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("virsh_domcapabilities") || name == "supported_features.xml"
}

/// Why a document was not taken.
enum NotTaken<E> {
    Bad(ParseError),
    Error(ObserveError<E>),
}

impl<E> From<ParseError> for NotTaken<E> {
    fn from(error: ParseError) -> Self {
        Self::Bad(error)
    }
}

impl<E> From<TargetTwice> for NotTaken<E> {
    fn from(error: TargetTwice) -> Self {
        Self::Error(error.into())
    }
}

impl<C> HostObservation<'static, C> {
    fn read_file<I: BodyIndex<Content = C>>(
        &mut self,
        index: &mut I,
        input: &Arc<Input>,
    ) -> Result<(), ObserveError<I::Error>> {
        let error = match self.read_document(index, input, 0..input.bytes.len()) {
            Ok(()) => return Ok(()),
            Err(NotTaken::Error(error)) => return Err(error),
            Err(NotTaken::Bad(error)) => error,
        };
        // Only now: nearly every file holds one document, and it is good.
        let documents = pieces(&input.bytes);
        let is_pasted = explain(&input.bytes, error.clone()).problem == Problem::Pasted;
        if documents.len() < 2 || is_pasted {
            self.bad_document(input, 0..input.bytes.len(), error);
            return Ok(());
        }
        for at in documents {
            match self.read_document(index, input, at.clone()) {
                Ok(()) => {}
                Err(NotTaken::Error(error)) => return Err(error),
                Err(NotTaken::Bad(error)) => self.bad_document(input, at, error),
            }
        }
        Ok(())
    }

    /// Reads what stands at one place of a file, whatever it is.
    fn read_document<I: BodyIndex<Content = C>>(
        &mut self,
        index: &mut I,
        input: &Arc<Input>,
        at: Range<usize>,
    ) -> Result<(), NotTaken<I::Error>> {
        let bytes = &input.bytes[at.clone()];
        let mut known = |body: Hash| {
            index.known(body).map_err(|error| NotTaken::Error(ObserveError::Index(error)))
        };
        let text = |head| DocumentText::InFile { input: Arc::clone(input), at: at.clone(), head };
        // A known body needs no parse: it was well-formed when it was first read.
        if let Some(head) = parse::split(bytes) {
            let body = head.body_hash(bytes);
            if let Some(content) = known(body)? {
                return Ok(self.add(head.target, content, body, text(head.range))?);
            }
        }
        if source::is_version(&input.path) {
            let version = parse::version(&String::from_utf8_lossy(bytes));
            let context = &mut self.info.context;
            (context.libvirt, context.hypervisor) = (version.libvirt, version.hypervisor);
            return Ok(());
        }
        match parse::root_name(bytes) {
            Some("capabilities") => {
                let host = parse::capabilities(bytes)?;
                self.info.machines = Some(host.machines.clone());
                host.add_to(&mut self.info.context);
                return Ok(());
            }
            // Of `virsh hypervisor-cpu-baseline`: it follows from the documents.
            Some("cpu") => return Ok(()),
            _ => {}
        }
        let document = parse::document(bytes)?;
        let (head, capabilities) = (document.head, document.capabilities);
        let body = head.body_hash(bytes);
        // The quick split may have found another head, or none.
        let content = match known(body)? {
            Some(content) => content,
            None => self
                .read(index, body, capabilities, bytes.len())
                .map_err(|over| NotTaken::Error(over.into()))?,
        };
        Ok(self.add(head.target, content, body, text(head.range))?)
    }

    /// Notes a document that is bad.
    fn bad_document(&mut self, input: &Arc<Input>, at: Range<usize>, error: ParseError) {
        let bytes = &input.bytes[at.clone()];
        let mut error = explain(bytes, error);
        error.line += input.bytes[..at.start].iter().filter(|byte| **byte == b'\n').count();
        match parse::split(bytes) {
            Some(head) => {
                self.fail(head.target, FailureClass::Transient, error.to_string().into());
            }
            None => self.is_incomplete = true,
        }
        self.bad.push(BadFile { path: input.path.clone(), error });
    }
}
