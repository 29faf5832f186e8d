//! `--used-by` and `preflight` give one answer: the laws of verdicts, over the bundled hosts and many guests.

use std::path::Path;

use domcaps::diff::{Scope, snapshots};
use domcaps::guests::{Answer, GuestChecks, GuestImpacts};
use domcaps::model::Guest;
use domcaps::side::{Contents, Side, from_files};

/// The two bundled hosts, and one of them with another libvirt.
fn sides(contents: &mut Contents) -> Vec<Side> {
    let mut side = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(name);
        from_files(contents, &path, &mut std::io::empty()).unwrap()
    };
    let mut newer = side("debian-12");
    newer.observed.context.libvirt = Some("12.0.0".to_owned());
    vec![side("debian-12"), side("debian-13"), newer]
}

/// The guests of this repository, on the machines of both hosts, with one more device or feature each.
fn guests() -> Vec<Guest> {
    const PARTS: [&str; 16] = [
        "",
        "<devices><graphics type='spice'/></devices>",
        "<devices><video><model type='qxl'/></video></devices>",
        "<devices><disk device='disk'><target bus='sata'/></disk></devices>",
        "<devices><disk device='floppy'><target bus='fdc'/></disk></devices>",
        "<devices><tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm></devices>",
        "<devices><watchdog model='itco'/></devices>",
        "<devices><panic model='pvpanic'/></devices>",
        "<devices><sound model='virtio'/></devices>",
        "<devices><emulator>/usr/local/bin/qemu-system-x86_64</emulator></devices>",
        "<vcpu>288</vcpu>",
        "<cpu check='partial'><model fallback='forbid'>qemu64</model></cpu>",
        "<cpu check='full'><model fallback='forbid'>EPYC-Rome</model></cpu>",
        "<cpu check='none'><model>Icelake-Client</model><feature name='avx2'/></cpu>",
        "<cpu mode='host-model'><feature name='vmx' policy='forbid'/></cpu>",
        "<launchSecurity type='sev'/>",
    ];
    let mut guests = Vec::new();
    let machines = [
        "machine='pc-q35-7.2'",
        "machine='pc-i440fx-2.1'",
        "machine='pc-i440fx-10.0'",
        "machine='q35'",
        "",
        "machine='gone'",
    ];
    for kind in ["qemu", "kvm"] {
        for machine in machines {
            for part in PARTS {
                let os = format!("<os><type arch='x86_64' {machine}>hvm</type></os>");
                let text = format!("<domain type='{kind}'>{os}{part}</domain>");
                guests.push(domcaps::parse::guest(text.as_bytes()).unwrap());
            }
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests");
    guests.extend(
        domcaps::guests::read(&[folder], &mut std::io::empty())
            .guests
            .into_iter()
            .map(|it| it.guest),
    );
    guests
}

#[test]
fn a_change_hits_a_guest_where_its_verdict_became_worse() {
    let mut contents = Contents::default();
    let sides = sides(&mut contents);
    let guests = guests();
    assert!(guests.len() > 190);
    let mut checks = GuestChecks::new(&guests);
    let verdicts: Vec<_> =
        sides.iter().map(|side| checks.check(side, &contents).unwrap()).collect();
    let (mut broken, mut doubted) = (0, 0);
    for (old, old_verdicts) in sides.iter().zip(&verdicts) {
        for (new, new_verdicts) in sides.iter().zip(&verdicts) {
            let compare = |old: &_, new: &_| contents.compare(old, new, Scope::default());
            let mut changes = snapshots(&old.observed, &new.observed, compare).unwrap().changes;
            let impacts = GuestImpacts::new(&guests, [old, new], &contents).unwrap();
            let untold = impacts.untold(&changes);
            changes.extend(untold);
            let mut worst = vec![Answer::Yes; guests.len()];
            for change in &changes {
                for hit in impacts.of(change) {
                    worst[hit.guest] = worst[hit.guest].min(hit.answer);
                }
            }
            for (number, guest) in guests.iter().enumerate() {
                let ways = (old_verdicts[number].answer, new_verdicts[number].answer);
                let hit = worst[number];
                let text = format!("{guest} {:?}: {ways:?}, {hit:?}", guest.needs);
                match ways {
                    (Answer::Yes | Answer::Unknown, Answer::No) => {
                        broken += 1;
                        assert_eq!(hit, Answer::No, "{text}");
                    }
                    (Answer::Yes, Answer::Unknown) => {
                        doubted += 1;
                        assert_eq!(hit, Answer::Unknown, "{text}");
                    }
                    (Answer::Yes, Answer::Yes) => assert_eq!(hit, Answer::Yes, "{text}"),
                    _ => {}
                }
                let is_unjudged = impacts.unjudged().contains(&number);
                assert!(!is_unjudged || hit == Answer::Yes && ways.1 == Answer::Unknown, "{text}");
            }
        }
    }
    assert!(broken > 10 && doubted > 3, "{broken} broken, {doubted} doubted");
}
