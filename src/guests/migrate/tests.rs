use super::*;
use crate::guests::testing::{capabilities, cpu_document, document, guest, guest_of, host};

const MACHINES: &str = "<machine canonical='m'>alias</machine><machine>m</machine>";

/// Two hosts with this document each, and the way from the first to the second.
fn way(guest: &Guest, old: &str, new: &str) -> Verdict {
    let mut contents = Contents::default();
    let host = |contents: &mut Contents, text: &str| {
        host(contents, &[text.to_owned(), capabilities(MACHINES)])
    };
    let (from, to) = (host(&mut contents, old), host(&mut contents, new));
    migrate(guest, &from, &to, &contents).unwrap()
}

/// The answer and every reason's text.
fn said(verdict: &Verdict) -> (Answer, Vec<&str>) {
    (verdict.answer, verdict.reasons.iter().map(|reason| reason.text.as_str()).collect())
}

fn host_model(model: &str, features: &[(&str, &str)], models: &str) -> String {
    let feature =
        |(policy, name): &(&str, &str)| format!("<feature policy='{policy}' name='{name}'/>");
    let features: String = features.iter().map(feature).collect();
    cpu_document(&format!(
        "<mode name='host-model' supported='yes'><model>{model}</model>{features}</mode>\
         <mode name='custom' supported='yes'>{models}</mode>"
    ))
}

#[test]
fn a_plain_guest_moves_both_ways() {
    let plain = document("<vcpu max='8'/><devices><disk supported='yes'/></devices>");
    let small = plain.replace("max='8'", "max='2'");
    let guest = guest("<vcpu>4</vcpu>");
    assert_eq!(said(&way(&guest, &plain, &plain)), (Answer::Yes, vec![]));
    assert_eq!(said(&way(&guest, &plain, &small)), (Answer::No, vec!["vcpu.max is 2"]));
    let back = way(&guest, &small, &plain);
    assert_eq!(said(&back), (Answer::No, vec!["vcpu.max is 2"]));
    assert_eq!(back.reasons[0].element, "on the source: vcpu 4");
}

#[test]
fn an_alias_is_the_machine_that_the_source_has() {
    let mut contents = Contents::default();
    let plain = document("<devices><disk supported='yes'/></devices>");
    let from = host(&mut contents, &[plain.clone(), capabilities(MACHINES)]);
    let moved = "<machine canonical='n'>alias</machine><machine>n</machine>";
    let other = plain.replace(">m<", ">n<");
    let to = host(&mut contents, &[other, capabilities(moved)]);
    let verdict = migrate(&guest_of("alias", ""), &from, &to, &contents).unwrap();
    assert_eq!(said(&verdict), (Answer::No, vec!["the host has no machine type m"]));
}

#[test]
fn passthrough_needs_the_same_cpu_and_is_never_sure() {
    let document = cpu_document("<mode name='host-passthrough' supported='yes'/>");
    let mut contents = Contents::default();
    let from = host(&mut contents, &[document.clone(), capabilities(MACHINES)]);
    let guest = guest("<cpu mode='host-passthrough'/>");
    let mut to = |edit: &dyn Fn(String) -> String| {
        let to = host(&mut contents, &[document.clone(), edit(capabilities(MACHINES))]);
        migrate(&guest, &from, &to, &contents).unwrap()
    };
    let same = to(&|text| text);
    assert_eq!(same.answer, Answer::Unknown);
    assert!(same.reasons[0].text.contains("CPU and microcode are the same"), "{same:?}");
    let other = to(&|text| text.replace("family='25'", "family='26'"));
    // Nothing refuses another family or stepping; another vendor cannot be.
    assert_eq!(other.answer, Answer::Unknown, "{other:?}");
    let stepping = to(&|text| text.replace("stepping='1'", "stepping='2'"));
    assert_eq!(stepping.answer, Answer::Unknown, "{stepping:?}");
    let vendor = to(&|text| text.replace("AMD", "Intel"));
    assert_eq!(vendor.answer, Answer::No, "{vendor:?}");
    let microcode = to(&|text| text.replace("version='7'", "version='8'"));
    assert_eq!(microcode.answer, Answer::Unknown);
    assert!(microcode.reasons[0].text.contains("microcode is 7"), "{microcode:?}");
}

#[test]
fn host_model_takes_the_model_of_the_source_with_it() {
    let guest = guest("<cpu mode='host-model'/>");
    let a = "<model usable='yes'>A</model>";
    let old = host_model("A", &[("require", "x"), ("disable", "y")], a);
    assert_eq!(said(&way(&guest, &old, &old)), (Answer::Yes, vec![]));
    let more = host_model("A", &[("require", "x"), ("require", "z"), ("disable", "y")], a);
    assert_eq!(way(&guest, &old, &more).answer, Answer::Yes);
    let less = said_of(&way(&guest, &more, &old));
    assert_eq!(less, (Answer::Unknown, "whether the host has z is not in its document".to_owned()));
    let lacks = host_model("A", &[("require", "x"), ("disable", "y"), ("disable", "w")], a);
    let why = "the guest has w from the source, and the host lacks it";
    assert_eq!(said(&way(&guest, &old, &lacks)), (Answer::No, vec![why]));
    let other = host_model("B", &[("require", "x")], a);
    // libvirt's version is not known, nor whether its definition of A fits.
    assert_eq!(way(&guest, &old, &other).answer, Answer::Unknown);
    let blocked = "<model usable='no'>A</model><blockers model='A'><feature name='q'/></blockers>";
    let other = host_model("B", &[("require", "x")], blocked);
    assert_eq!(way(&guest, &old, &other).answer, Answer::No);
    let forgiven = blocked.replace("'q'", "'y'");
    let other = host_model("B", &[("require", "x")], &forgiven);
    let forgiven = way(&guest, &old, &other);
    assert_eq!(forgiven.answer, Answer::Unknown, "the guest does without y: {forgiven:?}");
}

/// The way between two hosts of one libvirt, which run this document each.
fn way_of_one_libvirt(guest: &Guest, old: &str, new: &str, edit: impl Fn(&mut Context)) -> Verdict {
    let mut contents = Contents::default();
    let mut host = |text: &str| {
        let mut side = host(&mut contents, &[text.to_owned(), capabilities(MACHINES)]);
        side.observed.context.libvirt = Some("11.3.0".to_owned());
        side
    };
    let (from, mut to) = (host(old), host(new));
    edit(&mut to.observed.context);
    migrate(guest, &from, &to, &contents).unwrap()
}

#[test]
fn a_feature_beyond_the_same_model_is_missing_where_it_is_not_listed() {
    let guest = guest("<cpu mode='host-model'/>");
    let a = "<model usable='yes'>A</model>";
    let more = host_model("A", &[("require", "x"), ("require", "invtsc")], a);
    let less = host_model("A", &[], a);
    let why = "the guest has x from the source, and the host lacks it";
    assert_eq!(said(&way_of_one_libvirt(&guest, &more, &less, |_| ())), (Answer::No, vec![why]));
    assert_eq!(way_of_one_libvirt(&guest, &less, &more, |_| ()).answer, Answer::Yes);
    // invtsc is never part of it: it cannot migrate.
    let clock = host_model("A", &[("disable", "invtsc"), ("require", "x")], a);
    assert_eq!(way_of_one_libvirt(&guest, &more, &clock, |_| ()).answer, Answer::Yes);
}

#[test]
fn equal_content_is_an_equal_answer_whatever_it_leaves_open() {
    let cpu = "<cpu check='full'><model>A</model><feature name='z'/></cpu>";
    let a = host_model("B", &[], "<model usable='yes'>A</model>");
    let of = |edit: &dyn Fn(&mut Context)| way_of_one_libvirt(&guest(cpu), &a, &a, edit).answer;
    assert_eq!(of(&|_| ()), Answer::Yes);
    for edit in [
        (|context: &mut Context| context.libvirt = Some("11.4.0".to_owned())) as fn(&mut Context),
        |context| context.hypervisor = Some("QEMU 10.0.1".to_owned()),
        |context| context.microcode = Some("8".to_owned()),
        |context| context.cpu = None,
    ] {
        assert_eq!(of(&edit), Answer::Unknown);
    }
    let other = host_model("B", &[("require", "q")], "<model usable='yes'>A</model>");
    assert_eq!(way_of_one_libvirt(&guest(cpu), &a, &other, |_| ()).answer, Answer::Unknown);
    // What never migrates does not migrate to its like either.
    let shared = format!("{cpu}<devices><shmem name='s'/></devices>");
    assert_eq!(way_of_one_libvirt(&guest(&shared), &a, &a, |_| ()).answer, Answer::No);
}

fn said_of(verdict: &Verdict) -> (Answer, String) {
    (verdict.answer, verdict.reasons[0].text.clone())
}

#[test]
fn a_secret_guest_moves_nowhere() {
    let guest = guest("<launchSecurity type='sev'/>");
    let sev = |bit: u8| {
        document(&format!(
            "<devices><disk supported='yes'/></devices><features><sev supported='yes'>\
             <cbitpos>{bit}</cbitpos><reducedPhysBits>1</reducedPhysBits></sev></features>"
        ))
    };
    let never = "QEMU refuses to migrate such a guest";
    assert_eq!(said(&way(&guest, &sev(51), &sev(51))), (Answer::No, vec![never]));
    let why = "features.sev.cbitpos is 47 on the source and 51 here";
    assert_eq!(said(&way(&guest, &sev(47), &sev(51))), (Answer::No, vec![why, never]));
}

#[test]
fn a_device_of_the_host_moves_only_where_someone_knows_how() {
    let hostdev = "<devices><hostdev mode='subsystem' type='pci'/></devices>";
    let document = document(
        "<devices><hostdev supported='yes'><enum name='mode'><value>subsystem</value></enum>\
         <enum name='subsysType'><value>pci</value></enum><enum name='pciBackend'><value>default</value>\
         </enum></hostdev></devices>",
    );
    let verdict = way(&guest(hostdev), &document, &document);
    assert_eq!(verdict.answer, Answer::Unknown);
    assert_eq!(verdict.reasons.len(), 1);
    assert_eq!(verdict.reasons[0].element, "devices/hostdev type=pci");
}
