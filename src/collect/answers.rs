//! What the targets of a host answer, as it comes.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::commands::{self, ApiFlag};
use super::failure;
use super::session::{Broken, Session};
use super::stream::Answer;
use super::visit::{CutShort, Observed, RawBody};
use crate::model::{FailureClass, Hash, Target};
use crate::parse::{self, MAX_BYTES};

/// The most bytes of different bodies that are kept of one host: twenty times those of a Debian 13
/// host with five architectures.
const MAX_HOST_BYTES: usize = 16 << 20;

/// How many commands are typed before the one that is waited for is answered, so that virsh need
/// not wait for the next.
const AHEAD: usize = 1;

/// What the targets gave so far.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) observed: BTreeMap<Target, Observed>,
    pub(super) bodies: HashMap<Hash, RawBody>,
    bytes: usize,
    /// Targets that gave a document or an error.
    answered: usize,
}

impl Answers {
    /// Asks for all documents; fails where no further one can be had.
    ///
    /// With a command typed ahead, an error may be another's: what gave no document is asked again,
    /// alone, and so its error is its own.
    pub(super) fn ask_all(
        &mut self,
        session: &mut Session<'_>,
        targets: &[Target],
        flags: &[ApiFlag],
    ) -> Result<(), Broken> {
        let mut left = targets.iter();
        let mut typed = VecDeque::new();
        let mut silent = Vec::new();
        loop {
            while typed.len() <= AHEAD
                && let Some(target) = left.next()
            {
                match commands::domcapabilities(target, flags) {
                    Ok(command) => {
                        session.send(&command)?;
                        typed.push_back((target, command));
                    }
                    Err(name) => self.refuse(target, name),
                }
            }
            let Some((target, command)) = typed.pop_front() else { break };
            let output = session.receive(MAX_BYTES)?;
            let errors = session.errors()?;
            if failure::is_of_another(&errors) {
                return Err(Broken::Ended(errors));
            }
            if !self.document(target, &output) {
                silent.push((target, command));
            }
            // It may be the next command's, so the document before it counts.
            still_connected(&errors)?;
        }
        for (target, command) in silent {
            let reply = session.ask(&command, MAX_BYTES)?;
            still_connected(&reply.errors)?;
            if !self.document(target, &reply.output) {
                let said = Some(reply.errors).filter(|errors| !errors.is_empty());
                let why = said.unwrap_or_else(|| "virsh said nothing".to_owned());
                self.fail(target, failure::class(&why), why);
            }
        }
        Ok(())
    }

    /// Notes that a session ended before its end: what has no answer was not asked.
    pub(super) fn cut_short(&mut self, targets: &[Target], why: Broken) -> CutShort {
        let end = CutShort { asked: targets.len(), answered: self.answered, why };
        for target in targets {
            let missed =
                || Observed::Failed(FailureClass::Transient, format!("not asked: {}", end.why));
            self.observed.entry(target.clone()).or_insert_with(missed);
        }
        end
    }

    fn refuse(&mut self, target: &Target, name: &str) {
        let why = format!("not asked: `{name}` is no name that can be typed into virsh");
        self.fail(target, FailureClass::Refused, why);
    }

    /// Takes what was printed for a target; whether that was anything.
    fn document(&mut self, target: &Target, output: &Answer) -> bool {
        if output.is_over {
            let why = format!("its document is larger than {} MiB", MAX_BYTES >> 20);
            self.fail(target, FailureClass::Transient, why);
        } else if output.bytes.trim_ascii().is_empty() {
            return false;
        } else if let Err(why) = self.take(target, as_libvirt_gave_it(&output.bytes)) {
            self.fail(target, FailureClass::Transient, why);
        }
        true
    }

    fn fail(&mut self, target: &Target, class: FailureClass, why: String) {
        self.answered += 1;
        self.observed.insert(target.clone(), Observed::Failed(class, why));
    }

    /// Keeps a document; what it says is not looked into here.
    fn take(&mut self, asked: &Target, document: &[u8]) -> Result<(), String> {
        let head = match parse::split(document) {
            Some(head) => head,
            None => parse::document(document).map_err(|error| error.to_string())?.head,
        };
        if !is_about(asked, &head.target) {
            return Err(format!("the answer is about {}", head.target));
        }
        if let Some(Observed::Document { .. }) = self.observed.get(&head.target) {
            return Err(format!("the answer is about {}, as another was", head.target));
        }
        let body = head.body_hash(document);
        if !self.bodies.contains_key(&body) {
            if self.bytes + document.len() > MAX_HOST_BYTES {
                let most = MAX_HOST_BYTES >> 20;
                return Err(format!("the host's documents are more than {most} MiB"));
            }
            self.bytes += document.len();
            let raw = RawBody { bytes: head.body(document), head_at: head.range.start };
            self.bodies.insert(body, raw);
        }
        let bytes = document[head.range.clone()].to_vec();
        self.answered += 1;
        self.observed.insert(head.target, Observed::Document { head: bytes, body });
        Ok(())
    }
}

/// A document without the empty line that virsh 9.0.0 puts behind it, and 11.3.0 does not.
fn as_libvirt_gave_it(output: &[u8]) -> &[u8] {
    if output.ends_with(b"\n\n") { &output[..output.len() - 1] } else { output }
}

/// Whether a document is the answer to what was asked. A driver may leave out its emulator.
fn is_about(asked: &Target, got: &Target) -> bool {
    let is_same = |asked: &str, got: &str| asked.is_empty() || asked == got;
    is_same(&asked.arch, &got.arch)
        && is_same(&asked.virttype, &got.virttype)
        && is_same(&asked.machine, &got.machine)
        && (got.emulator.is_empty() || is_same(&asked.emulator, &got.emulator))
}

/// An error that says that the connection is gone ends a session, whichever command it came with.
pub(super) fn still_connected(errors: &str) -> Result<(), Broken> {
    if failure::is_lost(errors) { Err(Broken::Ended(errors.to_owned())) } else { Ok(()) }
}
