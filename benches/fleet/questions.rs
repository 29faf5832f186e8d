//! Questions about a fleet, each as a process of its own.

use std::path::Path;
use std::process::{Command, Stdio};

use domcaps::model::Time;
use rusqlite::Connection;

use super::common::{memory, time};

/// Done, or done but for hosts that are silent: the simulated fleets have some that are gone for good.
const ANSWERED: [i32; 2] = [0, 3];

pub(crate) const DOMCAPS: &str = env!("CARGO_BIN_EXE_domcaps");

/// In milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// What came of a question.
pub(crate) struct Answer {
    /// The question as it would be typed.
    pub(crate) line: String,
    /// Seconds of each round and the most memory; or why it cannot be asked.
    pub(crate) figures: Result<(Vec<f64>, f64), String>,
}

/// Asks everything of several databases in turn. The answers of each database, in the same order; the times at
/// the same place are of the same round.
pub(crate) fn ask(files: &[&Path], rounds: usize) -> Vec<Vec<Answer>> {
    let asked = |file| questions(file).into_iter().map(|it| Asked::new(file, it)).collect();
    let mut all: Vec<Vec<Asked<'_>>> = files.iter().map(|file| asked(*file)).collect();
    let questions = all.iter().map(Vec::len).max().unwrap_or(0);
    for _ in 0..rounds {
        for at in 0..questions {
            all.iter_mut().for_each(|of_file| of_file[at].again());
        }
    }
    all.into_iter().map(|of_file| of_file.into_iter().map(Asked::answer).collect()).collect()
}

/// A question of one database, with what is known so far.
struct Asked<'f> {
    file: &'f Path,
    question: Vec<String>,
    refusal: Option<String>,
    times: Vec<f64>,
}

impl<'f> Asked<'f> {
    fn new(file: &'f Path, question: Vec<String>) -> Self {
        let refusal = refusal(file, &question);
        Self { file, question, refusal, times: Vec::new() }
    }

    fn again(&mut self) {
        if self.refusal.is_none() {
            self.times.push(time(&mut command(self.file, &self.question), &ANSWERED));
        }
    }

    fn answer(self) -> Answer {
        let Self { file, question, refusal, times } = self;
        let figures = match refusal {
            Some(why) => Err(why),
            None => Ok((times, memory(&mut command(file, &question)))),
        };
        Answer { line: question.join(" "), figures }
    }
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
    let night = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let newest = night("SELECT max(newest_at) FROM host_latest");
    // Not the first night: to have been asked for the first time is a change of every host.
    let second_night = night("SELECT min(taken_at) FROM host_snapshot") + DAY;
    let since = Time::from_milliseconds((newest - 30 * DAY).max(second_night)).to_string();
    let path = "cpu.mode[custom].model[Skylake-Server].usable";
    [
        &["query", "disk.bus = nvme"][..],
        &["query", "model[EPYC-Milan].usable = yes and not graphics.type = spice"],
        &["diff", &first, &second],
        &["history", &first, path],
        &["fleet", "cohorts"],
        &["fleet", "common"],
        &["fleet", "outliers"],
        &["fleet", "matrix", "disk.bus"],
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
    if output.status.code().is_some_and(|code| ANSWERED.contains(&code)) {
        return None;
    }
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let why = errors.lines().next().unwrap_or("no reason given");
    let is_unknown = why.contains("unrecognized subcommand");
    Some(if is_unknown { "not there yet".to_owned() } else { why.to_owned() })
}
