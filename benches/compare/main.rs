//! domcaps beside what people do without it, each pair in turn in one run. What it compares with it builds:
//!
//! ```console
//! cargo bench --bench compare
//! cargo bench --bench compare -- --only walk,diff-files --rounds 31
//! ```
//!
//! The table of issue 6's targets comes out, as text and as JSON, with the machine and the versions. The members of
//! a comparison run in turn, A B, B A, A B …: single figures mean little on a machine that does other things too,
//! ratios of neighbours do. `--help` says the rest.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a benchmark may panic, prints what it measured, and times it"
)]

use std::process::ExitCode;

#[path = "../common/mod.rs"]
mod common;
#[path = "../../tests/libvirt/daemon.rs"]
mod daemon;
#[path = "../fleet/history.rs"]
mod history;
#[path = "../collect/host.rs"]
mod host;
#[path = "../fleet/questions.rs"]
mod questions;
#[path = "../../examples/simulate-fleet/simulator/mod.rs"]
mod simulator;

mod arguments;
mod bench;
mod corpus;
mod figure;
mod git;
mod machine;
mod measure;
mod python;
mod report;
mod row;
mod sections;
mod tree;

use arguments::{Arguments, Asked};
use bench::Bench;

fn main() -> ExitCode {
    match Arguments::parse(std::env::args().skip(1)) {
        Ok(Asked::Help) => print!("{}", arguments::usage()),
        Ok(Asked::Run(arguments)) => {
            let mut bench = Bench::new(arguments);
            for (name, run) in sections::ALL {
                if bench.arguments.wants(name) {
                    eprintln!("{name}");
                    bench.report.begin(name);
                    run(&mut bench);
                    // Whatever happens to the next one.
                    bench.save();
                }
            }
            print!("\n{}", bench.report.text());
        }
        Err(why) => {
            eprintln!("compare: {why}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
