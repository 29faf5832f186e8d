//! What a host writes reaches a terminal, a log, a program and a shell as text and as nothing else.

use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::process::Stdio;

use crate::support::{Sandbox, document};

/// CSI in one character, a change of direction, no width, a line's end, a tag, and two commands of
/// runners.
const HOSTILE: &str = "a\u{9b}31m\u{202e}\u{200b}\u{2028}\u{e0041}\u{ad} ##[stop-commands]x";

fn hostile() -> Sandbox {
    let sandbox = Sandbox::new();
    let new = document().replace("<value>virtio</value>", "<value>::add-mask::virtio</value>");
    let new = new.replace("<value>spice</value>", &format!("<value>{HOSTILE}</value>"));
    assert_ne!(new, document());
    sandbox.write("old.xml", document());
    sandbox.write("new.xml", new);
    for (day, name) in [("2026-11-01", "old.xml"), ("2026-11-02", "new.xml")] {
        sandbox.run(&["--db", "d.db", "import", "--host", "a", "--at", day, name]).ok();
    }
    sandbox
}

const FORMATS: [&str; 9] =
    ["text", "markdown", "html", "json", "ndjson", "csv", "junit", "sarif", "github"];

#[test]
fn no_format_holds_what_steers_a_terminal_or_a_runner() {
    let sandbox = hostile();
    let mut all: Vec<Vec<&str>> = vec![
        vec!["show", "./new.xml"],
        vec!["show", "./new.xml", "--format", "json"],
        vec!["diff", "./old.xml", "./new.xml", "--format", "unified"],
        vec!["--db", "d.db", "paths", "disk.bus"],
        vec!["--db", "d.db", "paths", "disk.bus", "--format", "json"],
        vec!["--db", "d.db", "sql", "SELECT value FROM latest_capability"],
    ];
    all.extend(
        FORMATS.map(|format| vec!["diff", "./old.xml", "./new.xml", "--full", "--format", format]),
    );
    for format in ["csv", "json", "ndjson"] {
        all.push(vec![
            "--db",
            "d.db",
            "sql",
            "SELECT value FROM latest_capability",
            "--format",
            format,
        ]);
    }
    for arguments in all {
        let output = sandbox.run(&arguments).ok();
        let bad = |letter: &char| {
            domcaps::render::is_invisible(*letter) && !matches!(letter, '\n' | '\t' | '\r')
        };
        assert_eq!(output.chars().find(bad), None, "{arguments:?}");
        assert!(!output.contains("##["), "{arguments:?}");
        let is_command = |line: &str| line.trim_start().starts_with("::add-mask");
        assert!(!output.lines().any(is_command), "{arguments:?}");
        // Annotations leave out what is gained.
        let is_there = output.contains("add-mask") || arguments.contains(&"github");
        assert!(is_there, "{arguments:?}");
    }
}

#[test]
fn json_gives_back_what_the_host_wrote() {
    let sandbox = hostile();
    let shown = sandbox.run(&["show", "./new.xml", "--format", "json"]).ok();
    let value: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let whole = value.to_string();
    assert!(whole.contains(HOSTILE), "{whole}");
}

#[test]
fn a_closed_pipe_ends_every_format_quietly() {
    let sandbox = hostile();
    for format in FORMATS {
        let mut child = sandbox
            .command(&["diff", "./old.xml", "./new.xml", "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(child.wait().unwrap().success() && said.is_empty(), "{format}: {said}");
    }
}

#[test]
fn what_was_typed_is_repeated_without_its_control_characters() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["show", "a", "--format", "\u{1b}[31mred\u{9b}\u{202e}\nerror: forged"][..],
        &["\u{1b}[31mred\u{9b}\nerror: forged"],
        &["diff", "a", "b", "--output", "\u{1b}[31m\nerror: forged=x"],
        &["--\u{9b}31m"],
    ] {
        let error = sandbox.run(arguments).fails(2);
        let bad = |letter: char| domcaps::render::is_invisible(letter) && letter != '\n';
        assert!(!error.contains(bad), "{arguments:?}: {error}");
        assert!(!error.lines().any(|line| line.starts_with("error: forged")), "{error}");
        assert!(error.contains(r"\u{"), "{arguments:?}: {error}");
    }
}

#[test]
fn a_json_text_is_whole_whatever_the_statement_ends_in() {
    let sandbox = hostile();
    let statement =
        "SELECT CASE WHEN value = 3 THEN json('x{') ELSE value END AS n FROM json_each('[1,2,3]')";
    let run = |format: &str| {
        let output = sandbox.run(&["--db", "d.db", "sql", "--format", format, statement]);
        assert_eq!(output.code, Some(2), "{}", output.stderr);
        output.stdout
    };
    let json: serde_json::Value = serde_json::from_str(&run("json")).unwrap();
    assert_eq!(json["rows"], serde_json::json!([[1], [2]]));
    assert_eq!(run("ndjson").lines().count(), 2, "each line is whole without the others");
}

#[test]
fn two_outputs_of_one_file_are_refused_however_it_is_spelled() {
    let sandbox = hostile();
    std::fs::create_dir(sandbox.path("b")).unwrap();
    std::fs::write(sandbox.path("there"), "x").unwrap();
    std::fs::hard_link(sandbox.path("there"), sandbox.path("link")).unwrap();
    std::os::unix::fs::symlink("a", sandbox.path("soft")).unwrap();
    for (one, other) in [
        ("html=a", "json=./a"),
        ("html=b/../a", "json=a"),
        ("html=there", "json=link"),
        ("html=soft", "json=a"),
    ] {
        let arguments = ["diff", "old.xml", "new.xml", "--output", one, "--output", other];
        let error = sandbox.run(&arguments).fails(2);
        assert!(error.contains("named twice by --output"), "{one} {other}: {error}");
        assert!(sandbox.read("a").is_none() && sandbox.read("there").unwrap() == b"x");
    }
}

#[test]
fn completion_offers_nothing_that_a_shell_would_run() {
    let sandbox = Sandbox::new();
    let hostile = "<features><zz name='$(touch x)'/><zz name='`touch x`'/><zz name=\"a'b\"/><zz name='ok'/></features>";
    sandbox.write("a.xml", document().replace("<features>", &hostile.replace("</features>", "")));
    sandbox.run(&["--db", "d.db", "import", "--host", "a", "a.xml"]).ok();
    let complete = |line: &str, raw: &[&str]| {
        sandbox.run(&[&["--db", "d.db", "complete", "--line", line], raw].concat()).ok()
    };
    let line = "domcaps --db d.db show a features.zz";
    assert_eq!(complete(line, &["--raw"]), "features.zz\\[ok\\]\n");
    assert_eq!(complete(line, &[]), "features.zz[ok]\n", "zsh and fish quote it themselves");
    assert_eq!(complete("domcaps --db d.db show a 'features.zz", &["--raw"]), "features.zz[ok]\n");
}

#[test]
fn all_json_is_written_through_the_one_list() {
    let mut open = vec![crate::support::root().join("src")];
    let mut written = 0;
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for line in text.lines().filter(|line| {
            [
                "to_writer(",
                "to_writer_pretty(",
                "Serializer::with_formatter(",
                "serde_json::Serializer::new(",
            ]
            .iter()
            .any(|call| line.contains(call))
        }) {
            written += 1;
            assert!(line.contains("VisibleJson::new("), "{}: {line}", path.display());
        }
    }
    assert!(written > 5, "what is looked for is there");
}

#[test]
fn lines_for_the_journal_have_a_priority_and_others_have_none() {
    let sandbox = Sandbox::with_demo();
    let path = sandbox.path("stderr");
    let said = |arguments: &[&str], is_journal: bool| {
        let file = std::fs::File::create(&path).unwrap();
        let there = file.metadata().unwrap();
        let ino = there.ino() + u64::from(!is_journal);
        let mut command = sandbox.command(&[&["--db", "demo.db"], arguments].concat());
        command.env("JOURNAL_STREAM", format!("{}:{ino}", there.dev())).stderr(file);
        command.stdout(std::process::Stdio::null()).status().unwrap();
        std::fs::read_to_string(&path).unwrap()
    };
    let journal = said(&["show", "nobody"], true);
    assert!(journal.starts_with("<3>error: ") && journal.contains("\n<6>hint: "), "{journal}");
    let warning = said(&["query", "disk.bus = virtoi"], true);
    assert!(warning.starts_with("<4>warning: "), "{warning}");
    let other = said(&["show", "nobody"], false);
    assert!(other.starts_with("error: ") && other.contains("\nhint: "), "{other}");
}
