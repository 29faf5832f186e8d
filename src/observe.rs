//! What was learnt of one host at one moment, wherever it came from: files, folders, standard input,
//! a visit by virsh, the bundled hosts. Equal input is an equal [`HostObservation`] with an equal state.
//!
//! What a file is, which of two documents of a target counts, what a bad one leaves unknown, what
//! cannot be true, and how much one host may say: all that is decided here and nowhere else.

mod bad;
mod files;
mod hint;
mod pieces;
mod visit;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use crate::collect::RawBody;
use crate::model::{Capabilities, FailureClass, Hash, HostInfo, State, Suspicion, Target};
use crate::parse;
use crate::source::Input;

pub use bad::BadFile;
pub use files::files;
pub use visit::visit;

/// The bodies that were read before: those of a store, or of one command's memory. It holds what a
/// body says, in whatever form is needed.
pub trait BodyIndex {
    /// What stands for a body's content.
    type Content;
    /// Why it cannot be looked up.
    type Error;

    /// A body that was read before, and what speaks against it.
    ///
    /// # Errors
    /// Where it cannot be looked up.
    fn known(&mut self, body: Hash) -> Result<Option<(Self::Content, Suspicion)>, Self::Error>;

    /// Takes in what a body says that was read now: later it is known. `length` is that of its document.
    fn add(&mut self, body: Hash, capabilities: Capabilities, length: usize) -> Self::Content;
}

/// What was learnt of one host at one moment. `C` stands for the content of a document.
#[derive(Debug)]
pub struct HostObservation<'o, C> {
    /// Each target that gave a good document.
    pub documents: BTreeMap<Target, ObservedDocument<'o, C>>,
    /// Each target that gave none, with the reason.
    pub failures: BTreeMap<Target, (FailureClass, Cow<'o, str>)>,
    /// Machine list and context.
    pub info: HostInfo,
    /// Files that were left out.
    pub bad: Vec<BadFile>,
    /// Something is missing, and nothing says what: a file that could not be read, targets that were
    /// not asked.
    pub is_incomplete: bool,
    /// Some document cannot be true.
    is_suspect: bool,
    /// What the documents say that were read now.
    budget: parse::HostBudget,
}

/// A good document.
#[derive(Debug)]
pub struct ObservedDocument<'o, C> {
    /// The address of its body.
    pub body: Hash,
    /// What it says.
    pub content: C,
    /// Its bytes.
    pub text: DocumentText<'o>,
}

/// Where the bytes of a document are: they are put together only where they are needed.
#[derive(Debug)]
pub enum DocumentText<'o> {
    /// In a file, which may hold others.
    InFile {
        /// The file.
        input: Arc<Input>,
        /// Where in it the document stands.
        at: Range<usize>,
        /// Where in the document its identity stands.
        head: Range<usize>,
    },
    /// In two: the identity, and the rest, which other documents may share.
    Split {
        /// The identity.
        head: &'o [u8],
        /// The rest.
        body: &'o RawBody,
    },
}

impl DocumentText<'_> {
    /// The bytes of the identity.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        match self {
            Self::InFile { input, at, head } => &input.bytes[at.clone()][head.clone()],
            Self::Split { head, .. } => head,
        }
    }

    /// Where the identity stands.
    #[must_use]
    pub fn head_at(&self) -> usize {
        match self {
            Self::InFile { head, .. } => head.start,
            Self::Split { body, .. } => body.head_at,
        }
    }

    /// The document without its identity.
    #[must_use]
    pub fn body(&self) -> Cow<'_, [u8]> {
        match self {
            Self::InFile { input, at, head } => {
                let document = &input.bytes[at.clone()];
                [&document[..head.start], &document[head.end..]].concat().into()
            }
            Self::Split { body, .. } => body.bytes.as_slice().into(),
        }
    }

    /// The whole document.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::InFile { input, at, .. } if at.len() == input.bytes.len() => {
                Arc::try_unwrap(input).map_or_else(|input| input.bytes.clone(), |input| input.bytes)
            }
            Self::InFile { input, at, .. } => input.bytes[at].to_vec(),
            Self::Split { head, body } => {
                let (before, after) = body.bytes.split_at(body.head_at.min(body.bytes.len()));
                [before, head, after].concat()
            }
        }
    }

    /// The file it stands in.
    fn path(&self) -> PathBuf {
        match self {
            Self::InFile { input, .. } => input.path.clone(),
            Self::Split { .. } => PathBuf::new(),
        }
    }

    fn as_file(&self) -> &[u8] {
        match self {
            Self::InFile { input, at, .. } => &input.bytes[at.clone()],
            Self::Split { body, .. } => &body.bytes,
        }
    }
}

/// Two documents of one target, and they differ: nothing says which is true.
#[derive(Debug, Error)]
#[error("{}: target {target} is in {} too, with different content", second.display(), first.display())]
pub struct TargetTwice {
    /// The target.
    pub target: Box<Target>,
    /// The file that gave it first.
    pub first: PathBuf,
    /// The other file.
    pub second: PathBuf,
}

/// Why there is no observation.
#[derive(Debug, Error)]
pub enum ObserveError<E> {
    /// Two documents of one target.
    #[error(transparent)]
    Twice(#[from] TargetTwice),
    /// The files of a host say more than is kept of one.
    #[error(transparent)]
    TooMuch(#[from] parse::OverBudget),
    /// The bodies that are known cannot be looked up.
    #[error("{0}")]
    Index(E),
}

impl<C> Default for HostObservation<'_, C> {
    fn default() -> Self {
        Self {
            documents: BTreeMap::new(),
            failures: BTreeMap::new(),
            info: HostInfo::default(),
            bad: Vec::new(),
            is_incomplete: false,
            is_suspect: false,
            budget: parse::HostBudget::default(),
        }
    }
}

impl<'o, C> HostObservation<'o, C> {
    /// Whether files gave nothing that could be stored or compared: no document, nor a machine list
    /// alone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let is_list =
            self.info.machines.is_some() && self.bad.is_empty() && self.failures.is_empty();
        self.documents.is_empty() && !is_list
    }

    /// How far all of it can be trusted.
    #[must_use]
    pub fn state(&self) -> State {
        let is = |wanted| self.failures.values().any(|(class, _)| *class == wanted);
        // That a host cannot do it is an answer too; and so is a machine list alone, where nothing
        // else was asked for.
        let has_answer = !self.documents.is_empty() || is(FailureClass::Unsupported);
        if !has_answer && !self.failures.is_empty() {
            State::Failed
        } else if self.is_suspect {
            State::Suspect
        } else if self.is_incomplete
            || is(FailureClass::Transient)
            || (self.documents.is_empty() && !self.failures.is_empty())
        {
            State::Partial
        } else {
            State::Complete
        }
    }

    /// Takes a good document in.
    fn add(
        &mut self,
        target: Target,
        (content, suspicion): (C, Suspicion),
        body: Hash,
        text: DocumentText<'o>,
    ) -> Result<(), TargetTwice> {
        if let Some(first) = self.documents.get(&target) {
            if says_the_same(first.text.as_file(), text.as_file()) {
                return Ok(());
            }
            let (first, second) = (first.text.path(), text.path());
            return Err(TargetTwice { target: Box::new(target), first, second });
        }
        self.is_suspect |= suspicion.counts_for(&target);
        self.documents.insert(target, ObservedDocument { body, content, text });
        Ok(())
    }

    /// Notes a target that gave no document; one that it gave elsewhere counts.
    fn fail(&mut self, target: Target, class: FailureClass, why: Cow<'o, str>) {
        self.failures.insert(target, (class, why));
    }

    /// Settles what could be known only at the end.
    fn finish(mut self) -> Self {
        self.failures.retain(|target, _| !self.documents.contains_key(target));
        self
    }

    /// Takes the content of a body in that was read now, as long as the host has not said too much.
    fn read<I: BodyIndex<Content = C>>(
        &mut self,
        index: &mut I,
        body: Hash,
        capabilities: Capabilities,
        length: usize,
    ) -> Result<(C, Suspicion), parse::OverBudget> {
        self.budget.take(&capabilities)?;
        let suspicion = Suspicion::of(&capabilities);
        Ok((index.add(body, capabilities, length), suspicion))
    }
}

/// Whether two documents of one target have equal capabilities, whatever their bytes.
fn says_the_same(one: &[u8], other: &[u8]) -> bool {
    if one == other {
        return true;
    }
    let said = |bytes| Some(parse::document(bytes).ok()?.capabilities);
    said(one).zip(said(other)).is_some_and(|(one, other)| one.says_the_same(&other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(required: usize, disabled: usize, kvm64: &str) -> bool {
        of_arch("x86_64", required, disabled, kvm64)
    }

    fn of_arch(arch: &str, required: usize, disabled: usize, kvm64: &str) -> bool {
        let feature =
            |policy: &str, at| format!("<feature policy='{policy}' name='{policy}{at}'/>");
        let features: String = (0..required)
            .map(|at| feature("require", at))
            .chain((0..disabled).map(|at| feature("disable", at)))
            .collect();
        let text = format!(
            "<domainCapabilities><path>/q</path><domain>kvm</domain><machine>pc</machine><arch>x86_64</arch><cpu>\
             <mode name='host-model' supported='yes'><model>EPYC</model>{features}</mode>\
             <mode name='custom' supported='yes'><model usable='{kvm64}'>kvm64</model><model usable='no'>z</model>\
             </mode></cpu></domainCapabilities>"
        );
        let document = parse::document(text.as_bytes()).unwrap();
        let target = Target { arch: arch.to_owned(), ..document.head.target };
        Suspicion::of(&document.capabilities).counts_for(&target)
    }

    #[test]
    fn a_host_that_disables_most_of_its_model_is_not_to_be_believed() {
        assert!(document(11, 46, "yes"));
        assert!(!document(30, 3, "yes"));
        assert!(!document(2, 12, "yes"), "an odd CPU is still a CPU");
        assert!(!document(40, 46, "unknown"));
    }

    #[test]
    fn nor_is_one_that_cannot_run_what_every_host_can() {
        assert!(document(26, 1, "no"));
        assert!(!document(26, 1, "yes") && !document(0, 0, "unknown"));
        assert!(!of_arch("i686", 26, 1, "no"), "a 32-bit QEMU never runs a 64-bit model");
    }
}
