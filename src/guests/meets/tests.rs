use super::*;
use crate::guests::testing::{cpu_document, document, guest};
use crate::guests::verdict::Answer;
use crate::model::Guest;

/// What a document says to all that a guest needs, worst first: the answer and the path.
fn said(guest: &Guest, text: &str) -> Vec<(Answer, String)> {
    said_with(guest, text, None)
}

fn said_with(guest: &Guest, text: &str, flags: Option<&str>) -> Vec<(Answer, String)> {
    said_by(guest, text, flags, None)
}

fn said_by(
    guest: &Guest,
    text: &str,
    flags: Option<&str>,
    libvirt: Option<Version>,
) -> Vec<(Answer, String)> {
    let read = crate::parse::document(text.as_bytes()).unwrap();
    let document = Document::new(&read.capabilities, flags, None).of_libvirt(libvirt);
    let unmet = guest.needs.iter().filter_map(|need| document.unmet(need));
    unmet.map(|reason| (reason.answer, reason.text)).collect()
}

fn no(text: &str) -> Vec<(Answer, String)> {
    vec![(Answer::No, text.to_owned())]
}

fn unknown(text: &str) -> Vec<(Answer, String)> {
    vec![(Answer::Unknown, text.to_owned())]
}

#[test]
fn a_member_is_there_not_there_or_not_reported() {
    let guest = guest("<devices><disk><target bus='ide'/></disk></devices>");
    let disk = |inside: &str| document(&format!("<devices><disk {inside}</disk></devices>"));
    let bus = |values: &str| disk(&format!("supported='yes'><enum name='bus'>{values}</enum>"));
    assert_eq!(said(&guest, &bus("<value>ide</value><value>fdc</value>")), []);
    let without = "devices.disk.bus has no ide, but fdc, scsi";
    assert_eq!(said(&guest, &bus("<value>scsi</value><value>fdc</value>")), no(without));
    assert_eq!(said(&guest, &bus("")), no("devices.disk.bus is empty"));
    assert_eq!(said(&guest, &disk("supported='no'>")), no("devices.disk is not supported"));
    let silent = unknown("devices.disk.bus is not reported");
    assert_eq!(said(&guest, &disk("supported='yes'>")), silent);
    assert_eq!(said(&guest, &document("")), silent);
}

#[test]
fn what_libvirt_could_always_do_is_no_question_until_it_is_reported() {
    let guest = guest("<devices><console type='pty'/></devices>");
    let console =
        |inside: &str| document(&format!("<devices><console {inside}</console></devices>"));
    assert_eq!(said(&guest, &document("")), []);
    assert_eq!(said(&guest, &console("supported='no'>")), no("devices.console is not supported"));
    let others = console("supported='yes'><enum name='type'><value>null</value></enum>");
    assert_eq!(said(&guest, &others), no("devices.console.type has no pty, but null"));
}

#[test]
fn counts_and_support() {
    let guest = guest("<vcpu>8</vcpu><genid/>");
    let with = |max: &str| document(&format!("{max}<features><genid supported='yes'/></features>"));
    assert_eq!(said(&guest, &with("<vcpu max='8'/>")), []);
    assert_eq!(said(&guest, &with("<vcpu max='7'/>")), no("vcpu.max is 7"));
    assert_eq!(said(&guest, &with("")), unknown("vcpu.max is not reported"));
    let read = crate::parse::document(with("").as_bytes()).unwrap();
    let listed = Document::new(&read.capabilities, None, Some(16));
    assert!(guest.needs.iter().all(|need| listed.unmet(need).is_none()), "the list knows");
}

#[test]
fn another_capability_speaks_where_the_first_is_silent() {
    let guest = guest("<launchSecurity type='sev'/>");
    let features = |inside: &str| document(&format!("<features>{inside}</features>"));
    assert_eq!(said(&guest, &features("<sev supported='yes'/>")), []);
    assert_eq!(
        said(&guest, &features("<sev supported='no'/>")),
        no("features.sev is not supported")
    );
    let first = "<sev supported='yes'/><launchSecurity supported='no'/>";
    assert_eq!(said(&guest, &features(first)), no("features.launchSecurity is not supported"));
    let silent = unknown("features.launchSecurity.sectype is not reported");
    assert_eq!(said(&guest, &features("")), silent);
}

#[test]
fn images_are_listed_elsewhere_or_not_at_all() {
    let loader = |path: &str| guest_with_loader(path);
    let lists = |value: &str| {
        document(&format!(
            "<os supported='yes'><loader supported='yes'>{value}<enum name='type'>\
            <value>pflash</value></enum></loader></os>"
        ))
    };
    let listed = lists("<value>/usr/share/OVMF/A.fd</value>");
    assert_eq!(said(&loader("/usr/share/OVMF/A.fd"), &listed), []);
    let why = "os.loader.value lists /usr/share/OVMF/A.fd, which may be the same image";
    assert_eq!(said(&loader("/usr/share/edk2/A.fd"), &listed), unknown(why));
    let why = "os.loader.value does not list it; the file may be there all the same";
    for path in ["/opt/B.fd", "/usr/share/OVMF/B.fd"] {
        assert_eq!(said(&loader(path), &listed), unknown(why));
    }
}

fn guest_with_loader(path: &str) -> Guest {
    let text =
        format!("<domain type='kvm'><os><loader type='pflash'>{path}</loader></os></domain>");
    crate::parse::guest(text.as_bytes()).unwrap()
}

const MODELS: &str = "<mode name='custom' supported='yes'><model usable='yes'>A</model>\
    <model usable='no'>B</model><blockers model='B'><feature name='hle'/><feature name='rtm'/></blockers>\
    <model usable='no'>C</model><model usable='unknown'>D</model></mode>";

#[test]
fn a_model_is_usable_but_for_what_the_guest_does_without() {
    let document = cpu_document(MODELS);
    let model = |name: &str, check: &str, features: &[&str]| {
        let off = |name: &&str| format!("<feature policy='disable' name='{name}'/>");
        let off: String = features.iter().map(off).collect();
        let model = format!("<model fallback='forbid'>{name}</model>");
        guest(&format!("<cpu mode='custom' {check}>{model}{off}</cpu>"))
    };
    // An older libvirt compares its own definition; a newer one believes QEMU.
    let older = said_by(&model("A", "", &[]), &document, None, Some((9, 0, 0)));
    assert_eq!((older.len(), older[0].0), (1, Answer::Unknown));
    assert_eq!(said(&model("A", "", &[]), &document).len(), 1, "of an unknown version");
    let said = |guest: &Guest, text: &str| said_by(guest, text, None, Some((11, 3, 0)));
    assert_eq!(said(&model("A", "", &[]), &document), []);
    assert_eq!(said(&model("A", "match='strict'", &[]), &document)[0].0, Answer::Unknown);
    assert_eq!(said(&model("A", "check='full'", &[]), &document)[0].0, Answer::Unknown);
    assert_eq!(said(&model("A", "match='strict' check='none'", &[]), &document), []);
    let lacks = "the host cannot use it: it lacks hle, rtm";
    assert_eq!(said(&model("B", "", &[]), &document), no(lacks));
    assert_eq!(
        said(&model("B", "", &["hle"]), &document),
        no("the host cannot use it: it lacks rtm")
    );
    // Without what is missing, it is libvirt's own definition that counts.
    let forgiven = said(&model("B", "", &["hle", "rtm"]), &document);
    assert_eq!((forgiven.len(), forgiven[0].0), (1, Answer::Unknown));
    let own = document.replace(
        "<mode name='custom'",
        "<mode name='host-model' supported='yes'><model>B</model></mode><mode name='custom'",
    );
    assert_eq!(said(&model("B", "", &["hle", "rtm"]), &own), []);
    assert_eq!(said(&model("B", "", &[]), &own)[0].0, Answer::Unknown, "the host's own model");
    let left_out = document.replace("'hle'", "'ss'").replace("'rtm'", "'xsaves'");
    assert_eq!(said(&model("B", "", &[]), &left_out)[0].0, Answer::Unknown);
    let emulated = |check: &str| {
        let text = format!("<domain type='qemu'><cpu {check}><model>B</model></cpu></domain>");
        said(&crate::parse::guest(text.as_bytes()).unwrap(), &document)
    };
    assert_eq!(emulated(""), []);
    assert_eq!(emulated("check='partial'")[0].0, Answer::Unknown);
    let allowed = guest("<cpu><model>E</model></cpu>");
    assert_eq!(said(&allowed, &document)[0].0, Answer::Unknown, "fallback='allow' is the default");
    let unchecked = said(&model("B", "check='none'", &[]), &document);
    assert_eq!(unchecked[0].0, Answer::Unknown, "{unchecked:?}");
    assert_eq!(said(&model("C", "", &[]), &document), no("the host cannot use it"));
    assert_eq!(said(&model("C", "", &["hle"]), &document)[0].0, Answer::Unknown);
    assert_eq!(said(&model("D", "", &[]), &document)[0].0, Answer::Unknown);
    assert_eq!(said(&model("E", "", &[]), &document), no("cpu.mode[custom].model has no E"));
    let none = cpu_document("<mode name='custom' supported='no'/>");
    assert_eq!(said(&model("A", "", &[]), &none), no("cpu.mode[custom] is not supported"));
}

#[test]
fn features_are_known_in_part() {
    let cpu = format!(
        "<mode name='host-model' supported='yes'><model>A</model><feature policy='require' name='x'/>\
         <feature policy='disable' name='y'/></mode>{MODELS}"
    );
    let document = cpu_document(&cpu);
    let feature = |policy: &str, name: &str| {
        guest(&format!("<cpu><feature policy='{policy}' name='{name}'/></cpu>"))
    };
    assert_eq!(said(&feature("require", "x"), &document), []);
    assert_eq!(said(&feature("require", "y"), &document), no("the host lacks y"));
    assert_eq!(said(&feature("require", "rtm"), &document), no("the host lacks rtm"));
    let open = unknown("whether the host has z is not in the document");
    assert_eq!(said(&feature("require", "z"), &document), open);
    let all = Some("expand-cpu-features,supported-cpu-features");
    assert_eq!(said_with(&feature("require", "z"), &document, all), no("the host lacks z"));
    assert_eq!(said(&feature("forbid", "x"), &document), no("the host has x"));
    assert_eq!(said(&feature("forbid", "rtm"), &document), []);
}
