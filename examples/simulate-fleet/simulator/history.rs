//! What is stored of the fleet, night by night.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::rc::Rc;
use std::time::Duration;

use domcaps::collect::{Observed, RawBody, Site, Visit};
use domcaps::ingest;
use domcaps::model::{Context, FailureClass, Hash, HostInfo, State, Time};
use domcaps::parse;
use domcaps::store::{BodyId, Content, NewOutcome, NewSnapshot, Store, StoreError, Writer};

use super::builds::{BUILDS, Build, Class, DEBIAN_13, builds};
use super::calendar::{self, Night, Step};
use super::chance::{Chance, Draw};
use super::cpus::CPUS;
use super::documents::{Images, Models, Shape, document, models};
use super::fleet::{Host, Plan, fleet};

/// How many snapshots share a transaction, and a night more.
const BATCH: usize = 50_000;

/// A fleet and how far its history has come.
pub(crate) struct Simulation {
    pub(super) plan: Plan,
    chance: Chance,
    builds: Vec<Build>,
    models: Models,
    pub(super) hosts: Vec<(Host, Now)>,
    /// All that was stored.
    pub(super) known: HashMap<Shape, Rc<Known>>,
}

/// A shape of which the documents are stored.
pub(super) struct Known {
    /// The body of each class of the build's documents.
    bodies: Vec<BodyId>,
    /// What a snapshot of it holds, once there is one.
    content: Cell<Option<Content>>,
}

/// What a host is like at the moment.
pub(super) struct Now {
    pub(super) shape: Shape,
    context: Context,
    kernel: u8,
    steps: std::iter::Peekable<std::vec::IntoIter<(usize, Step)>>,
    /// What it is known to hold, while nothing happens to it.
    pub(super) known: Option<Rc<Known>>,
}

/// The documents of a shape, one for each class, as they come from a host.
type Bodies = Vec<(Hash, RawBody)>;

impl Simulation {
    pub(crate) fn new(plan: Plan) -> Result<Self, Box<dyn Error>> {
        let chance = Chance(plan.seed);
        let builds = builds(plan.targets)?;
        // The newest QEMU knows the most models, and names what blocks them.
        let newest = builds.last().into_iter().flat_map(|build| &build.classes);
        let newest = newest.max_by_key(|class| class.captured.len()).ok_or("no build")?;
        let models = models(&newest.captured);
        let hosts = fleet(&plan).into_iter().map(|host| {
            let now = Now::first(&host, plan.nights, chance);
            (host, now)
        });
        let hosts = hosts.collect();
        Ok(Self { plan, chance, builds, models, hosts, known: HashMap::new() })
    }

    /// How many different contents the hosts have had, values of their own and all.
    pub(crate) fn contents(&self) -> usize {
        self.known.len()
    }

    /// Stores the whole history; tells of the nights and snapshots so far after each transaction.
    pub(crate) fn store(
        &mut self,
        store: &mut Store,
        mut progress: impl FnMut(usize, usize) -> std::io::Result<()>,
    ) -> Result<(), Box<dyn Error>> {
        let (mut night, mut stored) = (0, 0);
        while night < self.plan.nights {
            let mut writer = store.writer()?;
            let mut batch = 0;
            while night < self.plan.nights && batch < BATCH {
                batch += self.night(&mut writer, night)?;
                night += 1;
            }
            writer.commit()?;
            stored += batch;
            progress(night, stored)?;
        }
        Ok(())
    }

    /// Stores a night of the whole fleet; says how many snapshots that were.
    fn night(&mut self, writer: &mut Writer<'_>, night: usize) -> Result<usize, Box<dyn Error>> {
        let mut hosts = std::mem::take(&mut self.hosts);
        let mut stored = 0;
        for (host, now) in &mut hosts {
            if now.happens(host, night) {
                now.known = None;
            }
            if night < host.rack.joined || host.retired.is_some_and(|end| night >= end) {
                continue;
            }
            stored += usize::from(self.visit(writer, host, now, night)?);
        }
        self.hosts = hosts;
        Ok(stored)
    }

    /// Stores a host's night, where there is anything to store.
    fn visit(
        &mut self,
        writer: &mut Writer<'_>,
        host: &Host,
        now: &mut Now,
        night: usize,
    ) -> Result<bool, Box<dyn Error>> {
        let taken_at = self.taken_at(host, night);
        let state = match calendar::night(host, night, self.chance) {
            Night::Usual => None,
            Night::OutOfReach => return Ok(false),
            Night::Failed => Some(State::Failed),
            Night::Partial => Some(State::Partial),
            Night::Suspect => Some(State::Suspect),
        };
        if let Some(state) = state {
            let shape = Shape { is_suspect: state == State::Suspect, ..now.shape.clone() };
            let bodies = self.bodies(&shape)?;
            self.ingest(writer, host, now, taken_at, state, &bodies)?;
            return Ok(true);
        }
        if now.known.is_none() {
            now.known = self.known.get(&now.shape).cloned();
        }
        if now.known.is_none() {
            let bodies = self.bodies(&now.shape)?;
            now.known = self.find(writer, &now.shape, &bodies)?;
            if now.known.is_none() {
                self.ingest(writer, host, now, taken_at, State::Complete, &bodies)?;
                now.known = self.find(writer, &now.shape, &bodies)?;
                return Ok(true);
            }
        }
        if let Some(known) = &now.known {
            if let Some(content) = known.content.get() {
                self.again(writer, host, now, taken_at, content)?;
            } else {
                let content = self.unchanged(writer, host, now, taken_at, known)?;
                known.content.set(Some(content));
            }
        }
        Ok(true)
    }

    pub(super) fn taken_at(&self, host: &Host, night: usize) -> Time {
        const MINUTE: usize = 60_000;
        // Not to the millisecond at the same time: the hosts before it take their time.
        let jitter = self.chance.roll(Draw::Second, host.number, night, MINUTE);
        let after = (night * 24 * 60 + host.minute) * MINUTE + jitter;
        Time::from_milliseconds(self.plan.from.milliseconds() + after as i64)
    }

    /// The bodies of a shape in the store, where all of them are there.
    pub(super) fn find(
        &mut self,
        writer: &mut Writer<'_>,
        shape: &Shape,
        bodies: &Bodies,
    ) -> Result<Option<Rc<Known>>, StoreError> {
        let mut found = Vec::new();
        for (hash, _) in bodies {
            match writer.body(*hash)? {
                Some(body) => found.push(body),
                None => return Ok(None),
            }
        }
        let found = Rc::new(Known { bodies: found, content: Cell::default() });
        self.known.insert(shape.clone(), Rc::clone(&found));
        Ok(Some(found))
    }

    /// The documents of a shape without their identity.
    pub(super) fn bodies(&self, shape: &Shape) -> Result<Bodies, Box<dyn Error>> {
        let body = |class: &Class| {
            let text = document(class, shape, &self.models, self.chance);
            let head = parse::split(text.as_bytes()).ok_or("no document")?;
            let bytes = head.body(text.as_bytes());
            Ok((head.body_hash(text.as_bytes()), RawBody { bytes, head_at: head.range.start }))
        };
        self.builds[usize::from(shape.build)].classes.iter().map(body).collect()
    }

    /// Stores a visit as `collect` does.
    fn ingest(
        &self,
        writer: &mut Writer<'_>,
        host: &Host,
        now: &Now,
        taken_at: Time,
        state: State,
        bodies: &Bodies,
    ) -> Result<(), StoreError> {
        let build = &self.builds[usize::from(now.shape.build)];
        let answered = match state {
            State::Failed => 0,
            State::Partial => {
                1 + self.chance.roll(Draw::Night, host.number, 0, build.targets.len())
            }
            State::Complete | State::Suspect => build.targets.len(),
        };
        let mut observed = BTreeMap::new();
        for (at, asked) in build.targets.iter().enumerate() {
            let outcome = match at < answered {
                true => {
                    Observed::Document { head: asked.head.clone(), body: bodies[asked.class].0 }
                }
                false => Observed::Failed(FailureClass::Transient, UNANSWERED.to_owned()),
            };
            observed.insert(asked.target.clone(), outcome);
        }
        let visit = Visit {
            taken_at,
            info: HostInfo { machines: Some(build.machines.clone()), context: now.context.clone() },
            bodies: if answered == 0 { HashMap::new() } else { bodies.iter().cloned().collect() },
            observed,
            passed_over: std::collections::BTreeSet::new(),
            cut_short: None,
            took: Duration::ZERO,
        };
        let site = Site {
            name: host.name.clone(),
            uri: host.uri.clone(),
            groups: host.groups.clone(),
            tags: Vec::new(),
            timeout: None,
        };
        ingest::visit(writer, &site, &[], &visit).map(drop)
    }

    /// Stores what another snapshot holds already.
    fn again(
        &self,
        writer: &mut Writer<'_>,
        host: &Host,
        now: &Now,
        taken_at: Time,
        content: Content,
    ) -> Result<(), StoreError> {
        let snapshot = NewSnapshot {
            host: &host.name,
            taken_at,
            state: State::Complete,
            context: &now.context,
            machines: None,
            outcomes: Vec::new(),
            tags: &[],
            groups: &host.groups,
        };
        writer.add_known(&snapshot, content).map(drop)
    }

    /// Stores documents that are all known.
    pub(super) fn unchanged(
        &self,
        writer: &mut Writer<'_>,
        host: &Host,
        now: &Now,
        taken_at: Time,
        known: &Known,
    ) -> Result<Content, StoreError> {
        let build = &self.builds[usize::from(now.shape.build)];
        let outcomes = build.targets.iter().map(|asked| {
            (&asked.target, asked.head.as_slice(), NewOutcome::Document(known.bodies[asked.class]))
        });
        let snapshot = NewSnapshot {
            host: &host.name,
            taken_at,
            state: State::Complete,
            context: &now.context,
            machines: Some(&build.machines),
            outcomes: outcomes.collect(),
            tags: &[],
            groups: &host.groups,
        };
        let stored = writer.whole(&host.name, taken_at, |writer| writer.add_snapshot(&snapshot))?;
        Ok(stored.content)
    }
}

/// What a target gives where the host went away.
const UNANSWERED: &str = "error: Disconnected from qemu+ssh due to keepalive timeout";

impl Now {
    fn first(host: &Host, nights: usize, chance: Chance) -> Self {
        let shape = Shape {
            build: calendar::first_build(host),
            cpu: host.rack.cpu,
            is_taken_away: false,
            images: calendar::first_images(host),
            has_spice: host.rack.role == "vdi",
            missing: None,
            own: CPUS[usize::from(host.rack.cpu)].has_sev.then_some(host.number),
            is_suspect: false,
        };
        let steps = calendar::steps(host, nights, chance).into_iter().peekable();
        let mut now = Self { shape, context: Context::default(), kernel: 0, steps, known: None };
        now.context = now.context(host);
        now
    }

    /// Takes in what has happened up to a night; says whether anything did.
    pub(super) fn happens(&mut self, host: &Host, night: usize) -> bool {
        let mut is_any = false;
        while let Some((_, step)) = self.steps.next_if(|(when, _)| *when <= night) {
            is_any = true;
            match step {
                Step::Build(build) => {
                    self.shape.build = build;
                    if build == DEBIAN_13 && self.shape.images == Images::Small {
                        self.shape.images = Images::Usual;
                    }
                }
                Step::Kernel(kernel) => self.kernel = kernel,
                Step::TakenAway => self.shape.is_taken_away = true,
                Step::Moved => self.shape.images = Images::Moved,
                Step::Missing(missing) => self.shape.missing = missing,
            }
        }
        if is_any {
            self.context = self.context(host);
        }
        is_any
    }

    fn context(&self, host: &Host) -> Context {
        let cpu = &CPUS[usize::from(self.shape.cpu)];
        let (qemu, libvirt) = BUILDS[usize::from(self.shape.build)];
        let (month, is_old) = (u32::from(self.kernel), self.shape.build < DEBIAN_13);
        let kernel = match is_old {
            true => format!("6.1.0-{}-amd64", 28 + month),
            false => format!("6.12.{}+deb13-amd64", 38 + 4 * month),
        };
        let ovmf = match (self.shape.images, is_old) {
            (Images::Moved, _) => "ovmf 2025.02-9",
            (_, true) => "ovmf 2022.11-6+deb12u2",
            (_, false) => "ovmf 2025.02-8+deb13u1",
        };
        let microcode = cpu.microcode + month / 3 + 4 * u32::from(self.shape.is_taken_away);
        Context {
            maxphysaddr: None,
            libvirt: Some(libvirt.to_owned()),
            hypervisor: Some(format!("QEMU {qemu}")),
            kernel: Some(kernel),
            cpu: Some(cpu.signature.to_owned()),
            microcode: Some(microcode.to_string()),
            firmware: Some(ovmf.to_owned()),
            api_flags: None,
            uri: Some(host.uri.clone()),
        }
    }
}
