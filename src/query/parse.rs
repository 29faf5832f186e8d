//! Reading an expression. The only place that names the parser's library.

use winnow::ascii::multispace0;
use winnow::combinator::{
    alt, cut_err, delimited, eof, not, opt, peek, preceded, repeat, terminated,
};
use winnow::error::{ContextError, ErrMode, StrContext, StrContextValue};
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location as _, Stateful};
use winnow::token::{any, none_of, take_while};

use super::error::QueryError;
use super::expression::{Leaf, Node, Test, Word};
use super::value::Operator;

/// How many parentheses and `not` may stand in each other.
const MAX_DEPTH: u32 = 64;

/// Words that stand for themselves; as a value they are quoted.
const KEYWORDS: [&str; 5] = ["and", "or", "not", "in", "is"];

/// The text and how deep the place is in it.
type Input<'i> = Stateful<LocatingSlice<&'i str>, u32>;

/// Reads a whole expression.
pub(super) fn expression(text: &str) -> Result<Node, QueryError> {
    let input = Input { input: LocatingSlice::new(text), state: 0 };
    let end = eof.context(expected("an operator, `and`, `or` or the end"));
    delimited(multispace0, either, end).parse(input).map_err(|error| {
        let wanted = error.inner().context().find_map(|context| match context {
            StrContext::Expected(StrContextValue::Description(what)) => Some(*what),
            _ => None,
        });
        let message = match wanted {
            Some(TOO_DEEP) => format!("more than {MAX_DEPTH} `(` and `not` in each other"),
            Some(wanted) => match text[error.offset()..].chars().next() {
                Some(_) => format!("here should be {wanted}"),
                None => format!("it ends where {wanted} should be"),
            },
            None => "this cannot be read".to_owned(),
        };
        QueryError::new(text, error.offset(), message).syntax()
    })
}

/// Said where no deeper level is read.
const TOO_DEEP: &str = "fewer levels";

/// A value as it is written: in quotes where it would not be one word.
pub(super) fn quoted(text: &str) -> String {
    let is_plain = !text.is_empty() && text.chars().all(is_word) && !KEYWORDS.contains(&text);
    if is_plain {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

fn expected(what: &'static str) -> StrContext {
    StrContext::Expected(StrContextValue::Description(what))
}

fn either(input: &mut Input<'_>) -> ModalResult<Node> {
    joined(input, "or", all, Node::Or)
}

fn all(input: &mut Input<'_>) -> ModalResult<Node> {
    joined(input, "and", one, Node::And)
}

/// Parts with a keyword between them.
fn joined<'i>(
    input: &mut Input<'i>,
    between: &'static str,
    part: fn(&mut Input<'i>) -> ModalResult<Node>,
    join: fn(Vec<Node>) -> Node,
) -> ModalResult<Node> {
    let mut parts = vec![part(input)?];
    while opt(keyword(between)).parse_next(input)?.is_some() {
        parts.push(cut_err(part).parse_next(input)?);
    }
    Ok(if parts.len() == 1 { parts.remove(0) } else { join(parts) })
}

fn one(input: &mut Input<'_>) -> ModalResult<Node> {
    if opt(keyword("not")).parse_next(input)?.is_some() {
        let node = deeper(input, |input| cut_err(one).parse_next(input))?;
        return Ok(Node::Not(Box::new(node)));
    }
    if opt(symbol("(")).parse_next(input)?.is_some() {
        let node = deeper(input, |input| cut_err(either).parse_next(input))?;
        let end = symbol(")").context(expected("`)`, `and` or `or`"));
        cut_err(end).parse_next(input)?;
        return Ok(node);
    }
    leaf(input).map(Node::Leaf)
}

fn deeper<'i>(
    input: &mut Input<'i>,
    inside: impl Fn(&mut Input<'i>) -> ModalResult<Node>,
) -> ModalResult<Node> {
    if input.state == MAX_DEPTH {
        let mut error = ContextError::new();
        error.push(expected(TOO_DEEP));
        return Err(ErrMode::Cut(error));
    }
    input.state += 1;
    let node = inside(input);
    input.state -= 1;
    node
}

fn leaf(input: &mut Input<'_>) -> ModalResult<Leaf> {
    if opt(keyword("in")).parse_next(input)?.is_some() {
        cut_err(keyword("group").context(expected("`group`"))).parse_next(input)?;
        let subject = cut_err(value.context(expected("the name of a group"))).parse_next(input)?;
        return Ok(Leaf { subject, test: Test::InGroup });
    }
    let mut subject = subject.context(expected("a capability, a field, `not` or `(`"));
    let subject = subject.parse_next(input)?;
    if opt(keyword("is")).parse_next(input)?.is_some() {
        let state = alt((keyword("reported").value(true), keyword("unreported").value(false)));
        let state = state.context(expected("`reported` or `unreported`"));
        return Ok(Leaf { subject, test: Test::IsReported(cut_err(state).parse_next(input)?) });
    }
    let Some((operator, is_not)) = opt(operator).parse_next(input)? else {
        return Ok(Leaf { subject, test: Test::Holds });
    };
    let value = value.context(expected("a value (a word, or text in \"quotes\")"));
    let value = cut_err(value).parse_next(input)?;
    Ok(Leaf { subject, test: Test::Compare(operator, is_not, value) })
}

fn operator(input: &mut Input<'_>) -> ModalResult<(Operator, bool)> {
    alt((
        symbol("!=").value((Operator::Equal, true)),
        symbol("!~").value((Operator::Fits, true)),
        symbol("<=").value((Operator::AtMost, false)),
        symbol(">=").value((Operator::AtLeast, false)),
        symbol("=").value((Operator::Equal, false)),
        symbol("~").value((Operator::Fits, false)),
        symbol("<").value((Operator::Less, false)),
        symbol(">").value((Operator::More, false)),
    ))
    .parse_next(input)
}

/// A path or a field; keys in brackets hold any character, `]` and `\` behind a `\`.
fn subject(input: &mut Input<'_>) -> ModalResult<Word> {
    peek(not(any_keyword)).parse_next(input)?;
    let key = delimited("[", key_text, cut_err("]".context(expected("`]`"))));
    let plain = take_while(1.., |letter| is_word(letter) && !matches!(letter, '[' | ']'));
    let pieces = repeat::<_, _, (), _, _>(1.., alt((plain.void(), key.void())));
    let at = input.current_token_start();
    let text = terminated(pieces.take(), multispace0).parse_next(input)?;
    Ok(Word { text: text.to_owned(), at })
}

fn key_text(input: &mut Input<'_>) -> ModalResult<()> {
    let escaped = preceded('\\', any).void();
    repeat(0.., alt((none_of(['\\', ']']).void(), escaped))).parse_next(input)
}

fn value(input: &mut Input<'_>) -> ModalResult<Word> {
    let at = input.current_token_start();
    let text = terminated(alt((quoted_text, bare)), multispace0).parse_next(input)?;
    Ok(Word { text, at })
}

fn bare(input: &mut Input<'_>) -> ModalResult<String> {
    peek(not(any_keyword)).parse_next(input)?;
    take_while(1.., is_word).map(str::to_owned).parse_next(input)
}

fn quoted_text(input: &mut Input<'_>) -> ModalResult<String> {
    let letter = alt((preceded('\\', any), none_of(['"', '\\'])));
    let text = repeat(0.., letter);
    delimited('"', text, cut_err('"'.context(expected("a closing `\"`")))).parse_next(input)
}

fn any_keyword(input: &mut Input<'_>) -> ModalResult<()> {
    alt(KEYWORDS.map(keyword)).parse_next(input)
}

/// A word that is a keyword, and not only the beginning of one.
fn keyword<'i>(word: &'static str) -> impl Parser<Input<'i>, (), ErrMode<ContextError>> {
    (word, not(take_while(1, is_word)), multispace0).void()
}

fn symbol<'i>(symbol: &'static str) -> impl Parser<Input<'i>, (), ErrMode<ContextError>> {
    (symbol, multispace0).void()
}

/// What a word without quotes may hold.
fn is_word(letter: char) -> bool {
    !letter.is_whitespace()
        && !matches!(letter, '(' | ')' | '=' | '!' | '<' | '>' | '~' | '"' | '\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> String {
        expression(text).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
    }

    #[test]
    fn what_is_read_is_what_is_written() {
        for (text, expected) in [
            ("disk.bus=nvme", "disk.bus = nvme"),
            (" a  and b or not ( c ) ", "(a and b) or not c"),
            ("a and (b or c)", "a and (b or c)"),
            ("not not a.b !~ \"x y\\\"z\"", "not not a.b !~ \"x y\\\"z\""),
            (r"m[a.b\]c d].u = no", r"m[a.b\]c d].u = no"),
            ("in group prod and inner is reported", "in group prod and inner is reported"),
            ("notable and orange", "notable and orange"),
            ("x = \"and\"", "x = \"and\""),
            ("v>=1 and v<2", "v >= 1 and v < 2"),
        ] {
            assert_eq!(printed(text), expected);
            assert_eq!(printed(expected), expected);
        }
    }

    #[test]
    fn what_is_wrong_has_its_column() {
        for (text, expected) in [
            ("", "column 1: it ends where a capability, a field, `not` or `(` should be"),
            (
                "disk.bus =",
                "column 11: it ends where a value (a word, or text in \"quotes\") should be",
            ),
            ("disk.bus = = x", "column 12: here should be a value (a word, or text in \"quotes\")"),
            ("a b", "column 3: here should be an operator, `and`, `or` or the end"),
            ("(a or b", "column 8: it ends where `)`, `and` or `or` should be"),
            ("a and", "column 6: it ends where a capability, a field, `not` or `(` should be"),
            ("a is here", "column 6: here should be `reported` or `unreported`"),
            ("in prod", "column 4: here should be `group`"),
            ("ä = \"x", "column 7: it ends where a closing `\"` should be"),
            ("m[x = y", "column 8: it ends where `]` should be"),
            ("x = and", "column 5: here should be a value (a word, or text in \"quotes\")"),
        ] {
            let error = expression(text).unwrap_err();
            assert_eq!(error.to_string(), expected, "{text}");
            assert!(error.is_syntax);
        }
        let deep = "(".repeat(100_000);
        assert!(expression(&deep).unwrap_err().message.contains("64"));
    }
}
