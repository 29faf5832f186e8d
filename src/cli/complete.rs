//! `domcaps complete`, which completion scripts ask for what only the database knows.

use std::path::Path;

use clap::Args;

use super::Global;
use super::failure::{Exit, Failure};
use super::ui::{self, Ui};
use crate::query;
use crate::store::{Store, StoreError};

/// Print how the last word of a command line can go on
#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// The command line up to the cursor
    #[arg(long)]
    line: String,
    /// Characters at which the shell parts words that are not quoted
    #[arg(long, default_value = "")]
    breaks: String,
    /// The shell puts what is printed on the line as it is, and does not quote it
    #[arg(long)]
    raw: bool,
}

/// Without a database, and where anything fails, it says nothing: a shell waits for it.
pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let words = Words::of(&arguments.line);
    let database = words.option("--db").map(|path| Ok(Path::new(path).to_owned()));
    let database = database.unwrap_or_else(|| ui::database(global));
    let Ok(store) = database.and_then(|path| Ok(Store::open(&path)?)) else {
        return Ok(Exit::Done);
    };
    for candidate in candidates(&store, &words).unwrap_or_default() {
        // The part of the word that the shell replaces.
        let rest = candidate.get(words.kept(&arguments.breaks)..);
        if let Some(rest) = rest.filter(|_| candidate.chars().all(is_offered)) {
            let is_bare = arguments.raw && !words.is_quoted;
            let shown = if is_bare { escaped(rest) } else { rest.to_owned() };
            writeln!(ui.out(), "{shown}")?;
        }
    }
    Ok(Exit::Done)
}

/// Whether a shell neither runs nor expands a character, be it within quotes of any kind or behind a
/// backslash. A candidate with any other, such as `$`, a quote or a backtick, is not offered: what a
/// host writes reaches a command line only as a word that it cannot be mistaken in.
fn is_offered(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || " ._:/@%+,-=[]<>".contains(letter)
}

/// A word that bash takes as it is, with a backslash before all that could mean something to it:
/// `[a]` would be expanded to a file of that name. bash puts COMPREPLY on the line as it stands.
fn escaped(word: &str) -> String {
    let mut shown = String::with_capacity(word.len() + 4);
    for letter in word.chars() {
        if !(letter.is_ascii_alphanumeric() || "._:/@%+,-=".contains(letter)) {
            shown.push('\\');
        }
        shown.push(letter);
    }
    shown
}

/// A command line in words; the last one is being written.
struct Words {
    words: Vec<String>,
    is_quoted: bool,
}

impl Words {
    /// Parts a line as a shell does, as far as completion needs it.
    fn of(line: &str) -> Self {
        let (mut words, mut quote, mut is_word) = (vec![String::new()], None, false);
        let mut letters = line.chars();
        while let Some(letter) = letters.next() {
            let last = words.len() - 1;
            match (letter, quote) {
                (_, Some(open)) if letter == open => quote = None,
                ('\'' | '"', None) => (quote, is_word) = (Some(letter), true),
                ('\\', None | Some('"')) => words[last].extend(letters.next()),
                (' ' | '\t', None) => {
                    if is_word || !words[last].is_empty() {
                        words.push(String::new());
                    }
                    is_word = false;
                }
                _ => words[last].push(letter),
            }
        }
        Self { words, is_quoted: quote.is_some() }
    }

    fn current(&self) -> &str {
        self.words.last().map(String::as_str).unwrap_or_default()
    }

    /// The words before the current one.
    fn before(&self) -> &[String] {
        &self.words[..self.words.len().saturating_sub(1)]
    }

    /// The value of an option that was given.
    fn option(&self, name: &str) -> Option<&str> {
        let mut before = self.before().iter();
        before.by_ref().find(|word| *word == name)?;
        before.next().map(String::as_str)
    }

    /// How much of the current word the shell keeps as it is.
    fn kept(&self, breaks: &str) -> usize {
        if self.is_quoted {
            return 0;
        }
        // Behind a backslash they part nothing, and these are the only ones that stand there.
        let breaks: String = breaks.chars().filter(|letter| !"[]<> ".contains(*letter)).collect();
        self.current().rfind(|letter| breaks.contains(letter)).map_or(0, |at| at + 1)
    }
}

fn candidates(store: &Store, words: &Words) -> Result<Vec<String>, StoreError> {
    const MOST: usize = 400;
    let current = words.current();
    let hosts = || {
        let hosts = store.hosts_beginning(current, MOST)?;
        Ok(hosts.iter().map(ToString::to_string).collect())
    };
    match words.before().last().map(String::as_str) {
        Some("--group" | "--no-group") => {
            let groups = store.group_names()?;
            return Ok(groups.into_iter().filter(|it| it.starts_with(current)).collect());
        }
        Some("--host") => return hosts(),
        _ => {}
    }
    let database = words.option("--db");
    let mut positional = words.before().iter().skip(1);
    let mut positional = positional
        .by_ref()
        .filter(|word| !word.starts_with('-') && Some(word.as_str()) != database);
    let Some(command) = positional.next() else { return Ok(Vec::new()) };
    let nth = positional.count();
    if current.starts_with('-') {
        return Ok(Vec::new());
    }
    match (command.as_str(), nth) {
        ("query", 0) => query::completed_expressions(store, current),
        ("paths", 0) | ("show" | "history", 1..) => query::completed_paths(store, current),
        ("show" | "history" | "machines" | "snapshots" | "last", 0)
        | ("diff", 0 | 1)
        | ("host", 1..) => hosts(),
        _ => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_could_run_is_not_offered() {
        let is_offered = |word: &str| word.chars().all(super::is_offered);
        for word in ["cpu.mode[custom].model[EPYC-v1]", "vcpu.max >= 255", "hv01@prev:pc-q35-9.2"] {
            assert!(is_offered(word), "{word}");
        }
        for word in [
            "a$(b)", "a`b`", "a'b", "a\"b", r"a\b", "a;b", "a|b", "a&b", "!b", "*", "~a", "{a,b}",
            "a\nb", "é", "#",
        ] {
            assert!(!is_offered(word), "{word}");
        }
        assert_eq!(escaped("mode[custom] = <a"), r"mode\[custom\]\ =\ \<a");
    }

    #[test]
    fn lines_part_as_in_a_shell() {
        let words = Words::of("domcaps  query 'disk.bus = n");
        assert_eq!(words.words, ["domcaps", "query", "disk.bus = n"]);
        assert!(words.is_quoted && words.kept("=") == 0);
        let words = Words::of("domcaps show hv01:p");
        assert_eq!((words.current(), words.kept("=:")), ("hv01:p", 5));
        assert_eq!(Words::of("domcaps show ").current(), "");
        assert_eq!(Words::of("domcaps --db x.db show ").option("--db"), Some("x.db"));
    }
}
