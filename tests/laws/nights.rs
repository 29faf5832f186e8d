//! What stands beside the history is what a walk through it gives, whatever came in whatever order.

use domcaps::model::{Context, FailureClass, HostName, State, Target, Time};
use domcaps::store::{NewOutcome, NewSnapshot, Store};
use proptest::prelude::*;

/// A night's time, how far its snapshot can be trusted, and which of a few contents it has.
fn nights() -> impl Strategy<Value = Vec<(i64, usize, usize)>> {
    proptest::collection::vec((0_i64..30, 0_usize..State::ALL.len(), 0_usize..3), 1..25)
}

fn add(store: &mut Store, (at, state, content): (i64, usize, usize)) {
    let host: HostName = "hv01".parse().unwrap();
    let target = Target { arch: "x86_64".into(), machine: "q35".into(), ..Target::default() };
    let why = ["none", "some", "other"][content];
    let mut writer = store.writer().unwrap();
    let stored = writer.add_snapshot(&NewSnapshot {
        host: &host,
        taken_at: Time::from_milliseconds(at),
        state: State::ALL[state],
        context: &Context::default(),
        machines: None,
        outcomes: vec![(&target, b"", NewOutcome::Failed(FailureClass::Unsupported, why))],
        tags: &[],
        groups: &[],
    });
    // A time that is taken is refused.
    if stored.is_ok() {
        writer.commit().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_newest_and_the_count_are_kept_right(nights in nights()) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::create_or_open(&folder.path().join("d.db")).unwrap();
        for night in &nights {
            add(&mut store, *night);
        }
        let damage = store.check_structure();
        prop_assert!(damage.is_empty(), "{damage:?}");
        let sql = rusqlite::Connection::open(store.path()).unwrap();
        let times: std::collections::BTreeSet<i64> = nights.iter().map(|night| night.0).collect();
        let count: i64 = sql.query_row("SELECT count(*) FROM host_snapshot", [], |row| row.get(0)).unwrap();
        prop_assert_eq!(usize::try_from(count).unwrap(), times.len());
    }
}
