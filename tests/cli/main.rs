//! Behaviour at the command line: the real program, in a folder and an environment of its own.
//!
//! Expected output stands in `tests/expected`; `INSTA_UPDATE=always cargo test --test cli` writes it
//! anew, and the difference is then to be read.

#![expect(clippy::unwrap_used, reason = "a failed test may panic, and says what it read")]

mod bad_input;
mod channels;
mod check;
mod collect;
mod collect_faults;
mod collect_fleet;
mod demo;
mod derived;
mod diff;
mod export;
mod faults;
mod first_hour;
mod fleet;
mod forget;
mod formats;
mod freshness;
mod help;
mod history;
mod import;
mod judging;
mod kinds;
mod layering;
mod listings;
mod lists;
mod metrics;
mod migrate;
mod notify;
mod observe;
mod older;
mod one_qemu;
mod plan;
mod preflight;
mod preflight_many;
mod prune;
mod query;
mod readme;
mod release;
mod report;
mod rules;
mod show;
mod side_by_side;
mod small_disk;
mod sql;
mod storm;
mod support;
mod upkeep;
mod views;

#[test]
fn every_file_of_this_folder_is_in_the_list_above() {
    let main = include_str!("main.rs");
    for file in std::fs::read_dir(support::root().join("tests/cli")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        assert!(module == "main" || main.contains(&format!("mod {module};")), "{name} is not run");
    }
}
