//! Judging guests on one host after the other; hosts that are alike are judged once.

use std::collections::BTreeSet;
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt as _};

use super::inputs::HostSource;
use crate::cli::failure::{Exit, Failure};
use crate::cli::ui::Ui;
use crate::cli::{Global, future, sides};
use crate::diff::Outcome;
use crate::guests::{GuestChecks, GuestColumn, GuestFile, Migration, Named, Verdict};
use crate::model::{Hash, State, When};
use crate::operand::RELEASE;
use crate::side::{Contents, Origin, Side, Snapshots};
use crate::store::{ContextId, ProfileId, Resolved, SnapshotRow};

/// A host, as it was named.
pub(super) fn named(name: &str, origin: Origin) -> Named {
    Named { name: name.to_owned(), origin }
}

/// The verdicts on all guests of one question.
type SharedVerdicts = Rc<Vec<Verdict>>;

/// What a stored host holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum HostContent {
    /// All of it.
    Profile(ProfileId),
    /// All but what is unique to the host. Whose errors these are is left out too, so it stands only for
    /// hosts without any.
    Shared(Hash),
}

/// What the verdicts on a stored host follow from: content, and the circumstances but for the URI.
type HostClass = (HostContent, usize, State);

/// What is known of a class: verdicts for each way, and the state that its snapshots come to.
type ClassVerdicts = (Vec<SharedVerdicts>, State);

/// Guests, and where they are before they migrate.
pub(super) struct HostJudge<'a> {
    checks: GuestChecks<'a>,
    migrations: Vec<Migration<'a>>,
    from: Option<&'a (Named, Side)>,
}

/// A column with the place of its host.
type PlacedColumns = Vec<(usize, Vec<GuestColumn>)>;

/// A stored host whose snapshot was found.
struct FoundHost<'h> {
    place: usize,
    name: &'h str,
    row: SnapshotRow,
}

impl<'a> HostJudge<'a> {
    pub(super) fn new(guests: &'a [GuestFile], from: Option<&'a (Named, Side)>) -> Self {
        let each = || guests.iter().map(|file| &file.guest);
        let migrations = match from {
            Some(_) => each().map(Migration::new).collect(),
            None => Vec::new(),
        };
        Self { checks: GuestChecks::new(each()), migrations, from }
    }

    /// A column for each host, or two where guests migrate there and back; a host that cannot be read is
    /// named, unless it is the only one.
    pub(super) fn columns(
        &mut self,
        ui: &mut Ui<'_>,
        global: &Global,
        contents: &mut Contents,
        hosts: &[HostSource],
    ) -> Result<(Vec<GuestColumn>, Exit), Failure> {
        let mut exit = Exit::Done;
        let mut columns: PlacedColumns = Vec::new();
        let mut found: Vec<FoundHost<'_>> = Vec::new();
        for (place, host) in hosts.iter().enumerate() {
            let name = host.name();
            let read = match host.stored() {
                Some((host, when, None)) => {
                    sides::open_store(global, contents)?;
                    resolve(ui, contents, name, &host, &when)
                        .map(|row| found.push(FoundHost { place, name, row }))
                }
                _ => self.read(ui, global, contents, name).map(|(own, how)| {
                    exit = super::worse(exit, how);
                    columns.push((place, own));
                }),
            };
            match read {
                Ok(()) => {}
                Err(failure) if hosts.len() == 1 || failure.is_final() => return Err(failure),
                Err(failure) => {
                    ui.fail(&failure);
                    exit = Exit::Partly;
                }
            }
        }
        if !found.is_empty() {
            columns.extend(self.stored(ui, contents, found)?);
        }
        columns.sort_by_key(|(place, _)| *place);
        Ok((columns.into_iter().flat_map(|(_, own)| own).collect(), exit))
    }

    /// The columns of files, or of some targets of a host.
    fn read(
        &mut self,
        ui: &mut Ui<'_>,
        global: &Global,
        contents: &mut Contents,
        name: &str,
    ) -> Result<(Vec<GuestColumn>, Exit), Failure> {
        let (side, how) = sides::read_one(ui, global, contents, name)?;
        let host = named(name, side.origin.clone());
        if self.is_source(&host) {
            return Ok((Vec::new(), how));
        }
        let source = side.origin.source.as_deref().unwrap_or_default();
        let verdicts = if self.from.is_none() && source.starts_with(RELEASE) {
            // On a release alone, what hangs on a host or on packages is not decided.
            let projection = sides::projection(contents, &side, None)?;
            vec![Rc::new(projection.verdicts(&mut self.checks, contents)?)]
        } else {
            self.verdicts(&side, contents)?
        };
        Ok((self.ways(&host, &verdicts), how))
    }

    /// The columns of stored hosts.
    fn stored(
        &mut self,
        ui: &mut Ui<'_>,
        contents: &Contents,
        found: Vec<FoundHost<'_>>,
    ) -> Result<PlacedColumns, Failure> {
        let store = contents.stored()?;
        future::warn_rows(ui, store, found.iter().map(|host| &host.row))?;
        let contexts: BTreeSet<ContextId> = found.iter().map(|it| it.row.context_id()).collect();
        let alike = store.contexts_alike(&contexts)?;
        let profiles = store.profile_rows(found.iter().map(|host| host.row.content()))?;
        let snapshots = Snapshots::new(contents)?;
        let mut known: HashMap<HostClass, ClassVerdicts> = HashMap::new();
        let mut columns = PlacedColumns::new();
        for FoundHost { place, name, row } in found {
            let host = named(name, Origin::of(&row));
            if self.is_source(&host) {
                continue;
            }
            let class = |content| (content, alike[&row.context_id()], row.state);
            let own = class(HostContent::Profile(row.content()));
            let (verdicts, state) = match known.get(&own) {
                Some(known) => known.clone(),
                None => {
                    let side = snapshots.side(&row)?;
                    let shared = class(HostContent::Shared(profiles[&row.content()].shared));
                    let is_failed =
                        |outcome: &Outcome<_>| matches!(outcome, Outcome::Failed { .. });
                    let is_whole = !side.observed.outcomes.values().any(is_failed);
                    let verdicts = match known.get(&shared).filter(|_| is_whole) {
                        Some(known) => known.clone(),
                        None => (self.verdicts(&side, contents)?, side.observed.state),
                    };
                    known.insert(own, verdicts.clone());
                    if is_whole {
                        known.insert(shared, verdicts.clone());
                    }
                    verdicts
                }
            };
            sides::doubt_state(ui, name, state);
            columns.push((place, self.ways(&host, &verdicts)));
        }
        Ok(columns)
    }

    /// Of a whole group, the source itself is no question.
    fn is_source(&self, host: &Named) -> bool {
        let of = |origin: &Origin| Some((origin.host.clone()?, origin.snapshot.clone()?));
        let own = of(&host.origin);
        own.is_some() && self.from.is_some_and(|(from, _)| of(&from.origin) == own)
    }

    /// The verdicts for each way: to start there, or to move there and back.
    fn verdicts(
        &mut self,
        side: &Side,
        contents: &Contents,
    ) -> Result<Vec<SharedVerdicts>, Failure> {
        let Some((_, from)) = self.from else {
            return Ok(vec![Rc::new(self.checks.check(side, contents)?)]);
        };
        let mut ways = Vec::with_capacity(2);
        for (from, to) in [(from, side), (side, from)] {
            let mut verdicts = Vec::with_capacity(self.migrations.len());
            for migration in &mut self.migrations {
                verdicts.push(migration.check(from, to, contents)?);
            }
            ways.push(Rc::new(verdicts));
        }
        Ok(ways)
    }

    fn ways(&self, host: &Named, verdicts: &[SharedVerdicts]) -> Vec<GuestColumn> {
        let column = |from: Option<&Named>, host: &Named, is_back, verdicts: &SharedVerdicts| {
            let (from, host) = (from.cloned(), host.clone());
            GuestColumn { from, host, is_back, verdicts: Rc::clone(verdicts) }
        };
        match (self.from, verdicts) {
            (Some((from, _)), [there, back]) => {
                vec![column(Some(from), host, false, there), column(Some(host), from, true, back)]
            }
            (_, verdicts) => verdicts.iter().map(|each| column(None, host, false, each)).collect(),
        }
    }
}

/// Finds the snapshot, and says which newer ones were passed over.
fn resolve(
    ui: &mut Ui<'_>,
    contents: &Contents,
    name: &str,
    host: &str,
    when: &When,
) -> Result<SnapshotRow, Failure> {
    let resolved = contents.stored()?.resolve(host, when);
    let Resolved { snapshot, passed_over } = resolved.map_err(sides::unknown_host)?;
    sides::passed_over(ui, name, &passed_over);
    Ok(snapshot)
}
