//! What the names of an expression mean in a store, and what they could have meant.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::capability::{Capability, Test as CapabilityTest};
use super::error::QueryError;
use super::expression::{Expression, Leaf, Node, Test, Word};
use super::host::HostTest;
use super::nearest;
use super::target::TargetTest;
use super::value::{Operator, Wanted};
use crate::model::{Context, Kind, SelectError, elements, glob, select};
use crate::store::{PathId, Store, StoreError, StoredValue};

/// Names that are no capabilities.
const OTHERS: [&str; 8] =
    ["host", "group", "machine", "alias", "arch", "virttype", "emulator", "deprecated"];

/// Those and the facts of the context that are known by their name alone.
pub(super) static FIELDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let facts = Context::FACTS.iter().filter(|fact| fact.is_queried);
    OTHERS.into_iter().chain(facts.map(|fact| fact.name)).collect()
});

/// An expression in terms of a store: positions in lists of questions.
#[derive(Debug)]
pub(super) enum Plan {
    Host(usize),
    Target(usize),
    Capability(usize),
    Not(Box<Self>),
    /// None of the host's targets is so: one answer for the host, not for each target.
    Denied(usize),
    And(Vec<Self>),
    Or(Vec<Self>),
}

impl Plan {
    /// The questions that it asks of each target; what it denies for the host is one of them.
    pub(super) fn leaves(&self) -> Vec<&Self> {
        match self {
            Self::Not(part) => part.leaves(),
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::leaves).collect(),
            Self::Host(_) | Self::Target(_) | Self::Capability(_) | Self::Denied(_) => vec![self],
        }
    }

    /// Whether it names a field of a target, such as its machine.
    fn asks_target(&self) -> bool {
        self.leaves().iter().any(|leaf| matches!(leaf, Self::Target(_) | Self::Denied(_)))
    }
}

/// The questions of an expression by what they are about.
#[derive(Debug, Default)]
pub(super) struct Questions {
    pub(super) host: Vec<HostTest>,
    /// What each question about a host asks for, to say that it is not known.
    pub(super) host_names: Vec<String>,
    pub(super) target: Vec<TargetTest>,
    pub(super) capability: Vec<Capability>,
    /// What is denied for the whole host; a part that holds another one stands behind it.
    pub(super) denied: Vec<Plan>,
    pub(super) warnings: Vec<String>,
}

/// Why an expression means nothing here.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// It names what there is not.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(super) struct Resolver<'a> {
    pub(super) store: &'a Store,
    pub(super) text: &'a str,
    pub(super) known: Vec<(String, PathId)>,
    pub(super) questions: Questions,
}

impl<'a> Resolver<'a> {
    /// Looks up what an expression names.
    pub(super) fn resolve(
        store: &'a Store,
        expression: &'a Expression,
    ) -> Result<(Plan, Questions), ResolveError> {
        let known = store.known_paths()?;
        let mut resolver =
            Self { store, text: &expression.text, known, questions: Questions::default() };
        let plan = resolver.node(&expression.root)?;
        Ok((plan, resolver.questions))
    }

    fn node(&mut self, node: &Node) -> Result<Plan, ResolveError> {
        let all = |resolver: &mut Self, nodes: &[Node]| {
            nodes.iter().map(|node| resolver.node(node)).collect::<Result<Vec<_>, _>>()
        };
        let (node, is_denied) = without_not(node);
        let plan = match node {
            Node::Not(node) => self.node(node)?,
            Node::And(nodes) => Plan::And(all(self, nodes)?),
            Node::Or(nodes) => Plan::Or(all(self, nodes)?),
            Node::Leaf(leaf) => self.leaf(leaf)?,
        };
        Ok(if is_denied { self.opposite(plan) } else { plan })
    }

    /// `not` of what names a machine, or another field of a target, is asked of the host: it has no
    /// such target. That another target is a different one proves nothing.
    fn opposite(&mut self, plan: Plan) -> Plan {
        if !plan.asks_target() {
            return Plan::Not(Box::new(plan));
        }
        self.questions.denied.push(plan);
        Plan::Denied(self.questions.denied.len() - 1)
    }

    fn leaf(&mut self, leaf: &Leaf) -> Result<Plan, ResolveError> {
        let name = leaf.subject.text.as_str();
        if let Test::InGroup = leaf.test {
            let wanted = Wanted { operator: Operator::Equal, text: name.to_owned() };
            return self.group(&wanted);
        }
        let context = name.strip_prefix("context.");
        if context.is_none() && name != "state" && !FIELDS.contains(&name) {
            return self.capability(leaf);
        }
        if let Some(wanted) = context
            && !Context::NAMES.contains(&wanted)
        {
            let message = format!("no context `{wanted}`: there are {}", Context::NAMES.join(", "));
            return Err(self.error(&leaf.subject, message).into());
        }
        self.field(leaf, context.unwrap_or(name))
    }

    fn field(&mut self, leaf: &Leaf, name: &str) -> Result<Plan, ResolveError> {
        let wanted = match &leaf.test {
            Test::IsReported(is_reported) => {
                let test = match Context::NAMES.iter().find(|each| **each == name) {
                    Some(name) => HostTest::IsKnown(name, *is_reported),
                    None if name == "deprecated" => {
                        return Ok(self.target(TargetTest::IsDeprecationKnown(*is_reported)));
                    }
                    None => HostTest::Always(*is_reported),
                };
                return Ok(self.host(name, test));
            }
            Test::Compare(operator, _, value) => {
                self.warn_of_star(name, *operator, value);
                Wanted { operator: *operator, text: value.text.clone() }
            }
            _ if name == "deprecated" => Wanted { operator: Operator::Equal, text: "yes".into() },
            _ => {
                let message =
                    format!("`{name}` alone asks nothing: compare it, as in `{name} = …`");
                return Err(self.error(&leaf.subject, message).into());
            }
        };
        Ok(match name {
            "host" => self.host(name, HostTest::Name(wanted)),
            "state" => self.host(name, HostTest::State(wanted)),
            "group" => self.group(&wanted)?,
            "machine" => self.target(TargetTest::Machine(wanted)),
            "alias" => self.target(TargetTest::Alias(wanted)),
            "arch" => self.target(TargetTest::Arch(wanted)),
            "virttype" => self.target(TargetTest::Virttype(wanted)),
            "emulator" => self.target(TargetTest::Emulator(wanted)),
            "deprecated" => self.target(TargetTest::Deprecated(wanted)),
            _ => {
                let name =
                    Context::NAMES.into_iter().find(|each| *each == name).unwrap_or("libvirt");
                self.host(name, HostTest::Context(name, wanted))
            }
        })
    }

    fn group(&mut self, wanted: &Wanted) -> Result<Plan, ResolveError> {
        let mut members = std::collections::HashSet::new();
        let groups = self.store.group_names()?;
        for group in groups.iter().filter(|group| wanted.is_met_by(group)) {
            members.extend(self.store.host_names(Some(group))?);
        }
        if members.is_empty() && wanted.operator == Operator::Equal {
            let nearest = nearest::values(&wanted.text, groups.iter().map(String::as_str));
            self.questions.warnings.push(format!("no host is in group `{}`{nearest}", wanted.text));
        }
        Ok(self.host("group", HostTest::Members(members)))
    }

    fn host(&mut self, name: &str, test: HostTest) -> Plan {
        self.questions.host.push(test);
        self.questions.host_names.push(name.to_owned());
        Plan::Host(self.questions.host.len() - 1)
    }

    fn target(&mut self, test: TargetTest) -> Plan {
        self.questions.target.push(test);
        Plan::Target(self.questions.target.len() - 1)
    }

    fn capability(&mut self, leaf: &Leaf) -> Result<Plan, ResolveError> {
        let path = self.path(&leaf.subject)?;
        let test = match &leaf.test {
            Test::IsReported(is_reported) => CapabilityTest::IsReported(*is_reported),
            Test::Compare(operator, _, value) => {
                self.warn_of_star(&leaf.subject.text, *operator, value);
                let wanted = Wanted { operator: *operator, text: value.text.clone() };
                self.check_value(&leaf.subject, &path, &wanted)?;
                CapabilityTest::Compare(wanted)
            }
            _ => {
                let wanted = Wanted { operator: Operator::Equal, text: "yes".into() };
                self.check_value(&leaf.subject, &path, &wanted)?;
                CapabilityTest::Compare(wanted)
            }
        };
        let capability = Capability::new(self.store, &self.known, path, test)?;
        self.questions.capability.push(capability);
        Ok(Plan::Capability(self.questions.capability.len() - 1))
    }

    /// The full path that is meant.
    fn path(&self, subject: &Word) -> Result<String, QueryError> {
        let known = self.known.iter().map(|(path, _)| path.as_str());
        full_path(known, &subject.text).map_err(|message| self.error(subject, message))
    }

    /// Refuses a path that never has a value, and warns of a value that it never has.
    fn check_value(
        &mut self,
        subject: &Word,
        path: &str,
        wanted: &Wanted,
    ) -> Result<(), ResolveError> {
        let mut values: Vec<StoredValue> = Vec::new();
        let (mut has_value, mut below) = (false, BTreeSet::new());
        for (known, id) in &self.known {
            match rest_of(known, path) {
                Some("") => {
                    has_value = true;
                    values.extend(self.store.values_at(*id)?);
                }
                Some(rest) => {
                    below.extend(elements(rest).next());
                }
                None => {}
            }
        }
        if !has_value {
            let below: Vec<&str> = below.into_iter().take(8).collect();
            let message = format!(
                "`{path}` has no value itself; below it are {}: name one, or ask `is reported`",
                below.join(", ")
            );
            return Err(self.error(subject, message).into());
        }
        let is_answer = matches!(wanted.text.as_str(), "yes" | "no")
            && values.iter().any(|value| is_support(path, value));
        let members = || values.iter().flat_map(|value| value.members.iter().map(String::as_str));
        if wanted.operator.is_order() || is_answer || members().any(|it| wanted.is_met_by(it)) {
            return Ok(());
        }
        let what = if wanted.operator == Operator::Fits { "value that fits " } else { "" };
        let nearest = nearest::values(&wanted.text, members());
        self.questions
            .warnings
            .push(format!("no stored document has {what}`{}` at {path}{nearest}", wanted.text));
        Ok(())
    }

    fn warn_of_star(&mut self, subject: &str, operator: Operator, value: &Word) {
        if operator == Operator::Equal && value.text.contains('*') {
            let text = &value.text;
            self.questions.warnings.push(format!(
                "`=` takes `*` as it is: `{subject} ~ \"{text}\"` asks for what fits the pattern"
            ));
        }
    }

    fn error(&self, word: &Word, message: String) -> QueryError {
        QueryError::new(self.text, word.at, message)
    }
}

/// What a node says without the `not`, `!=` and `!~` before it, and whether it is the opposite of
/// that: two of them are none.
pub(super) fn without_not(mut node: &Node) -> (&Node, bool) {
    let mut is_denied = false;
    while let Node::Not(inner) = node {
        (node, is_denied) = (inner, !is_denied);
    }
    if let Node::Leaf(Leaf { test: Test::Compare(_, true, _), .. }) = node {
        is_denied = !is_denied;
    }
    (node, is_denied)
}

/// The full path that a word means among those that are known; else why it means none.
pub(super) fn full_path<'k>(
    known: impl Iterator<Item = &'k str> + Clone,
    wanted: &str,
) -> Result<String, String> {
    let error = match select(known.clone(), wanted) {
        Ok(path) => return Ok(path),
        Err(error) if !wanted.contains('*') => error,
        Err(error) => {
            let mut found: BTreeSet<String> = BTreeSet::new();
            known.clone().for_each(|path| found.extend(with_prefix(path, wanted)));
            if found.contains(wanted) {
                return Ok(wanted.to_owned());
            }
            match (found.len(), found.pop_first()) {
                (1, Some(path)) => return Ok(path),
                (0, _) | (_, None) => error,
                (_, Some(first)) => SelectError::Ambiguous {
                    path: wanted.to_owned(),
                    candidates: std::iter::once(first).chain(found).collect(),
                },
            }
        }
    };
    Err(match error {
        SelectError::Unknown { .. } => {
            let nearest = nearest::paths(wanted, known);
            format!("no capability `{wanted}`{nearest}")
        }
        ambiguous @ SelectError::Ambiguous { .. } => ambiguous.to_string(),
    })
}

/// What of a known path stands below a pattern: nothing where it fits as a whole.
pub(super) fn rest_of<'k>(known: &'k str, pattern: &str) -> Option<&'k str> {
    let mut mine = elements(known);
    let mut length = 0;
    for wanted in elements(pattern) {
        let element = mine.next().filter(|element| glob(wanted, element))?;
        length += element.len() + 1;
    }
    Some(known.get(length..).unwrap_or_default())
}

/// A short pattern with the leading elements of a known path that it fits.
fn with_prefix(known: &str, pattern: &str) -> Option<String> {
    let mut start = 0;
    for element in elements(known) {
        if rest_of(&known[start..], pattern).is_some() {
            return Some(format!("{}{pattern}", &known[..start]));
        }
        start += element.len() + 1;
    }
    None
}

/// Whether a value says yes or no.
fn is_support(path: &str, value: &StoredValue) -> bool {
    value.kind == Kind::Support || path.ends_with("].usable")
}
