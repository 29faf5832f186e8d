//! Asking hosts: equal hosts once, equal documents once.

use std::collections::HashMap;
use std::rc::Rc;

use super::answer::Answer;
use super::expression::Expression;
use super::resolve::{Plan, Questions, ResolveError, Resolver};
use super::target::{Lists, Machines};
use crate::model::{FailureClass, Hash, HostName, Target, TargetPattern, counted};
use crate::store::{Answered, ProfileAnswers, ProfileId, SnapshotRow, Store, StoreError};

/// An expression as it stands to a store.
pub struct Query<'s> {
    store: &'s Store,
    plan: Plan,
    questions: Questions,
    patterns: Vec<TargetPattern>,
    is_every: bool,
    lists: Lists,
    profiles: ProfileAnswers<'s>,
}

/// A host to ask.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its name.
    pub host: HostName,
    /// The snapshot that answers for it; none where there is none with any answer.
    pub snapshot: Option<SnapshotRow>,
}

/// What a host answers. Hosts that answer the same share it.
#[derive(Clone, Debug)]
pub struct HostAnswer {
    /// Its answer.
    pub answer: Answer,
    /// Each of its targets that was asked, in order.
    pub targets: Vec<TargetAnswer>,
    /// Where it is unknown, what is not known.
    pub why: Vec<String>,
    /// How many targets are yes, no and unknown.
    counts: [usize; 3],
}

/// What one target answers.
#[derive(Clone, Debug)]
pub struct TargetAnswer {
    /// The target.
    pub target: Rc<Target>,
    /// Its answer.
    pub answer: Answer,
}

impl HostAnswer {
    /// How many targets gave an answer.
    #[must_use]
    pub fn count(&self, answer: Answer) -> usize {
        self.counts[answer as usize]
    }

    fn new(answer: Answer, targets: Vec<TargetAnswer>, why: Vec<String>) -> Self {
        let mut counts = [0; 3];
        for target in &targets {
            counts[target.answer as usize] += 1;
        }
        Self { answer, targets, why, counts }
    }
}

/// What the answer of a host hangs on: equal hosts have equal keys.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    content: Content,
    host: Vec<Answer>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Content {
    /// No snapshot.
    None,
    /// All that is alike but for values unique to a host.
    Shared(Hash),
    /// Exactly this.
    Exact(ProfileId),
}

/// One target in its host.
struct Place<'p> {
    host: &'p [Answer],
    /// None where there is no snapshot at all.
    target: Option<(&'p Answered, Option<&'p Machines>)>,
}

impl<'s> Query<'s> {
    /// Looks up what an expression names. Without `patterns` all targets are asked; with `is_every`
    /// a host is yes only where each of them is.
    ///
    /// # Errors
    /// Where it names what is not stored, or the database cannot be read.
    pub fn new(
        store: &'s Store,
        expression: &Expression,
        patterns: Vec<TargetPattern>,
        is_every: bool,
    ) -> Result<Self, ResolveError> {
        let (plan, questions) = Resolver::resolve(store, expression)?;
        Ok(Self {
            store,
            plan,
            questions,
            patterns,
            is_every,
            lists: Lists::default(),
            profiles: store.profile_answers(),
        })
    }

    /// What looks like a slip, for a person.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.questions.warnings
    }

    /// What each host answers.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn ask(&self, asked: &[Asked]) -> Result<Vec<Rc<HostAnswer>>, StoreError> {
        let columns = self.questions.host.iter().map(|test| test.answers(self.store, asked));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let profiles = asked.iter().filter_map(|host| Some(host.snapshot.as_ref()?.content()));
        let rows = self.store.profile_rows(profiles)?;
        let is_exact = self.questions.capability.iter().any(|question| question.is_unique);
        let mut known: HashMap<Key, Rc<HostAnswer>> = HashMap::new();
        let mut answers = Vec::with_capacity(asked.len());
        for (nth, host) in asked.iter().enumerate() {
            let profile = host.snapshot.as_ref().map(SnapshotRow::content);
            let row = profile.and_then(|profile| rows.get(&profile));
            let content = match (profile, row) {
                (Some(profile), _) if is_exact => Content::Exact(profile),
                (Some(_), Some(row)) => Content::Shared(row.shared),
                _ => Content::None,
            };
            let key = Key { content, host: columns.iter().map(|column| column[nth]).collect() };
            if let Some(answer) = known.get(&key) {
                answers.push(Rc::clone(answer));
                continue;
            }
            let list = row.and_then(|row| row.machines).filter(|_| self.needs_lists());
            let list = list.map(|list| self.lists.get(self.store, list)).transpose()?;
            let answer = Rc::new(self.host(&key.host, profile, list.as_deref())?);
            known.insert(key, Rc::clone(&answer));
            answers.push(answer);
        }
        Ok(answers)
    }

    fn needs_lists(&self) -> bool {
        !self.patterns.is_empty() || self.questions.target.iter().any(|it| it.needs_list())
    }

    fn host(
        &self,
        host: &[Answer],
        profile: Option<ProfileId>,
        machines: Option<&Machines>,
    ) -> Result<HostAnswer, StoreError> {
        let Some(profile) = profile else {
            let answer = self.answer(&self.plan, &Place { host, target: None })?;
            let why = match answer {
                Answer::Unknown => vec!["no snapshot with an answer".to_owned()],
                _ => Vec::new(),
            };
            return Ok(HostAnswer::new(answer, Vec::new(), why));
        };
        let empty = Machines::default();
        let is_meant = |target: &Target| {
            self.patterns.is_empty()
                || self.patterns.iter().any(|it| machines.unwrap_or(&empty).is_meant(it, target))
        };
        let (mut targets, mut why) = (Vec::new(), Why::default());
        for answered in self.profiles.of(profile)?.iter() {
            // Libvirt says that the host has no such target: a removed machine.
            if matches!(answered.answer, Err(FailureClass::Unsupported))
                || !is_meant(&answered.target)
            {
                continue;
            }
            let place = Place { host, target: Some((answered, machines)) };
            let answer = self.answer(&self.plan, &place)?;
            if answer == Answer::Unknown {
                self.explain(&place, &mut why)?;
            }
            targets.push(TargetAnswer { target: Rc::clone(&answered.target), answer });
        }
        let answers = targets.iter().map(|target| target.answer);
        let answer = match (targets.is_empty(), self.is_every) {
            (false, true) => Answer::all(answers),
            (false, false) => Answer::any(answers),
            (true, _) => self.without_targets(host, profile, machines, &mut why)?,
        };
        let why = if answer == Answer::Unknown { self.reasons(&why) } else { Vec::new() };
        Ok(HostAnswer::new(answer, targets, why))
    }

    /// The answer of a host of which no target that is meant was asked.
    fn without_targets(
        &self,
        host: &[Answer],
        profile: ProfileId,
        machines: Option<&Machines>,
        why: &mut Why,
    ) -> Result<Answer, StoreError> {
        let mut answers = Vec::new();
        // What is listed is there, and may do anything: it was not asked.
        for target in self.listed(profile, machines)? {
            let target = Rc::new(target);
            let answered = Answered { target, answer: Err(FailureClass::Refused), message: None };
            let place = Place { host, target: Some((&answered, machines)) };
            answers.push(self.answer(&self.plan, &place)?);
        }
        let (is_listed, is_every) = (!answers.is_empty(), self.is_every);
        let answer = match (is_listed, is_every) {
            (true, true) => Answer::all(answers),
            (true, false) => Answer::any(answers),
            (false, _) => self.answer(&self.plan, &Place { host, target: None })?,
        };
        let is_of_host = self.questions.target.is_empty() && self.questions.capability.is_empty();
        why.is_not_asked = is_listed && !is_of_host;
        why.add_host(host);
        // What is asked of the host alone needs no target; and no target can do anything.
        Ok(if is_listed || is_of_host || answer == Answer::Yes { answer } else { Answer::No })
    }

    /// The targets that a pattern means and the machine list has, but for those that libvirt says
    /// the host does not support.
    fn listed(
        &self,
        profile: ProfileId,
        machines: Option<&Machines>,
    ) -> Result<Vec<Target>, StoreError> {
        let Some(machines) = machines else { return Ok(Vec::new()) };
        let answers = self.profiles.of(profile)?;
        let is_unsupported = |target: &Target| {
            let mut answers = answers.iter();
            answers.any(|it| {
                matches!(it.answer, Err(FailureClass::Unsupported)) && it.target.is_same(target)
            })
        };
        let is_meant = |target: &Target| {
            self.patterns.iter().any(|pattern| machines.is_meant(pattern, target))
        };
        Ok(machines.targets().filter(|it| is_meant(it) && !is_unsupported(it)).collect())
    }

    fn answer(&self, plan: &Plan, place: &Place<'_>) -> Result<Answer, StoreError> {
        // Asks on only while that can change the answer.
        let until = |parts: &[Plan], decided: Answer| {
            let mut all = !decided;
            for part in parts {
                match self.answer(part, place)? {
                    answer if answer == decided => return Ok(decided),
                    Answer::Unknown => all = Answer::Unknown,
                    _ => {}
                }
            }
            Ok(all)
        };
        Ok(match plan {
            Plan::Not(part) => !self.answer(part, place)?,
            Plan::And(parts) => until(parts, Answer::No)?,
            Plan::Or(parts) => until(parts, Answer::Yes)?,
            Plan::Host(nth) => place.host[*nth],
            Plan::Target(nth) => match place.target {
                Some((answered, machines)) => {
                    self.questions.target[*nth].answer(&answered.target, machines)
                }
                None => Answer::Unknown,
            },
            Plan::Capability(nth) => match place.target {
                Some((Answered { answer: Ok(body), .. }, _)) => {
                    self.questions.capability[*nth].answer(self.store, body.tree)?
                }
                _ => Answer::Unknown,
            },
        })
    }

    /// Notes which questions had no answer.
    fn explain(&self, place: &Place<'_>, why: &mut Why) -> Result<(), StoreError> {
        let Some((answered, machines)) = place.target else { return Ok(()) };
        match &answered.answer {
            Ok(body) => {
                for (nth, question) in self.questions.capability.iter().enumerate() {
                    if !why.capability.contains(&nth)
                        && question.answer(self.store, body.tree)? == Answer::Unknown
                    {
                        why.capability.push(nth);
                    }
                }
            }
            Err(_) => why.not_answered += 1,
        }
        let is_silent = |nth: usize| {
            self.questions.target[nth].answer(&answered.target, machines) == Answer::Unknown
        };
        why.is_deprecation |= (0..self.questions.target.len()).any(is_silent);
        why.add_host(place.host);
        Ok(())
    }

    fn reasons(&self, why: &Why) -> Vec<String> {
        let mut reasons: Vec<String> = Vec::new();
        let mut add = |reason: String| {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        };
        for nth in &why.capability {
            add(format!("unreported: {}", self.questions.capability[*nth].path));
        }
        for nth in &why.host {
            add(format!("not known: {}", self.questions.host_names[*nth]));
        }
        if why.is_deprecation {
            add("not known: deprecated".to_owned());
        }
        if why.is_not_asked {
            add("not asked".to_owned());
        }
        match why.not_answered {
            0 => {}
            1 => add("1 target gave no answer".to_owned()),
            count => add(format!("{} gave no answer", counted(count, "target"))),
        }
        reasons
    }
}

/// Which questions had no answer.
#[derive(Default)]
struct Why {
    capability: Vec<usize>,
    host: Vec<usize>,
    is_deprecation: bool,
    /// What is meant is listed, and was not asked.
    is_not_asked: bool,
    not_answered: usize,
}

impl Why {
    fn add_host(&mut self, host: &[Answer]) {
        for (nth, answer) in host.iter().enumerate() {
            if *answer == Answer::Unknown && !self.host.contains(&nth) {
                self.host.push(nth);
            }
        }
    }
}
