//! Many hosts side by side.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel};
use std::thread::{Builder, Scope};
use std::time::{Duration, Instant};

use super::places::{Place, Places};
use super::session::{Broken, Limits};
use super::site::{Settings, Site};
use super::visit::{Unreached, Visit, visit};
use crate::model::{FailureClass, Time};

/// What happens to a host; `site` is its number in the list.
#[derive(Debug)]
pub enum Event {
    /// It is being asked.
    Started(usize),
    /// There was no connection: it waits for another try.
    Waits(usize),
    /// It is done, one way or the other.
    Done(usize, Box<Result<Visit, Unreached>>),
}

/// A host's turn: its number, how often it was tried, and from when on.
struct Turn {
    site: usize,
    tries: u32,
    not_before: Instant,
    /// What an earlier try brought before its connection was lost.
    earlier: Option<Box<Visit>>,
}

/// What a try came to.
enum Try {
    Over(Box<Result<Visit, Unreached>>),
    Again(Turn),
}

/// The first pause before another try; each further one is twice as long.
const PAUSE: Duration = Duration::from_secs(1);

/// How long to wait for something to do before looking again.
const LOOK: Duration = Duration::from_millis(50);

/// Asks every site, `settings.jobs` at once, and tells of each by `events`; a full channel makes
/// the hosts wait. Returns when all are done.
///
/// `stop` ends it early: what is not done is told of as unreached.
pub fn fleet(
    sites: &[Site],
    settings: &Settings,
    now: &(dyn Fn() -> Time + Sync),
    stop: &AtomicBool,
    events: &SyncSender<Event>,
) {
    let places = Places::new(settings.jobs.max(1));
    let run = Run { sites, settings, now, stop, events };
    std::thread::scope(|scope| run.all(scope, &places));
}

/// What all hosts share.
#[derive(Clone, Copy)]
struct Run<'f> {
    sites: &'f [Site],
    settings: &'f Settings,
    now: &'f (dyn Fn() -> Time + Sync),
    stop: &'f AtomicBool,
    events: &'f SyncSender<Event>,
}

impl<'f> Run<'f> {
    /// Gives each host its turns.
    fn all<'scope>(self, scope: &'scope Scope<'scope, '_>, places: &'scope Places)
    where
        'f: 'scope,
    {
        let start = Instant::now();
        let first = |site| Turn { site, tries: 0, not_before: start, earlier: None };
        let mut waiting: VecDeque<Turn> = (0..self.sites.len()).map(first).collect();
        let mut at_work = 0;
        let (sender, receiver) = channel();
        while at_work > 0 || !waiting.is_empty() {
            if self.stop.load(Ordering::Relaxed) {
                for turn in waiting.drain(..) {
                    self.tell_stopped(turn.site);
                }
            }
            let next = due(&waiting);
            let wait = if next.is_some() { Duration::ZERO } else { LOOK };
            at_work -= Self::collect(&receiver, &mut waiting, wait);
            let Some(next) = next else { continue };
            let Some(place) = places.take(LOOK) else { continue };
            let Some(turn) = waiting.remove(next) else { continue };
            at_work += 1;
            self.begin(scope, place, turn, sender.clone());
        }
    }

    /// Takes note of the tries that have ended; how many.
    fn collect(
        receiver: &Receiver<Option<Turn>>,
        waiting: &mut VecDeque<Turn>,
        wait: Duration,
    ) -> usize {
        let mut ended = 0;
        let mut wait = wait;
        while let Ok(again) = receiver.recv_timeout(wait) {
            wait = Duration::ZERO;
            ended += 1;
            waiting.extend(again);
        }
        ended
    }

    /// Asks one host in a thread of its own.
    fn begin<'scope>(
        self,
        scope: &'scope Scope<'scope, '_>,
        place: Place<'scope>,
        turn: Turn,
        ended: Sender<Option<Turn>>,
    ) where
        'f: 'scope,
    {
        self.tell(Event::Started(turn.site));
        let site = turn.site;
        let not_begun = ended.clone();
        let name = self.sites[site].name.to_string();
        let thread = Builder::new().name(name).spawn_scoped(scope, move || {
            let again = match self.try_once(&place, turn) {
                Try::Over(result) => {
                    drop(place);
                    self.tell(Event::Done(site, result));
                    None
                }
                Try::Again(turn) => {
                    self.tell(Event::Waits(site));
                    Some(turn)
                }
            };
            // The receiver lives as long as any host is at work.
            let _always_heard = ended.send(again);
        });
        if let Err(error) = thread {
            let why = format!("cannot start a thread: {error}");
            let error = Unreached { class: FailureClass::Transient, why, is_stopped: false };
            self.tell(Event::Done(site, Box::new(Err(error))));
            let _always_heard = not_begun.send(None);
        }
    }

    fn try_once(self, place: &Place<'_>, turn: Turn) -> Try {
        let Self { sites, settings, now, stop, .. } = self;
        let site = &sites[turn.site];
        let budget = site.timeout.unwrap_or(settings.host_budget);
        let host_ends = Instant::now() + budget;
        let limits = Limits { host_ends, host: budget, call: settings.call_budget, stop, place };
        let result = visit(site, settings, now(), limits).and_then(whole_or_late);
        let is_lost = match &result {
            Ok(visit) => {
                matches!(&visit.cut_short, Some(cut) if matches!(cut.why, Broken::Ended(_)))
            }
            Err(error) => error.class == FailureClass::Transient && !error.is_stopped,
        };
        if is_lost && turn.tries < settings.retries && !stop.load(Ordering::Relaxed) {
            let not_before = Instant::now() + pause(turn.tries);
            let earlier = better(turn.earlier, result).ok().map(Box::new);
            return Try::Again(Turn { tries: turn.tries + 1, not_before, earlier, ..turn });
        }
        Try::Over(Box::new(better(turn.earlier, result)))
    }

    fn tell_stopped(self, site: usize) {
        self.tell(Event::Done(site, Box::new(Err(Broken::Stopped.into()))));
    }

    fn tell(self, event: Event) {
        // Where nobody listens any more, there is nobody to tell.
        let _nobody_listens = self.events.send(event);
    }
}

/// A visit that domcaps itself broke off is none: the host would have answered.
fn whole_or_late(visit: Visit) -> Result<Visit, Unreached> {
    match &visit.cut_short {
        Some(cut) if cut.why == Broken::Stopped => Err(Broken::Stopped.into()),
        _ => Ok(visit),
    }
}

/// The first turn whose time has come.
fn due(waiting: &VecDeque<Turn>) -> Option<usize> {
    let now = Instant::now();
    waiting.iter().position(|turn| turn.not_before <= now)
}

/// Twice as long each time, and up to half as long again, so that hosts that failed together do not
/// come back together.
fn pause(tries: u32) -> Duration {
    PAUSE * 2_u32.saturating_pow(tries.min(10)) + PAUSE.mul_f32(fastrand::f32() / 2.0)
}

/// What says more: a later try that came to its end, else the one with more documents. One that was
/// broken off may be of before an upgrade.
fn better(
    earlier: Option<Box<Visit>>,
    result: Result<Visit, Unreached>,
) -> Result<Visit, Unreached> {
    match (earlier, result) {
        (Some(earlier), Ok(later))
            if later.cut_short.is_some() && earlier.documents() > later.documents() =>
        {
            Ok(*earlier)
        }
        (Some(earlier), Err(error)) if !error.is_stopped => Ok(*earlier),
        (_, result) => result,
    }
}

#[cfg(test)]
mod tests {
    use super::super::visit::{CutShort, Observed};
    use super::*;
    use crate::model::{Hash, HostInfo, Target};

    fn visited(documents: usize, end: Option<Broken>) -> Visit {
        let target = |at: usize| Target { machine: format!("m{at}"), ..Target::default() };
        let document = || Observed::Document { head: Vec::new(), body: Hash::of(b"") };
        Visit {
            taken_at: Time::from_milliseconds(0),
            info: HostInfo::default(),
            observed: (0..documents).map(|at| (target(at), document())).collect(),
            bodies: std::collections::HashMap::new(),
            passed_over: std::collections::BTreeSet::new(),
            cut_short: end.map(|why| CutShort { asked: 9, answered: documents, why }),
            took: Duration::ZERO,
        }
    }

    #[test]
    fn a_try_that_came_to_its_end_is_better_than_one_of_before_an_upgrade() {
        let lost = || Some(Broken::Ended("lost".into()));
        let earlier = || Some(Box::new(visited(8, lost())));
        let documents = |later| better(earlier(), later).map_or(0, |visit| visit.documents());
        assert_eq!(documents(Ok(visited(3, None))), 3);
        assert_eq!(documents(Ok(visited(3, lost()))), 8);
        assert_eq!(documents(Err(Broken::Hung(PAUSE).into())), 8);
        assert_eq!(documents(Err(Broken::Stopped.into())), 0);
    }

    #[test]
    fn pauses_grow_and_differ() {
        assert!(pause(0) >= PAUSE && pause(3) >= 8 * PAUSE && pause(100) < 2000 * PAUSE);
        assert!((0..20).map(|_| pause(0)).any(|pause| pause != PAUSE));
    }
}
