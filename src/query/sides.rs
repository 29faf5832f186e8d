//! Asking sides that are in no store, such as releases: the same language and the same answers.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::answer::Answer;
use super::capability::{Test as CapabilityTest, of_document};
use super::error::QueryError;
use super::expression::{Expression, Leaf, Node, Test, Word};
use super::resolve::{full_path, without_not};
use super::target::{Machines, TargetTest};
use super::value::{Operator, Wanted};
use crate::diff::Outcome;
use crate::model::{Context, FailureClass, Target, Value};
use crate::side::{Content, Contents, Side};
use crate::store::StoreError;

/// An expression whose names are known.
#[derive(Debug)]
pub struct SideQuery {
    root: Question,
}

/// A part of it.
#[derive(Debug)]
enum Question {
    Not(Box<Self>),
    /// Of all targets: the side has none that is so.
    Denied(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
    /// Of the side's name.
    Name(Wanted),
    /// Of a fact of the context.
    Context(&'static str, Wanted),
    Target(TargetTest),
    Capability(String, CapabilityTest),
}

/// A side that is asked.
struct Asked<'a> {
    name: &'a str,
    side: &'a Side,
    machines: Option<Machines>,
    targets: Vec<AskedTarget<'a>>,
}

/// A target, and what it gave; nothing where it was not collected.
type AskedTarget<'a> = (&'a Target, Option<&'a Content>);

/// Answers that are known already: of a document, or of a side as a whole.
type KnownAnswers<'a> = HashMap<(Option<&'a Content>, usize), Answer>;

impl SideQuery {
    /// Looks up what an expression names among the paths of all sides.
    ///
    /// # Errors
    /// Where it names what no side has, or what only stored hosts have.
    pub fn new(expression: &Expression, paths: &[String]) -> Result<Self, QueryError> {
        let reading = Reading { text: &expression.text, paths };
        Ok(Self { root: reading.node(&expression.root)? })
    }

    /// What a side answers: yes where one of its targets is, no where all are.
    ///
    /// # Errors
    /// Where its documents cannot be read.
    pub fn ask(&self, name: &str, side: &Side, contents: &Contents) -> Result<Answer, StoreError> {
        let machines = side.observed.machines.as_ref().map(Machines::new);
        let collected =
            side.observed.outcomes.iter().filter_map(|(target, outcome)| match outcome {
                Outcome::Document(content) => Some((target, Some(content))),
                // libvirt says that there is no such target.
                Outcome::Failed { class: FailureClass::Unsupported, .. } => None,
                Outcome::Failed { .. } => Some((target, None)),
            });
        let mut targets: Vec<AskedTarget<'_>> = collected.collect();
        let listed = machines.as_ref().map(|machines| machines.targets().to_vec());
        let asks_target = self.root.asks_target();
        if let Some(listed) = listed.as_ref().filter(|_| asks_target || targets.is_empty()) {
            let tried: HashSet<[&str; 3]> = side.observed.outcomes.keys().map(place).collect();
            let missing = listed.iter().filter(|target| !tried.contains(&place(target)));
            targets.extend(missing.map(|target| (&**target, None)));
        }
        let asked = Asked { name, side, machines, targets };
        let mut known = KnownAnswers::new();
        let answer = asked.any(&self.root, contents, &mut known)?;
        // What else there is, only a machine list could say.
        let is_open = asked.targets.is_empty() || (asked.machines.is_none() && asks_target);
        let rest = is_open.then_some(Answer::Unknown).filter(|_| answer == Answer::No);
        Ok(rest.unwrap_or(answer))
    }
}

/// The members of a set or list that some side has at a path, in order; none where it is no set.
///
/// # Errors
/// Where its documents cannot be read.
pub fn members(
    path: &str,
    sides: &[&Side],
    contents: &Contents,
) -> Result<BTreeSet<String>, StoreError> {
    let mut members = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for (_, content) in sides.iter().flat_map(|side| side.documents()) {
        if seen.insert(format!("{content:?}")) {
            contents.with(content, |all| {
                if let Some(Value::Set(set) | Value::List(set)) = all.get(path) {
                    members.extend(set.iter().map(str::to_owned));
                }
            })?;
        }
    }
    Ok(members)
}

/// An expression while its names are looked up.
struct Reading<'e> {
    text: &'e str,
    paths: &'e [String],
}

impl Reading<'_> {
    fn node(&self, node: &Node) -> Result<Question, QueryError> {
        let all = |nodes: &[Node]| {
            nodes.iter().map(|node| self.node(node)).collect::<Result<Vec<_>, _>>()
        };
        let (node, is_denied) = without_not(node);
        let question = match node {
            Node::Not(node) => self.node(node)?,
            Node::And(nodes) => Question::And(all(nodes)?),
            Node::Or(nodes) => Question::Or(all(nodes)?),
            Node::Leaf(leaf) => self.leaf(leaf)?,
        };
        // As `query` has it: that another target is a different one proves nothing.
        Ok(match (is_denied, question.asks_target()) {
            (false, _) => question,
            (true, true) => Question::Denied(Box::new(question)),
            (true, false) => Question::Not(Box::new(question)),
        })
    }

    fn leaf(&self, leaf: &Leaf) -> Result<Question, QueryError> {
        let name = leaf.subject.text.as_str();
        let wanted = match &leaf.test {
            Test::Compare(operator, _, value) => {
                Some(Wanted { operator: *operator, text: value.text.clone() })
            }
            Test::Holds => Some(Wanted { operator: Operator::Equal, text: "yes".to_owned() }),
            Test::IsReported(_) => None,
            Test::InGroup => {
                return Err(self.error(&leaf.subject, "a release is in no group".to_owned()));
            }
        };
        let target = |test: fn(Wanted) -> TargetTest| match (&leaf.test, &wanted) {
            (Test::Compare(..), Some(wanted)) => Ok(Question::Target(test(wanted.clone()))),
            (Test::Holds, Some(wanted)) if name == "deprecated" => {
                Ok(Question::Target(test(wanted.clone())))
            }
            _ => Err(self.error(&leaf.subject, format!("compare it, as in `{name} = …`"))),
        };
        let plain = name.strip_prefix("context.").unwrap_or(name);
        match (name, wanted.clone()) {
            ("machine", _) => target(TargetTest::Machine),
            ("alias", _) => target(TargetTest::Alias),
            ("arch", _) => target(TargetTest::Arch),
            ("virttype", _) => target(TargetTest::Virttype),
            ("emulator", _) => target(TargetTest::Emulator),
            ("deprecated", _) => target(TargetTest::Deprecated),
            ("release" | "host", Some(wanted)) => Ok(Question::Name(wanted)),
            (_, Some(wanted)) if ["libvirt", "hypervisor"].contains(&plain) => {
                let fact = Context::NAMES.into_iter().find(|each| *each == plain);
                Ok(Question::Context(fact.unwrap_or("libvirt"), wanted))
            }
            (_, wanted) => {
                let paths = self.paths.iter().map(String::as_str);
                let path =
                    full_path(paths, name).map_err(|message| self.error(&leaf.subject, message))?;
                let test = match (&leaf.test, wanted) {
                    (Test::IsReported(is_reported), _) => CapabilityTest::IsReported(*is_reported),
                    (_, Some(wanted)) => CapabilityTest::Compare(wanted),
                    (_, None) => CapabilityTest::IsReported(true),
                };
                Ok(Question::Capability(path, test))
            }
        }
    }

    fn error(&self, word: &Word, message: String) -> QueryError {
        QueryError::new(self.text, word.at, message)
    }
}

impl Question {
    /// Whether it is of machines, or of another field of a target.
    fn asks_target(&self) -> bool {
        match self {
            Self::Target(_) | Self::Denied(_) => true,
            Self::Not(question) => question.asks_target(),
            Self::And(questions) | Self::Or(questions) => questions.iter().any(Self::asks_target),
            Self::Name(_) | Self::Context(..) | Self::Capability(..) => false,
        }
    }
}

fn place(target: &Target) -> [&str; 3] {
    [&target.arch, &target.virttype, &target.machine]
}

impl<'a> Asked<'a> {
    /// Yes where one target is, no where all are.
    fn any(
        &self,
        question: &Question,
        contents: &Contents,
        known: &mut KnownAnswers<'a>,
    ) -> Result<Answer, StoreError> {
        let mut any = Answer::No;
        for target in &self.targets {
            any = Answer::any([any, self.answer(question, *target, contents, known)?]);
            if any == Answer::Yes {
                break;
            }
        }
        Ok(any)
    }

    fn answer(
        &self,
        question: &Question,
        (target, content): AskedTarget<'a>,
        contents: &Contents,
        known: &mut KnownAnswers<'a>,
    ) -> Result<Answer, StoreError> {
        // Questions stay where they are while they are asked.
        let number = std::ptr::from_ref(question).addr();
        let mut all = |questions: &[Question]| {
            let answers = questions.iter();
            let answers = answers.map(|it| self.answer(it, (target, content), contents, known));
            answers.collect::<Result<Vec<_>, _>>()
        };
        Ok(match question {
            Question::Not(question) => {
                !self.answer(question, (target, content), contents, known)?
            }
            Question::Denied(question) => {
                if let Some(answer) = known.get(&(None, number)) {
                    return Ok(*answer);
                }
                let mut is_there = self.any(question, contents, known)?;
                if is_there == Answer::No && self.machines.is_none() {
                    is_there = Answer::Unknown;
                }
                known.insert((None, number), !is_there);
                !is_there
            }
            Question::And(questions) => Answer::all(all(questions)?),
            Question::Or(questions) => Answer::any(all(questions)?),
            Question::Name(wanted) => wanted.is_met_by(self.name).into(),
            Question::Context(name, wanted) => {
                let mut facts = self.side.observed.context.named();
                match facts.find(|(each, _)| each == name).and_then(|(_, value)| value) {
                    Some(value) => wanted.is_met_by(value).into(),
                    None => Answer::Unknown,
                }
            }
            Question::Target(test) => test.answer(target, self.machines.as_ref()),
            Question::Capability(path, test) => {
                let Some(content) = content else { return Ok(Answer::Unknown) };
                let key = (Some(content), number);
                if let Some(answer) = known.get(&key) {
                    return Ok(*answer);
                }
                let answer = contents.with(content, |all| of_document(path, test, all))?;
                known.insert(key, answer);
                answer
            }
        })
    }
}
