//! A night of unchanged hosts, below the hashing of their bytes.

use crate::bench::Bench;
use crate::figure::Unit;
use crate::history::{Night, make, unchanged_night};
use crate::row::{Goal, Row};

pub(crate) fn run(bench: &mut Bench) {
    let hosts = bench.arguments.fleet_hosts.iter().copied().max().unwrap_or(1);
    let nights = bench.arguments.fleet_nights.iter().copied().min().unwrap_or(1);
    let folder = bench.arguments.folder.clone();
    let fleet = folder.join(format!("fleet-{hosts}-{nights}.db"));
    make(&fleet, (hosts, nights));
    bench.fresh("copy.db");
    let night = || unchanged_night(&fleet, (hosts, nights), &folder);
    let rounds = bench.arguments.rounds;
    let all: Result<Vec<Night>, String> = (0..rounds).map(|_| night()).collect();
    let all = match all {
        Ok(all) => all,
        Err(why) => return bench.report.left_out("one more night", &why),
    };
    let rate = |seconds: fn(&Night) -> f64| {
        all.iter().map(|night| night.hosts as f64 / seconds(night)).collect::<Vec<_>>()
    };
    let what = format!("one more night of {hosts} hosts");
    let row = Row::new(what, Unit::HostsPerSecond, &rate(|night| night.closed));
    bench.report.row(row.goal(Goal::Over(20_000.0)));
    let row = Row::new("the same, to the commit", Unit::HostsPerSecond, &rate(|it| it.committed));
    bench.report.row(row);
    let bytes: Vec<f64> = all.iter().map(|it| it.grown as f64 / it.hosts as f64).collect();
    bench.report.row(Row::new("database, each host", Unit::Bytes, &bytes));
    let logs: Vec<f64> = all.iter().map(|it| it.log as f64).collect();
    bench.report.row(Row::new("log at the commit", Unit::Bytes, &logs));
}
