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
    BodyAnswer, MachineListId, ProfileAnswers, ProfileId, SnapshotRow, Store, StoreError,
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

/// What the answers of targets that were not collected hang on.
type ListedKey = (MachineListId, Vec<Answer>);

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
    host: &'p [Answer],
    /// None of what a host may have beside what is known.
    target: Option<&'p Target>,
    machines: Option<&'p Machines>,
    source: TargetSource<'p>,
}

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
        let Some(profile) = profile else {
            let answer = self.answer(&self.plan, &AskedTarget::unnamed(host))?;
            let why = match answer {
                Answer::Unknown => vec!["no snapshot with an answer".to_owned()],
                _ => Vec::new(),
            };
            return Ok(HostAnswer::new(answer, Vec::new(), why));
        };
        let asks_list = !self.questions.target.is_empty();
        let read = list.filter(|_| asks_list || !self.patterns.is_empty());
        let mut machines = read.map(|list| self.lists.get(self.store, list)).transpose()?;
        let answers = self.profiles.of(profile)?;
        let (mut targets, mut why) = (Vec::new(), Why::default());
        for answered in answers.iter() {
            // Libvirt says that the host has no such target: a removed machine.
            if matches!(answered.answer, Err(FailureClass::Unsupported))
                || !self.is_meant(machines.as_deref(), &answered.target)
            {
                continue;
            }
            let source = match &answered.answer {
                Ok(body) => TargetSource::Document(body),
                Err(_) => TargetSource::Failed,
            };
            let (target, machines) = (Some(&*answered.target), machines.as_deref());
            let asked = AskedTarget { host, target, machines, source };
            let answer = self.answer(&self.plan, &asked)?;
            if answer == Answer::Unknown {
                self.explain(&asked, &mut why)?;
            }
            targets.push(TargetAnswer { target: Rc::clone(&answered.target), answer });
        }
        // A question about capabilities alone is one about what was collected, if anything was.
        if let Some(list) = list.filter(|_| asks_list || targets.is_empty()) {
            let machines = match &machines {
                Some(machines) => machines,
                None => machines.insert(self.lists.get(self.store, list)?),
            };
            let missing = not_collected(machines.targets(), &answers);
            self.add_listed(host, (list, machines), &missing, &mut targets, &mut why)?;
        }
        let mut answers: Vec<Answer> = targets.iter().map(|target| target.answer).collect();
        let is_of_host = self.questions.target.is_empty() && self.questions.capability.is_empty();
        if targets.is_empty() || (list.is_none() && asks_list && self.patterns.is_empty()) {
            // What else the host has, only its machine list could say; with it, there is nothing.
            let rest = self.answer(&self.plan, &AskedTarget::unnamed(host))?;
            let is_open = is_of_host || rest == Answer::Yes || list.is_none();
            answers.push(if is_open { rest } else { Answer::No });
            why.add_host(host);
            why.is_list_missing |= list.is_none() && !is_of_host && rest == Answer::Unknown;
        }
        let answer = if self.is_every { Answer::all(answers) } else { Answer::any(answers) };
        let why = if answer == Answer::Unknown { self.reasons(&why) } else { Vec::new() };
        Ok(HostAnswer::new(answer, targets, why))
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
        let known = self.listed.borrow().get(&(list, host.to_vec())).cloned();
        let answers: Rc<[Answer]> = match known {
            Some(known) => known,
            None => {
                let all = machines.targets().iter();
                let all = all.map(|target| self.answer(&self.plan, &place(target)));
                let all: Rc<[Answer]> = all.collect::<Result<Vec<_>, _>>()?.into();
                self.listed.borrow_mut().insert((list, host.to_vec()), Rc::clone(&all));
                all
            }
        };
        for position in missing {
            let target = &machines.targets()[*position];
            if !self.is_meant(Some(machines), target) {
                continue;
            }
            let answer = answers[*position];
            if answer == Answer::Unknown {
                self.explain(&place(target), why)?;
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

    /// Notes which questions had no answer.
    fn explain(&self, place: &AskedTarget<'_>, why: &mut Why) -> Result<(), StoreError> {
        let Some(target) = place.target else { return Ok(()) };
        match place.source {
            TargetSource::Document(body) => {
                for (nth, question) in self.questions.capability.iter().enumerate() {
                    if !why.capability.contains(&nth)
                        && question.answer(self.store, body.tree)? == Answer::Unknown
                    {
                        why.capability.push(nth);
                    }
                }
            }
            TargetSource::Failed => why.not_answered += 1,
            TargetSource::Listed => why.not_collected += 1,
        }
        let is_silent = |nth: usize| {
            self.questions.target[nth].answer(target, place.machines) == Answer::Unknown
        };
        if (0..self.questions.target.len()).any(is_silent) {
            match place.machines {
                Some(_) => why.is_deprecation = true,
                None => why.is_list_missing = true,
            }
        }
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

impl Why {
    fn add_host(&mut self, host: &[Answer]) {
        for (nth, answer) in host.iter().enumerate() {
            if *answer == Answer::Unknown && !self.host.contains(&nth) {
                self.host.push(nth);
            }
        }
    }
}
