//! The README shows what the program prints.

use crate::support::{Sandbox, project_file};

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
    let found = commands(&project_file("README.md"));
    assert!(found.len() >= 6, "{found:?}");
    let sandbox = Sandbox::with_snapshots();
    for (command, shown) in found {
        let words: Vec<&str> = command.split_whitespace().collect();
        assert_eq!(words[0], "domcaps", "{command}");
        let output = sandbox.run(&words[1..]);
        assert_eq!(output.code, Some(0), "{command}: {output}");
        let printed = format!("{}{}", output.stderr, output.stdout);
        let printed: Vec<&str> = printed.lines().collect();
        compare(&command, &shown, &printed);
    }
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
