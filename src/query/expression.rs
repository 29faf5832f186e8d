//! What is asked, as it was written.

use std::fmt;
use std::str::FromStr;

use super::error::QueryError;
use super::parse;
use super::value::Operator;

/// A question that each target of a host can be asked.
#[derive(Clone, Debug)]
pub struct Expression {
    /// As it was written.
    pub text: String,
    /// What it says.
    pub root: Node,
}

/// A part of an expression.
#[derive(Clone, Debug)]
pub enum Node {
    /// One question.
    Leaf(Leaf),
    /// The opposite.
    Not(Box<Self>),
    /// All of them.
    And(Vec<Self>),
    /// At least one of them.
    Or(Vec<Self>),
}

/// One question about one thing.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// What it is about: a capability path or a field.
    pub subject: Word,
    /// What is asked of it.
    pub test: Test,
}

/// What a leaf asks.
#[derive(Clone, Debug)]
pub enum Test {
    /// `PATH` alone: is it `yes`?
    Holds,
    /// How it compares with a value; the opposite of that where the flag is set (`!=`, `!~`).
    Compare(Operator, bool, Word),
    /// Whether anything is said about it.
    IsReported(bool),
    /// `in group NAME`; the subject is the name.
    InGroup,
}

/// A word of the expression, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word without quotes.
    pub text: String,
    /// The byte at which it begins.
    pub at: usize,
}

impl FromStr for Expression {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self { text: text.to_owned(), root: parse::expression(text)? })
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}

impl fmt::Display for Node {
    /// In a form that reads back as the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = |node: &Self, f: &mut fmt::Formatter<'_>| match node {
            Self::And(_) | Self::Or(_) => write!(f, "({node})"),
            _ => node.fmt(f),
        };
        let (nodes, between) = match self {
            Self::Leaf(leaf) => return leaf.fmt(f),
            Self::Not(node) => {
                f.write_str("not ")?;
                return inner(node, f);
            }
            Self::And(nodes) => (nodes, " and "),
            Self::Or(nodes) => (nodes, " or "),
        };
        for (nth, node) in nodes.iter().enumerate() {
            if nth > 0 {
                f.write_str(between)?;
            }
            inner(node, f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = &self.subject.text;
        match &self.test {
            Test::Holds => f.write_str(subject),
            Test::IsReported(true) => write!(f, "{subject} is reported"),
            Test::IsReported(false) => write!(f, "{subject} is unreported"),
            Test::InGroup => write!(f, "in group {}", parse::quoted(subject)),
            Test::Compare(operator, is_not, value) => {
                let name = operator.name(*is_not);
                write!(f, "{subject} {name} {}", parse::quoted(&value.text))
            }
        }
    }
}
