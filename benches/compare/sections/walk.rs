//! A document into capabilities, beside quick-xml's events on the same bytes with nothing done about them.

use std::hint::black_box;

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::bench::Bench;
use crate::figure::Unit;
use crate::measure::{Member, in_turn, seconds};
use crate::row::{Goal, Row};

/// Passes over the corpus in a round, so that a round is over no sooner than the clock ticks.
const PASSES: usize = 5;

pub(crate) fn run(bench: &mut Bench) {
    let corpus = &bench.corpus;
    let each = || corpus.documents.iter().map(|document| document.text.as_bytes());
    let walk = || {
        for bytes in each() {
            black_box(domcaps::parse::document(black_box(bytes)).unwrap());
        }
    };
    let events = |without_indentation| {
        for bytes in each() {
            black_box(count_events(black_box(bytes), without_indentation));
        }
    };
    let rounds = bench.arguments.rounds;
    let [walks, loops, fewer] = in_turn([
        Member::light(rounds, || seconds(|| (0..PASSES).for_each(|_| walk()))),
        Member::light(rounds, || seconds(|| (0..PASSES).for_each(|_| events(false)))),
        Member::light(rounds, || seconds(|| (0..PASSES).for_each(|_| events(true)))),
    ]);
    let megabytes = (corpus.bytes() * PASSES) as f64 / 1e6;
    let rate = |times: Vec<f64>| times.iter().map(|time| megabytes / time).collect::<Vec<_>>();
    let walks = rate(walks);
    let row = || Row::new("document into capabilities", Unit::MegabytesPerSecond, &walks);
    bench.report.row(row().beside("quick-xml events", &rate(loops)).goal(Goal::Times(2.0)));
    // As domcaps reads, which makes no event for indentation.
    bench.report.row(row().beside("... without indentation", &rate(fewer)));
}

fn count_events(bytes: &[u8], without_indentation: bool) -> usize {
    let mut reader = Reader::from_reader(bytes);
    reader.config_mut().trim_text_start = without_indentation;
    let mut count = 0;
    while !matches!(black_box(reader.read_event().unwrap()), Event::Eof) {
        count += 1;
    }
    count
}
