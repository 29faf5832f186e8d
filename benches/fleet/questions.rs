//! Questions about a fleet, each as a process of its own.

use std::path::Path;
use std::process::{Command, Stdio};

use domcaps::model::Time;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::common::{memory, spread, time};

pub(crate) const DOMCAPS: &str = env!("CARGO_BIN_EXE_domcaps");

/// Asks everything in turn, and prints and gives what came of it.
pub(crate) fn ask(file: &Path, rounds: usize) -> Vec<Value> {
    let questions = questions(file);
    let mut times = vec![Vec::new(); questions.len()];
    let refusals: Vec<Option<String>> =
        questions.iter().map(|question| refusal(file, question)).collect();
    for _ in 0..rounds {
        for ((question, refusal), times) in questions.iter().zip(&refusals).zip(&mut times) {
            if refusal.is_none() {
                times.push(time(&mut command(file, question)));
            }
        }
    }
    println!("milliseconds: median (least to most); memory");
    let mut answers = Vec::new();
    for ((question, refusal), times) in questions.iter().zip(refusals).zip(times) {
        let line = question.join(" ");
        if let Some(why) = refusal {
            println!("  {line:75} {why}");
            answers.push(json!({ "command": line, "refused": why }));
            continue;
        }
        let [least, median, most] = spread(times).map(|seconds| seconds * 1000.0);
        let memory = memory(&mut command(file, question));
        println!("  {line:75} {median:>7.1} ({least:.1} to {most:.1})  {:>5.1} MB", memory / 1e6);
        answers.push(json!({ "command": line, "median_ms": median, "least_ms": least,
            "most_ms": most, "peak_bytes": memory }));
    }
    answers
}

/// What is asked: of two hosts with different CPUs, the first of which changed most.
fn questions(file: &Path) -> Vec<Vec<String>> {
    let connection = Connection::open(file).unwrap();
    let text = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
    let first = text(
        "SELECT name FROM host_snapshot s JOIN host USING (host_id)
         JOIN context USING (context_id) WHERE is_change = 1
         GROUP BY name ORDER BY cpu LIKE '%model 85 %' DESC, count(*) DESC, name LIMIT 1",
    );
    let second = text(&format!(
        "SELECT h.name FROM host_latest l JOIN host h USING (host_id) JOIN context USING (context_id)
         WHERE cpu <> (SELECT cpu FROM host_latest JOIN host USING (host_id)
                       JOIN context USING (context_id) WHERE name = '{first}')
         ORDER BY h.name LIMIT 1"
    ));
    let newest: i64 = connection
        .query_row("SELECT max(newest_at) FROM host_latest", [], |row| row.get(0))
        .unwrap();
    let since = Time::from_milliseconds(newest - 30 * 24 * 60 * 60 * 1000).to_string();
    let path = "cpu.mode[custom].model[Skylake-Server].usable";
    [
        &["query", "disk.bus = nvme"][..],
        &["query", "model[EPYC-Milan].usable = yes and not graphics.type = spice"],
        &["diff", &first, &second],
        &["history", &first, path],
        &["fleet", "cohorts"],
        &["fleet", "common"],
        &["changes", "--since", &since[..10]],
        &["last"],
        &["hosts"],
    ]
    .into_iter()
    .map(|words| words.iter().map(|&word| word.to_owned()).collect())
    .collect()
}

fn command(file: &Path, question: &[String]) -> Command {
    let mut command = Command::new(DOMCAPS);
    command.arg("--db").arg(file).args(question).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Why a question cannot be asked, where it cannot.
fn refusal(file: &Path, question: &[String]) -> Option<String> {
    let output = command(file, question).stderr(Stdio::piped()).output().unwrap();
    if output.status.success() {
        return None;
    }
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let why = errors.lines().next().unwrap_or("no reason given");
    let is_unknown = why.contains("unrecognized subcommand");
    Some(if is_unknown { "not there yet".to_owned() } else { why.to_owned() })
}
