//! Asking sides that are in no store, such as releases: the same language and the same answers.

use std::collections::{BTreeSet, HashMap};

use super::answer::Answer;
use super::capability::{Test as CapabilityTest, of_document};
use super::error::QueryError;
use super::expression::{Expression, Leaf, Node, Test, Word};
use super::resolve::full_path;
use super::target::{Machines, TargetTest};
use super::value::{Operator, Wanted};
use crate::model::{Context, Target, Value};
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
}

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
        let asked = Asked { name, side, machines };
        let mut known: HashMap<(&Content, usize), Answer> = HashMap::new();
        let mut answers = Vec::new();
        for (target, content) in side.documents() {
            let answer = asked.answer(&self.root, (target, content), contents, &mut known)?;
            if answer == Answer::Yes {
                return Ok(answer);
            }
            answers.push(answer);
        }
        Ok(Answer::any(answers))
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
        Ok(match node {
            Node::Not(node) => Question::Not(Box::new(self.node(node)?)),
            Node::And(nodes) => Question::And(all(nodes)?),
            Node::Or(nodes) => Question::Or(all(nodes)?),
            Node::Leaf(leaf) => match leaf.test {
                Test::Compare(_, true, _) => Question::Not(Box::new(self.leaf(leaf)?)),
                _ => self.leaf(leaf)?,
            },
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

impl<'a> Asked<'a> {
    fn answer(
        &self,
        question: &Question,
        (target, content): (&Target, &'a Content),
        contents: &Contents,
        known: &mut HashMap<(&'a Content, usize), Answer>,
    ) -> Result<Answer, StoreError> {
        let mut all = |questions: &[Question]| {
            let answers = questions.iter();
            let answers = answers.map(|it| self.answer(it, (target, content), contents, known));
            answers.collect::<Result<Vec<_>, _>>()
        };
        Ok(match question {
            Question::Not(question) => {
                !self.answer(question, (target, content), contents, known)?
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
                // Questions stay where they are while they are asked.
                let key = (content, std::ptr::from_ref(question).addr());
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
