//! The laws of questions about a fleet.

use domcaps::fleet::{Can, Cohorts, Common, FactKind, Matrix, Offers};
use domcaps::model::{Capabilities, HOST_UNIQUE, Value, ancestors};
use domcaps::store::Store;
use proptest::prelude::*;

use crate::documents::{self, render};
use crate::{capabilities, store_document};

/// Whether a document says this, in whatever form.
fn says(all: &Capabilities, path: &str, value: Option<&str>) -> bool {
    match (all.get(path), value) {
        (Some(Value::Set(members) | Value::List(members)), Some(value)) => members.contains(value),
        (Some(Value::Number(number)), Some(value)) => number.to_string() == value,
        (Some(Value::Text(text)), Some(value)) => text == value,
        (Some(Value::Support(yes)), None) => yes,
        (Some(Value::Text(usable)), None) => usable == "yes",
        (Some(Value::Null), None) => true,
        _ => false,
    }
}

/// Whether a document says no to something at or above a path.
fn is_denied(all: &Capabilities, path: &str) -> bool {
    all.iter().any(|(above, value)| {
        let is_no = matches!(value, Value::Support(false))
            || (above.ends_with("].usable") && value == Value::Text("no"));
        is_no && ancestors(path).any(|each| each == above)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cohorts_part_the_hosts_and_what_is_common_is_each_host_s((one, other) in documents::pair(), third in documents::any()) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::create_or_open(&folder.path().join("f.db")).unwrap();
        let texts = [render(&one), render(&other), render(&one), render(&third)];
        let hosts = ["h1", "h2", "h3", "h4"];
        for (host, text) in hosts.iter().zip(&texts) {
            store_document(&mut store, host, text);
        }
        let latest = store.latest_of_all(None).unwrap();
        let cohorts = Cohorts::of(&store, latest).unwrap();
        let mut members: Vec<&str> =
            cohorts.cohorts.iter().flat_map(|it| it.hosts.iter().map(|host| host.as_str())).collect();
        members.sort_unstable();
        prop_assert_eq!(members, hosts);
        let cohort_of = |host: &str| {
            cohorts.cohorts.iter().position(|it| it.hosts.iter().any(|each| each.as_str() == host)).unwrap()
        };
        prop_assert_eq!(cohort_of("h1"), cohort_of("h3"));

        let mut offers = Offers::read(&store, &cohorts, &[]).unwrap();
        let documents: Vec<Capabilities> = texts.iter().map(|text| capabilities(text)).collect();
        for (host, all) in hosts.iter().zip(&documents) {
            let cohort = cohort_of(host);
            for (number, fact) in offers.facts.iter().filter(|(_, fact)| fact.kind != FactKind::Machine) {
                for family in offers.of[cohort].keys() {
                    let can = offers.can(cohort, family, number);
                    let value = fact.value.as_deref();
                    prop_assert_eq!(can == Can::Yes, says(all, &fact.path, value), "{:?} of {}", fact, host);
                    let is_model = fact.kind == FactKind::Usable;
                    // What is merely there, or supported, says nothing of a value.
                    let is_bare = matches!(all.get(&fact.path), None | Some(Value::Null | Value::Support(true)));
                    let is_said = !is_bare || is_denied(all, &fact.path);
                    if can == Can::No && !is_model {
                        prop_assert!(is_said, "absent is not no: {:?} of {}", fact, host);
                    }
                    if can == Can::Unreported && !is_model {
                        prop_assert!(!is_said, "it is said: {:?} of {}", fact, host);
                    }
                }
            }
            for (path, _) in all.iter().filter(|(path, _)| HOST_UNIQUE.contains(path)) {
                prop_assert!(offers.facts.paths().all(|known| known != path));
            }
        }

        let common = Common::of(&cohorts, &offers, false);
        for family in &common.families {
            for all in &documents {
                for (path, members) in &family.offered {
                    prop_assert!(all.get(path).is_some());
                    for member in members {
                        prop_assert!(says(all, path, Some(member)), "{} {}", path, member);
                    }
                }
                for image in &family.images {
                    prop_assert!(all.iter().any(|(path, _)| says(all, path, Some(image))));
                }
                for model in &family.models {
                    let path = format!("cpu.mode[custom].model[{}].usable", domcaps::model::escape_key(model));
                    prop_assert!(says(all, &path, None), "{}", path);
                }
            }
        }
        // Rows by host are the rows by cohort.
        let asked: Vec<String> = offers.facts.paths().take(3).map(str::to_owned).collect();
        let by_cohort = Matrix::of(&cohorts, &mut offers, &asked, false);
        let by_host = Matrix::of(&cohorts, &mut offers, &asked, true);
        if let (Ok(by_cohort), Ok(by_host)) = (by_cohort, by_host) {
            for row in &by_host.rows {
                let cohort = by_cohort.rows.iter().find(|it| it.hosts.contains(&row.hosts[0])).unwrap();
                prop_assert_eq!(&row.cells, &cohort.cells);
            }
        }
    }
}
