//! The README shows what the program prints, and `migrations/README.md` what its queries answer.

use std::process::{Command, Stdio};

use crate::support::{Output, Sandbox, output, project_file, root};

/// The `console` blocks of a text: each command with the lines shown below it.
fn commands(text: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut is_inside = false;
    for line in text.lines() {
        match (is_inside, line.strip_prefix("$ ")) {
            (_, _) if line.starts_with("```") => is_inside = line == "```console",
            (true, Some(command)) => found.push((command.to_owned(), Vec::new())),
            (true, None) => {
                if let Some((_, shown)) = found.last_mut() {
                    shown.push(line.to_owned());
                }
            }
            (false, _) => {}
        }
    }
    found
}

#[test]
fn each_command_prints_what_is_shown() {
    for (page, least) in [
        ("README.md", 6),
        ("docs/judging.md", 6),
        ("docs/querying.md", 5),
        ("docs/history.md", 8),
        ("docs/ci.md", 2),
        ("docs/sql.md", 6),
        ("docs/upkeep.md", 8),
        ("docs/fleet.md", 4),
        ("docs/releases.md", 4),
        ("docs/monitoring.md", 2),
    ] {
        let found = commands(&project_file(page));
        assert!(found.len() >= least, "{page}: {found:?}");
        check(found);
    }
}

fn check(found: Vec<(String, Vec<String>)>) {
    let sandbox = Sandbox::with_snapshots();
    for (command, shown) in found {
        assert!(command.starts_with("domcaps "), "{command}");
        let output = in_bash(&sandbox, &command);
        assert_eq!(output.code, Some(0), "{command}: {output}");
        let printed = format!("{}{}", output.stderr, output.stdout);
        let printed: Vec<&str> = printed.lines().collect();
        compare(&command, &shown, &printed);
    }
}

/// A command up to its first pipe or redirection outside quotes.
fn before_redirection(command: &str) -> &str {
    let mut quote = None;
    for (at, letter) in command.char_indices() {
        match (letter, quote) {
            ('\'' | '"', None) => quote = Some(letter),
            (_, Some(open)) if letter == open => quote = None,
            ('|' | '>', None) => return &command[..at],
            _ => {}
        }
    }
    command
}

/// Runs a command as a reader would who copies it: a shell expands patterns and redirects at `>`. A pattern
/// that no file fits is an error, as it is in zsh.
fn in_bash(sandbox: &Sandbox, command: &str) -> Output {
    let domcaps = sandbox.command(&[]);
    let mut bash = Command::new("bash");
    let script = format!("domcaps() {{ \"$DOMCAPS\" \"$@\"; }}; {command}");
    bash.args(["--norc", "-O", "failglob", "-c", &script])
        .current_dir(sandbox.path(""))
        .env_clear();
    bash.envs(domcaps.get_envs().filter_map(|(name, value)| Some((name, value?))));
    bash.env("PATH", "/usr/bin:/bin").env("DOMCAPS", env!("CARGO_BIN_EXE_domcaps"));
    bash.stdin(Stdio::null());
    output(bash)
}

/// The examples in `sh` and `console` blocks of all pages mean in a shell what they say: what bash passes on
/// are the words as they are written, and no file appears.
#[test]
fn no_example_is_changed_by_a_shell() {
    let sandbox = Sandbox::new();
    let docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let docs = docs.filter(|page| page.extension().is_some_and(|it| it == "md"));
    let mut count = 0;
    for page in docs.chain([root().join("README.md")]) {
        let text = std::fs::read_to_string(&page).unwrap();
        for command in examples(&text) {
            let command = before_redirection(&command);
            let mut bash = Command::new("bash");
            bash.args(["--norc", "-O", "failglob", "-c"]);
            bash.arg(format!("domcaps() {{ printf '%s\\n' \"$@\" >/dev/null; }}; {command}"));
            bash.current_dir(sandbox.path("")).stdin(Stdio::null());
            let output = output(bash);
            assert_eq!(output.code, Some(0), "{}: {command}: {output}", page.display());
            let files = std::fs::read_dir(sandbox.path("")).unwrap().count();
            assert_eq!(files, 0, "{}: {command} writes a file", page.display());
            count += 1;
        }
    }
    assert!(count > 50, "{count}");
}

/// The commands of a page that are whole on their line.
fn examples(text: &str) -> Vec<String> {
    let (mut found, mut is_inside) = (Vec::new(), false);
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            is_inside = !is_inside && ["console", "sh", "bash"].contains(&kind.trim());
        }
        let mut command = line.strip_prefix("$ ").unwrap_or(line).to_owned();
        if is_inside && command.starts_with("domcaps ") && !command.ends_with('\\') {
            // A quote may close some lines below.
            while command.matches('\'').count() % 2 == 1 {
                command.push('\n');
                command.push_str(lines.next().expect("quotes close"));
            }
            found.push(command);
        }
    }
    found
}

/// A line `…` stands for any number of lines.
fn compare(command: &str, shown: &[String], printed: &[&str]) {
    let mut at = 0;
    let mut may_skip = false;
    for line in shown {
        if line == "…" {
            may_skip = true;
            continue;
        }
        let found = printed[at..].iter().position(|each| each.trim_end() == line.trim_end());
        match found {
            Some(skipped) if skipped == 0 || may_skip => at += skipped + 1,
            _ => panic!(
                "`{command}` does not print `{line}` there; it prints:\n{}",
                printed.join("\n")
            ),
        }
        may_skip = false;
    }
    assert!(
        may_skip || at == printed.len(),
        "`{command}` prints more:\n{}",
        printed[at..].join("\n")
    );
}

/// The database that the examples of `migrations/README.md` ask.
fn database(sandbox: &Sandbox, page: &str) -> rusqlite::Connection {
    let commands = page.lines().filter_map(|line| line.strip_prefix("domcaps --db fleet.db "));
    let mut count = 0;
    for command in commands {
        let words: Vec<&str> = ["--db", "fleet.db"].into_iter().chain(command.split(' ')).collect();
        sandbox.run(&words).ok();
        count += 1;
    }
    assert_eq!(count, 4);
    rusqlite::Connection::open(sandbox.path("fleet.db")).unwrap()
}

/// The rows of a query in columns, as SQLite's shell prints them.
fn answer(database: &rusqlite::Connection, query: &str) -> String {
    let mut statement = database.prepare(query).unwrap();
    let mut rows = vec![statement.column_names().map(str::to_owned).collect::<Vec<_>>()];
    let columns = rows[0].len();
    let mut found = statement.query([]).unwrap();
    while let Some(row) = found.next().unwrap() {
        let cell = |at| match row.get::<_, rusqlite::types::Value>(at).unwrap() {
            rusqlite::types::Value::Text(text) => text,
            rusqlite::types::Value::Integer(number) => number.to_string(),
            other => format!("{other:?}"),
        };
        rows.push((0..columns).map(cell).collect());
    }
    let width = |at: usize| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    rows.insert(1, widths.iter().map(|width| "-".repeat(*width)).collect());
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_query_of_the_database_s_page_answers_what_is_shown() {
    let page = project_file("migrations/README.md");
    let sandbox = Sandbox::with_snapshots();
    let database = database(&sandbox, &page);
    let mut count = 0;
    for example in page.split("```sql\n").skip(1) {
        let (query, rest) = example.split_once("\n```\n").unwrap();
        let shown = rest.split_once("```text\n").unwrap().1.split_once("\n```").unwrap().0;
        assert_eq!(answer(&database, query), shown, "{query}");
        count += 1;
    }
    assert!(count >= 6);
}
