//! Asking hosts: equal hosts once, equal documents once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::answer::Answer;
use super::expression::Expression;
use super::resolve::{Plan, Questions, ResolveError, Resolver};
use super::target::{Lists, Machines};
use crate::model::{FailureClass, Hash, HostName, Target, TargetPattern, counted};
use crate::store::{
    Answered, BodyAnswer, MachineListId, ProfileAnswers, ProfileId, SnapshotRow, Store, StoreError,
    not_collected,
};

/// An expression as it stands to a store.
pub struct Query<'s> {
    store: &'s Store,
    plan: Plan,
    questions: Questions,
    patterns: Vec<TargetPattern>,
    is_every: bool,
    lists: Lists,
    /// What the targets of each machine list answer where they were not collected, in their order.
    listed: RefCell<HashMap<ListedKey, Rc<[Answer]>>>,
    profiles: ProfileAnswers<'s>,
}

/// What the answers of targets that were not collected hang on: the plan by its position, and the
/// answers of their host.
type ListedKey = (MachineListId, usize, Vec<Answer>);

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
    /// Each of its targets, collected or only listed, in order.
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
#[derive(Clone, Copy)]
struct AskedTarget<'p> {
    /// What is answered for the host as a whole: its own questions, then what is denied of it.
    host: &'p [Answer],
    /// None of what a host may have beside what is known.
    target: Option<&'p Target>,
    machines: Option<&'p Machines>,
    source: TargetSource<'p>,
}

/// The targets of a host that are meant.
#[derive(Default)]
struct TargetScope<'p> {
    collected: Vec<(&'p Rc<Target>, TargetSource<'p>)>,
    /// Its machine list, where that is asked.
    machines: Option<Rc<Machines>>,
    /// That list's number, and the positions of its targets that were not collected.
    listed: Option<(MachineListId, Vec<usize>)>,
    has_list: bool,
}

/// A plan by its position: those that are denied, then the expression itself.
#[derive(Clone, Copy)]
struct NumberedPlan<'p>(usize, &'p Plan);

/// Where a target is known from.
#[derive(Clone, Copy)]
enum TargetSource<'p> {
    /// Its document.
    Document(&'p BodyAnswer),
    /// It was asked and gave no document.
    Failed,
    /// The machine list alone.
    Listed,
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
            listed: RefCell::default(),
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
            let list = row.and_then(|row| row.machines);
            let answer = Rc::new(self.host(&key.host, profile, list)?);
            known.insert(key, Rc::clone(&answer));
            answers.push(answer);
        }
        Ok(answers)
    }

    fn host(
        &self,
        host: &[Answer],
        profile: Option<ProfileId>,
        list: Option<MachineListId>,
    ) -> Result<HostAnswer, StoreError> {
        let answers = profile.map(|profile| self.profiles.of(profile)).transpose()?;
        let scope = match &answers {
            Some(answers) => self.scope(answers, list)?,
            None => TargetScope::default(),
        };
        let (mut facts, mut why) = (host.to_vec(), Why::default());
        for (number, plan) in self.questions.denied.iter().enumerate() {
            let plan = NumberedPlan(number, plan);
            let mut its_why = Why::default();
            let targets = self.over(plan, &facts, &scope, &mut its_why)?;
            let answer = if targets.is_empty() && !self.patterns.is_empty() {
                // Nothing is meant: nothing is denied of it.
                Answer::Unknown
            } else {
                let rest = self.rest(plan, &facts, &scope, &mut its_why)?;
                Answer::any(targets.iter().map(|target| target.answer).chain(rest))
            };
            if answer == Answer::Unknown {
                why.join(its_why);
            }
            facts.push(!answer);
        }
        let plan = NumberedPlan(self.questions.denied.len(), &self.plan);
        if profile.is_none() {
            let answer = self.answer(&self.plan, &AskedTarget::unnamed(&facts))?;
            let why = match answer {
                Answer::Unknown => vec!["no snapshot with an answer".to_owned()],
                _ => Vec::new(),
            };
            return Ok(HostAnswer::new(answer, Vec::new(), why));
        }
        let targets = self.over(plan, &facts, &scope, &mut why)?;
        let rest = self.rest(plan, &facts, &scope, &mut why)?;
        let answers = targets.iter().map(|target| target.answer).chain(rest);
        let answer = if self.is_every { Answer::all(answers) } else { Answer::any(answers) };
        let why = if answer == Answer::Unknown { self.reasons(&why) } else { Vec::new() };
        Ok(HostAnswer::new(answer, targets, why))
    }

    /// The targets of a host that are meant.
    fn scope<'p>(
        &self,
        answers: &'p [Answered],
        list: Option<MachineListId>,
    ) -> Result<TargetScope<'p>, StoreError> {
        let asks_list = !self.questions.target.is_empty();
        let read = list.filter(|_| asks_list || !self.patterns.is_empty());
        let mut machines = read.map(|list| self.lists.get(self.store, list)).transpose()?;
        let mut collected = Vec::new();
        for answered in answers {
            let source = match &answered.answer {
                // Libvirt says that the host has no such target: a removed machine.
                Err(FailureClass::Unsupported) => continue,
                Ok(body) => TargetSource::Document(body),
                Err(_) => TargetSource::Failed,
            };
            if self.is_meant(machines.as_deref(), &answered.target) {
                collected.push((&answered.target, source));
            }
        }
        let mut listed = None;
        // A question about capabilities alone is one about what was collected, if anything was.
        if let Some(list) = list.filter(|_| asks_list || collected.is_empty()) {
            let machines = match &machines {
                Some(machines) => machines,
                None => machines.insert(self.lists.get(self.store, list)?),
            };
            let mut missing = not_collected(machines.targets(), answers);
            missing
                .retain(|position| self.is_meant(Some(machines), &machines.targets()[*position]));
            listed = Some((list, missing));
        }
        Ok(TargetScope { collected, machines, listed, has_list: list.is_some() })
    }

    /// What each target of a host answers, in order.
    fn over(
        &self,
        plan: NumberedPlan<'_>,
        host: &[Answer],
        scope: &TargetScope<'_>,
        why: &mut Why,
    ) -> Result<Vec<TargetAnswer>, StoreError> {
        let machines = scope.machines.as_deref();
        let mut targets = Vec::with_capacity(scope.collected.len());
        for (target, source) in &scope.collected {
            let asked = AskedTarget { host, target: Some(target), machines, source: *source };
            let answer = self.answer(plan.1, &asked)?;
            if answer == Answer::Unknown {
                self.explain(plan.1, &asked, why)?;
            }
            targets.push(TargetAnswer { target: Rc::clone(target), answer });
        }
        if let (Some((list, missing)), Some(machines)) = (&scope.listed, machines) {
            self.add_listed(plan, host, (*list, machines), missing, &mut targets, why)?;
        }
        Ok(targets)
    }

    /// What the targets answer that a host may have beside those that are known: none where all are.
    fn rest(
        &self,
        plan: NumberedPlan<'_>,
        host: &[Answer],
        scope: &TargetScope<'_>,
        why: &mut Why,
    ) -> Result<Option<Answer>, StoreError> {
        let asks_list = !self.questions.target.is_empty();
        // What else the host has, only its machine list could say; with it, there is nothing.
        if !scope.is_empty() && (scope.has_list || !asks_list) {
            return Ok(None);
        }
        let is_of_host = !asks_list && self.questions.capability.is_empty();
        let rest = self.answer(plan.1, &AskedTarget::unnamed(host))?;
        why.add_host(plan.1, host);
        why.is_list_missing |= !scope.has_list && !is_of_host && rest == Answer::Unknown;
        let is_open = is_of_host || rest == Answer::Yes || !scope.has_list;
        Ok(Some(if is_open { rest } else { Answer::No }))
    }

    fn is_meant(&self, machines: Option<&Machines>, target: &Target) -> bool {
        let empty = Machines::default();
        self.patterns.is_empty()
            || self.patterns.iter().any(|it| machines.unwrap_or(&empty).is_meant(it, target))
    }

    /// Adds targets that a host lists and that were not collected: what only a document says of them
    /// is unknown.
    fn add_listed(
        &self,
        plan: NumberedPlan<'_>,
        host: &[Answer],
        (list, machines): (MachineListId, &Machines),
        missing: &[usize],
        targets: &mut Vec<TargetAnswer>,
        why: &mut Why,
    ) -> Result<(), StoreError> {
        if missing.is_empty() {
            return Ok(());
        }
        let place = |target| AskedTarget {
            host,
            target: Some(target),
            machines: Some(machines),
            source: TargetSource::Listed,
        };
        // Hosts share lists, and the answers need nothing else of the host.
        let key = (list, plan.0, host.to_vec());
        let known = self.listed.borrow().get(&key).cloned();
        let answers: Rc<[Answer]> = match known {
            Some(known) => known,
            None => {
                let all = machines.targets().iter();
                let all = all.map(|target| self.answer(plan.1, &place(target)));
                let all: Rc<[Answer]> = all.collect::<Result<Vec<_>, _>>()?.into();
                self.listed.borrow_mut().insert(key, Rc::clone(&all));
                all
            }
        };
        for position in missing {
            let target = &machines.targets()[*position];
            let answer = answers[*position];
            if answer == Answer::Unknown {
                self.explain(plan.1, &place(target), why)?;
            }
            targets.push(TargetAnswer { target: Rc::clone(target), answer });
        }
        targets.sort_by(|one, other| one.target.cmp(&other.target));
        Ok(())
    }

    fn answer(&self, plan: &Plan, place: &AskedTarget<'_>) -> Result<Answer, StoreError> {
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
            Plan::Denied(nth) => place.host[self.questions.host.len() + nth],
            Plan::Target(nth) => match place.target {
                Some(target) => self.questions.target[*nth].answer(target, place.machines),
                None => Answer::Unknown,
            },
            Plan::Capability(nth) => match place.source {
                TargetSource::Document(body) => {
                    self.questions.capability[*nth].answer(self.store, body.tree)?
                }
                TargetSource::Failed | TargetSource::Listed => Answer::Unknown,
            },
        })
    }

    /// Notes which questions of a plan had no answer. What is denied has its own reasons.
    fn explain(
        &self,
        plan: &Plan,
        place: &AskedTarget<'_>,
        why: &mut Why,
    ) -> Result<(), StoreError> {
        let Some(target) = place.target else { return Ok(()) };
        let mut asks_document = false;
        for leaf in plan.leaves() {
            match leaf {
                Plan::Capability(nth) => {
                    asks_document = true;
                    if let TargetSource::Document(body) = place.source
                        && !why.capability.contains(nth)
                        && self.questions.capability[*nth].answer(self.store, body.tree)?
                            == Answer::Unknown
                    {
                        why.capability.push(*nth);
                    }
                }
                Plan::Target(nth)
                    if self.questions.target[*nth].answer(target, place.machines)
                        == Answer::Unknown =>
                {
                    match place.machines {
                        Some(_) => why.is_deprecation = true,
                        None => why.is_list_missing = true,
                    }
                }
                _ => {}
            }
        }
        match place.source {
            TargetSource::Failed if asks_document => why.not_answered += 1,
            TargetSource::Listed if asks_document => why.not_collected += 1,
            _ => {}
        }
        why.add_host(plan, place.host);
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
        if why.is_list_missing {
            add("machine list not collected".to_owned());
        }
        if why.not_collected > 0 {
            add(format!("{} not collected", counted(why.not_collected, "target")));
        }
        if why.not_answered > 0 {
            add(format!("{} gave no answer", counted(why.not_answered, "target")));
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
    /// Only a machine list could say what the host has.
    is_list_missing: bool,
    /// Targets that are listed only.
    not_collected: usize,
    not_answered: usize,
}

impl<'p> AskedTarget<'p> {
    /// What a host may have beside what is known of it.
    fn unnamed(host: &'p [Answer]) -> Self {
        Self { host, target: None, machines: None, source: TargetSource::Listed }
    }
}

impl TargetScope<'_> {
    fn is_empty(&self) -> bool {
        self.collected.is_empty()
            && self.listed.as_ref().is_none_or(|(_, missing)| missing.is_empty())
    }
}

impl Why {
    /// Adds the unknown ones of the questions about the host itself.
    fn add_host(&mut self, plan: &Plan, host: &[Answer]) {
        for leaf in plan.leaves() {
            if let Plan::Host(nth) = leaf
                && host[*nth] == Answer::Unknown
                && !self.host.contains(nth)
            {
                self.host.push(*nth);
            }
        }
    }

    fn join(&mut self, other: Self) {
        let Self { capability, host, is_deprecation, is_list_missing, .. } = other;
        self.capability.extend(capability);
        self.host.extend(host);
        self.is_deprecation |= is_deprecation;
        self.is_list_missing |= is_list_missing;
        // The same targets, perhaps: what each part misses of them is not added up.
        self.not_collected = self.not_collected.max(other.not_collected);
        self.not_answered = self.not_answered.max(other.not_answered);
    }
}
