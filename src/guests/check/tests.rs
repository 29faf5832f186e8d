use super::*;
use crate::guests::testing::{
    bundled, capabilities, cpu_document, document, guest, guest_of, host,
};
use crate::guests::verdict::Answer;
use crate::model::Need;

const SOME: &str = "<vcpu max='8'/><devices><disk supported='yes'/></devices>";
const MACHINES: &str = "<machine canonical='m'>alias</machine><machine deprecated='yes'>m</machine>\
    <machine>unasked</machine>";

fn with_list() -> (Contents, Side) {
    let mut contents = Contents::default();
    let side = host(&mut contents, &[document(SOME), capabilities(MACHINES)]);
    (contents, side)
}

/// The answer, and the first reason.
fn answer(guest: &Guest, of: &(Contents, Side)) -> (Answer, String) {
    let verdict = check(guest, &of.1, &of.0).unwrap();
    let first = verdict.reasons.first();
    (verdict.answer, first.map(|it| format!("{}: {}", it.element, it.text)).unwrap_or_default())
}

#[test]
fn a_machine_is_there_by_its_name_and_by_its_alias() {
    let side = with_list();
    for machine in ["m", "alias"] {
        let verdict = check(&guest_of(machine, ""), &side.1, &side.0).unwrap();
        assert_eq!((verdict.answer, verdict.reasons.len()), (Answer::Yes, 0), "{machine}");
        assert_eq!(verdict.target.unwrap().machine, "m");
    }
    let verdict = check(&guest(""), &side.1, &side.0).unwrap();
    assert_eq!(verdict.notes, ["machine type m is deprecated"]);
}

#[test]
fn what_a_complete_list_does_not_hold_is_not_there() {
    let side = with_list();
    let no = |text: &str| (Answer::No, text.to_owned());
    let gone = "os/type machine=gone: the host has no machine type gone";
    assert_eq!(answer(&guest_of("gone", ""), &side), no(gone));
    let mut tcg = guest("");
    tcg.virttype = "qemu".to_owned();
    assert_eq!(answer(&tcg, &side), no("domain type=qemu: the host has no qemu for x86_64"));
    let mut arm = guest("");
    arm.arch = Some("aarch64".to_owned());
    let arch = "os/type arch=aarch64: the host has no emulator for aarch64";
    assert_eq!(answer(&arm, &side), no(arch));
    let unasked = answer(&guest_of("unasked", ""), &side);
    assert_eq!(unasked.0, Answer::Unknown);
    assert!(unasked.1.ends_with("x86_64/kvm/unasked is listed and was not asked"), "{unasked:?}");
}

#[test]
fn without_a_list_what_is_missing_says_nothing() {
    let mut contents = Contents::default();
    let side = host(&mut contents, &[document(SOME)]);
    let side = (contents, side);
    assert_eq!(answer(&guest(""), &side).0, Answer::Yes);
    let gone = answer(&guest_of("gone", ""), &side);
    assert!(gone.0 == Answer::Unknown && gone.1.contains("no machine list"), "{gone:?}");
}

#[test]
fn failures_say_no_or_nothing() {
    let fails_with = |class| {
        let (contents, mut side) = with_list();
        let target = side.observed.outcomes.keys().next().unwrap().clone();
        let message = "said so".to_owned();
        side.observed.outcomes.insert(target, crate::diff::Outcome::Failed { class, message });
        answer(&guest(""), &(contents, side))
    };
    use crate::model::FailureClass::{Refused, Transient, Unsupported};
    assert_eq!(fails_with(Unsupported), (Answer::No, "os/type machine=m: said so".to_owned()));
    assert_eq!(fails_with(Transient).0, Answer::Unknown);
    assert_eq!(fails_with(Refused).0, Answer::Unknown);
}

#[test]
fn of_a_suspect_snapshot_nothing_is_decided() {
    let (contents, mut side) = with_list();
    side.observed.state = State::Suspect;
    let side = (contents, side);
    for guest in [guest(""), guest("<vcpu>9</vcpu>"), guest_of("gone", "")] {
        let verdict = check(&guest, &side.1, &side.0).unwrap();
        assert_eq!(verdict.answer, Answer::Unknown);
        assert!(verdict.reasons.iter().all(|reason| reason.answer == Answer::Unknown));
    }
}

#[test]
fn an_emulator_at_another_path_may_not_be_there() {
    let side = with_list();
    let named = |path: &str| Guest { emulator: Some(path.to_owned()), ..guest("") };
    assert_eq!(answer(&named("/usr/bin/qemu-system-x86_64"), &side).0, Answer::Yes);
    // libvirt starts the very path that the XML names.
    assert_eq!(answer(&named("/usr/local/bin/qemu-system-x86_64"), &side).0, Answer::Unknown);
    let other = answer(&named("/usr/libexec/qemu-kvm"), &side);
    let why = "devices/emulator /usr/libexec/qemu-kvm: the host's document is of /usr/bin/qemu-system-x86_64";
    assert_eq!(other, (Answer::Unknown, why.to_owned()));
}

#[test]
fn several_emulators_are_told_apart() {
    let mut contents = Contents::default();
    let small = document("<vcpu max='2'/><devices><disk supported='yes'/></devices>");
    let small = small.replace("/usr/bin/qemu-system-x86_64", "/opt/qemu-old");
    let side = (host(&mut contents, &[document(SOME), small]), contents);
    let named = |path: &str| Guest { emulator: Some(path.to_owned()), ..guest("<vcpu>4</vcpu>") };
    let answer = |path: &str| answer_of(&named(path), &side.0, &side.1);
    assert_eq!(answer("/usr/bin/qemu-system-x86_64"), Answer::Yes);
    assert_eq!(answer("/opt/qemu-old"), Answer::No);
    assert_eq!(answer("/usr/bin/kvm"), Answer::Unknown);
}

fn answer_of(guest: &Guest, side: &Side, contents: &Contents) -> Answer {
    check(guest, side, contents).unwrap().answer
}

#[test]
fn an_empty_document_decides_nothing() {
    let mut contents = Contents::default();
    let side = host(&mut contents, &[cpu_document("").replace("<disk supported='yes'/>", "")]);
    assert_eq!(answer_of(&guest(""), &side, &contents), Answer::Unknown);
}

/// Every document of the two bundled hosts, with a guest of its target that needs nothing.
fn bundled_guests(contents: &mut Contents) -> Vec<(Side, Vec<Guest>)> {
    let hosts = ["debian-12", "debian-13"].map(|name| bundled(contents, name));
    let guests = |side: Side| {
        let guest = |target: &crate::model::Target| Guest {
            name: "g".to_owned(),
            arch: Some(target.arch.clone()),
            virttype: target.virttype.clone(),
            machine: Some(target.machine.clone()),
            emulator: Some(target.emulator.clone()),
            ..Guest::default()
        };
        let guests = side.documents().map(|(target, _)| guest(target)).collect();
        (side, guests)
    };
    hosts.into_iter().map(guests).collect()
}

#[test]
fn law_a_guest_that_needs_nothing_runs_wherever_its_target_has_a_document() {
    let mut contents = Contents::default();
    for (side, guests) in bundled_guests(&mut contents) {
        assert!(guests.len() > 50);
        for guest in guests {
            assert_eq!(answer_of(&guest, &side, &contents), Answer::Yes, "{guest}");
        }
    }
}

#[test]
fn law_another_need_never_makes_it_better() {
    let mut contents = Contents::default();
    let names = ["windows-11", "old-i440fx", "ovmf-2m", "big-passthrough", "aarch64-virt", "sev"];
    let needs: Vec<Need> = names
        .iter()
        .flat_map(|name| {
            let path = format!("{}/tests/guests/{name}.xml", env!("CARGO_MANIFEST_DIR"));
            crate::parse::guest(&std::fs::read(path).unwrap()).unwrap().needs
        })
        .collect();
    for (side, guests) in bundled_guests(&mut contents) {
        // Documents are much alike: one in 29 shows all kinds.
        for (nth, mut guest) in guests.into_iter().enumerate().filter(|(nth, _)| nth % 29 == 0) {
            let mut worst = Answer::Yes;
            // Five at a time, in another order for each guest; 7 has no factor in common with their number.
            assert!(!needs.len().is_multiple_of(7));
            for at in 0..needs.len().div_ceil(5) {
                for each in at * 5..at * 5 + 5 {
                    guest.needs.push(needs[(nth + each * 7) % needs.len()].clone());
                }
                let answer = answer_of(&guest, &side, &contents);
                assert!(answer <= worst, "{guest}: {:?}", guest.needs.last());
                worst = answer;
            }
        }
    }
}
