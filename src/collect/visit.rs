//! One host in one session: its versions, its machine list, and a document for each target.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use thiserror::Error;

use super::answers::{Answers, still_connected};
use super::failure;
use super::local::Local;
use super::session::{Broken, Limits, Session};
use super::site::{Settings, Site};
use super::targets::Choice;
use crate::model::{Context, FailureClass, Hash, HostInfo, Target, Time};
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
    let local = site.is_local().then(Local::ask);
    let (mut info, host) = introduce(&mut session, site, settings)?;
    let targets = settings.choice.targets(&host);
    let mut passed_over = BTreeSet::from_iter(Choice::default().targets(&host));
    if passed_over.is_empty() {
        let why = "libvirt lists no guest: is QEMU installed there?".to_owned();
        return Err(Unreached { class: FailureClass::Transient, why, is_stopped: false });
    }
    if targets.is_empty() {
        let why = format!(
            "none of its {} targets fits --arch, --virttype or --machine",
            passed_over.len()
        );
        return Err(Unreached::refused(why));
    }
    for asked in &targets {
        passed_over.remove(asked);
    }
    let mut answers = Answers::default();
    let end = answers.ask_all(&mut session, &targets, &settings.flags).err();
    let cut_short = end.map(|why| answers.cut_short(&targets, why));
    if cut_short.is_none() {
        session.finish();
    }
    if let Some(local) = local {
        local.add_to(&mut info.context);
    }
    Ok(Visit {
        taken_at,
        info,
        passed_over,
        observed: answers.observed,
        bodies: answers.bodies,
        cut_short,
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
    still_connected(&version.errors)?;
    if !settings.flags.is_empty() {
        let help = session.ask("help domcapabilities", SHORT)?;
        let help = String::from_utf8_lossy(&help.output.bytes).into_owned();
        let missing =
            settings.flags.iter().find(|flag| !help.contains(&format!("--{}", flag.name())));
        if let Some(missing) = missing {
            let (name, since) = (missing.name(), missing.since());
            let why = format!("this virsh has no --{name}, libvirt {since}'s has (--virsh)");
            return Err(Unreached::refused(why));
        }
    }
    let answer = session.ask("capabilities", MAX_BYTES)?;
    still_connected(&answer.errors)?;
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
        api_flags: Context::flags(
            &settings.flags.iter().map(|flag| flag.name()).collect::<Vec<_>>().join(","),
        ),
        uri: Some(site.uri.clone()),
        ..parse::version(&String::from_utf8_lossy(&version.output.bytes))
    };
    host.add_to(&mut context);
    Ok((HostInfo { machines: Some(host.machines.clone()), context }, host))
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
            Broken::Program { is_transient: true, .. } => FailureClass::Transient,
            Broken::Ended(_) | Broken::Program { .. } => FailureClass::Refused,
            Broken::Hung(_) | Broken::OutOfTime(_) | Broken::Stopped => FailureClass::Transient,
        };
        Self { class, why, is_stopped: broken == Broken::Stopped }
    }
}
