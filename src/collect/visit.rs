//! One host in one session: its versions, its machine list, and a document for each target.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use thiserror::Error;

use super::commands::{self, ApiFlag};
use super::session::{Broken, Limits, Session};
use super::site::{Settings, Site};
use super::targets::Choice;
use super::{failure, local, suspect};
use crate::host_info::HostInfo;
use crate::model::{Context, FailureClass, Hash, State, Target, Time};
use crate::parse::{self, HostCapabilities, MAX_BYTES};

/// What a host answered. Equal bodies are kept once: 450 documents of a Debian 13 host have 31.
#[derive(Debug)]
pub struct Visit {
    /// When it began.
    pub taken_at: Time,
    /// The machine list, and what explains changes.
    pub info: HostInfo,
    /// What each target gave.
    pub observed: BTreeMap<Target, Observed>,
    /// The bodies of the documents.
    pub bodies: HashMap<Hash, RawBody>,
    /// How far all this can be trusted.
    pub state: State,
    /// Targets that the host lists and that were not to be asked.
    pub passed_over: BTreeSet<Target>,
    /// Why it ended before its end.
    pub cut_short: Option<CutShort>,
    /// How long it took.
    pub took: Duration,
}

/// What a target gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    /// A document: the bytes of its identity, and the address of the rest.
    Document {
        /// See [`parse::Head`].
        head: Vec<u8>,
        /// The key of its body in [`Visit::bodies`].
        body: Hash,
    },
    /// libvirt's error, or why there is no answer.
    Failed(FailureClass, String),
}

/// A document without its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawBody {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Where in them the identity was cut out.
    pub head_at: usize,
}

/// Where and why a visit ended before its end.
#[derive(Clone, Debug, Error)]
#[error("{answered} of {asked} targets answered: {why}")]
pub struct CutShort {
    /// Targets that were to be asked.
    pub asked: usize,
    /// Those that gave a document or an error.
    pub answered: usize,
    /// What ended it.
    pub why: Broken,
}

/// Why a host gave nothing at all.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{why}")]
pub struct Unreached {
    /// Whether it may be otherwise the next time.
    pub class: FailureClass,
    /// What libvirt, ssh or the system said.
    pub why: String,
    /// domcaps itself is to end.
    pub is_stopped: bool,
}

/// The most bytes of different bodies that are kept of one host: twenty times those of a Debian 13
/// host with two architectures.
const MAX_HOST_BYTES: usize = 64 << 20;

/// What a short answer, such as a version, may have.
const SHORT: usize = 64 << 10;

/// Asks a host everything.
///
/// # Errors
/// Where there is no connection, or not even a list of machines. What ends a visit later only cuts
/// it short.
pub(super) fn visit(
    site: &Site,
    settings: &Settings,
    taken_at: Time,
    limits: Limits<'_>,
) -> Result<Visit, Unreached> {
    let started = Instant::now();
    let mut session = Session::start(settings, site, limits)?;
    let (info, host) = introduce(&mut session, site, settings)?;
    let targets = settings.choice.targets(&host);
    let mut passed_over = BTreeSet::from_iter(Choice::default().targets(&host));
    if targets.is_empty() {
        let why = format!("none of its {} targets is meant", passed_over.len());
        return Err(Unreached::refused(why));
    }
    for asked in &targets {
        passed_over.remove(asked);
    }
    let mut notes = Notes::default();
    let mut end = None;
    for (at, target) in targets.iter().enumerate() {
        if let Err(why) = notes.ask(&mut session, target, &settings.flags) {
            end = Some(CutShort { asked: targets.len(), answered: at, why });
            break;
        }
    }
    if let Some(end) = &end {
        let missed = format!("not asked: {}", end.why);
        for target in &targets[end.answered..] {
            let failed = Observed::Failed(FailureClass::Transient, missed.clone());
            notes.observed.entry(target.clone()).or_insert(failed);
        }
        drop(session);
    } else {
        session.finish();
    }
    Ok(Visit {
        taken_at,
        info,
        passed_over,
        state: notes.state(),
        observed: notes.observed,
        bodies: notes.bodies,
        cut_short: end,
        took: started.elapsed(),
    })
}

/// The first questions: who is there, and what can be asked.
fn introduce(
    session: &mut Session<'_>,
    site: &Site,
    settings: &Settings,
) -> Result<(HostInfo, HostCapabilities), Unreached> {
    let version = session.ask("version --daemon", SHORT)?;
    if !settings.flags.is_empty() {
        let help = session.ask("help domcapabilities", SHORT)?;
        let help = String::from_utf8_lossy(&help.output.bytes).into_owned();
        let missing =
            settings.flags.iter().find(|flag| !help.contains(&format!("--{}", flag.name())));
        if let Some(missing) = missing {
            return Err(Unreached::refused(format!("this virsh has no --{}", missing.name())));
        }
    }
    let answer = session.ask("capabilities", MAX_BYTES)?;
    if answer.output.is_over {
        return Err(Unreached::refused(format!(
            "virsh capabilities: more than {} MiB",
            MAX_BYTES >> 20
        )));
    }
    let bytes = answer.output.bytes.trim_ascii();
    if bytes.is_empty() {
        let why = format!("virsh capabilities: {}", answer.errors);
        return Err(Unreached { class: failure::class(&answer.errors), why, is_stopped: false });
    }
    let host = parse::capabilities(bytes)
        .map_err(|error| Unreached::refused(format!("virsh capabilities:{error}")))?;
    let mut context = Context {
        cpu: host.cpu.clone(),
        microcode: host.microcode.clone(),
        api_flags: Context::flags(
            &settings.flags.iter().map(|flag| flag.name()).collect::<Vec<_>>().join(","),
        ),
        uri: Some(site.uri.clone()),
        ..parse::version(&String::from_utf8_lossy(&version.output.bytes))
    };
    if site.is_local() {
        local::add_to(&mut context);
    }
    Ok((HostInfo { machines: Some(host.machines.clone()), context }, host))
}

/// What the targets gave so far.
#[derive(Default)]
struct Notes {
    observed: BTreeMap<Target, Observed>,
    bodies: HashMap<Hash, RawBody>,
    bytes: usize,
    is_suspect: bool,
}

impl Notes {
    /// Asks for one document; fails where no further one can be had.
    fn ask(
        &mut self,
        session: &mut Session<'_>,
        target: &Target,
        flags: &[ApiFlag],
    ) -> Result<(), Broken> {
        let command = match commands::domcapabilities(target, flags) {
            Ok(command) => command,
            Err(name) => {
                let why = format!("not asked: `{name}` is no name that can be typed into virsh");
                self.fail(target, FailureClass::Refused, why);
                return Ok(());
            }
        };
        let reply = session.ask(&command, MAX_BYTES)?;
        if failure::is_lost(&reply.errors) {
            return Err(Broken::Ended(reply.errors));
        }
        let document = as_libvirt_gave_it(&reply.output.bytes);
        if reply.output.is_over {
            let why = format!("its document is larger than {} MiB", MAX_BYTES >> 20);
            self.fail(target, FailureClass::Transient, why);
        } else if document.trim_ascii().is_empty() {
            let why =
                if reply.errors.is_empty() { "virsh said nothing".into() } else { reply.errors };
            self.fail(target, failure::class(&why), why);
        } else if let Err(why) = self.take(target, document) {
            self.fail(target, FailureClass::Transient, why);
        }
        Ok(())
    }

    fn fail(&mut self, target: &Target, class: FailureClass, why: String) {
        self.observed.insert(target.clone(), Observed::Failed(class, why));
    }

    /// Keeps a document; only bodies that kvm gave are looked into here.
    fn take(&mut self, asked: &Target, document: &[u8]) -> Result<(), String> {
        let head = match parse::split(document) {
            Some(head) => head,
            None => parse::document(document).map_err(|error| error.to_string())?.head,
        };
        if !is_about(asked, &head.target) {
            return Err(format!("the answer is about {}", head.target));
        }
        let body = head.body_hash(document);
        if !self.bodies.contains_key(&body) {
            if self.bytes + document.len() > MAX_HOST_BYTES {
                let most = MAX_HOST_BYTES >> 20;
                return Err(format!("the host's documents are more than {most} MiB"));
            }
            if head.target.virttype == "kvm" {
                let read = parse::document(document).map_err(|error| error.to_string())?;
                self.is_suspect |= suspect::is_suspect(&read.capabilities);
            }
            self.bytes += document.len();
            let raw = RawBody { bytes: head.body(document), head_at: head.range.start };
            self.bodies.insert(body, raw);
        }
        let bytes = document[head.range.clone()].to_vec();
        self.observed.insert(head.target, Observed::Document { head: bytes, body });
        Ok(())
    }

    fn state(&self) -> State {
        let is_transient =
            |each: &Observed| matches!(each, Observed::Failed(FailureClass::Transient, _));
        // That a host cannot do it is an answer too.
        let is_answer = |each: &Observed| {
            matches!(
                each,
                Observed::Document { .. } | Observed::Failed(FailureClass::Unsupported, _)
            )
        };
        if !self.observed.values().any(is_answer) {
            State::Failed
        } else if self.is_suspect {
            State::Suspect
        } else if self.observed.values().any(is_transient) {
            State::Partial
        } else {
            State::Complete
        }
    }
}

/// A document without the empty line that virsh 9.0.0 puts behind it, and 11.3.0 does not.
fn as_libvirt_gave_it(output: &[u8]) -> &[u8] {
    if output.ends_with(b"\n\n") { &output[..output.len() - 1] } else { output }
}

/// Whether a document is the answer to what was asked. A driver may leave out what it has not: bhyve
/// prints no machine.
fn is_about(asked: &Target, got: &Target) -> bool {
    [
        (&asked.arch, &got.arch),
        (&asked.virttype, &got.virttype),
        (&asked.machine, &got.machine),
        (&asked.emulator, &got.emulator),
    ]
    .into_iter()
    .all(|(asked, got)| asked.is_empty() || got.is_empty() || asked == got)
}

impl Visit {
    /// How many targets gave a document.
    #[must_use]
    pub fn documents(&self) -> usize {
        self.observed.values().filter(|each| matches!(each, Observed::Document { .. })).count()
    }
}

impl Unreached {
    fn refused(why: String) -> Self {
        Self { class: FailureClass::Refused, why, is_stopped: false }
    }
}

impl From<Broken> for Unreached {
    fn from(broken: Broken) -> Self {
        let why = broken.to_string();
        let class = match broken {
            Broken::Ended(_) if failure::is_worth_another_try(&why) => FailureClass::Transient,
            Broken::Ended(_) | Broken::Program { .. } => FailureClass::Refused,
            Broken::Hung(_) | Broken::OutOfTime | Broken::Stopped => FailureClass::Transient,
        };
        Self { class, why, is_stopped: broken == Broken::Stopped }
    }
}
