//! The rules of design section 5, one by one; each pair is also compared the other way round.

use super::*;
use crate::parse::document;

fn parsed(inside: &str) -> crate::model::Capabilities {
    // A device, so that no document is empty by accident.
    let text = format!("<domainCapabilities>{inside}<devices><x/></devices></domainCapabilities>");
    document(text.as_bytes()).expect("well-formed").capabilities
}

fn shown(differences: &[Difference]) -> Vec<String> {
    let plain = |side: &Option<Plain>| match side {
        None => "-".to_owned(),
        Some(Plain::Number(number)) => number.to_string(),
        Some(Plain::Text(text)) => text.clone(),
        Some(Plain::List(list)) => format!("{list:?}"),
    };
    let each = |it: &Difference| {
        let value = it.value.as_deref().map(|value| format!("={value}")).unwrap_or_default();
        let sides = match (&it.old, &it.new) {
            (None, None) => String::new(),
            (old, new) => format!(" {} > {}", plain(old), plain(new)),
        };
        format!("{} {}{value}{sides}", it.kind.name(), it.path)
    };
    differences.iter().map(each).collect()
}

fn compare(old: &str, new: &str) -> Vec<String> {
    compare_in(old, new, Scope::default())
}

fn compare_in(old: &str, new: &str, scope: Scope) -> Vec<String> {
    let (old, new) = (parsed(old), parsed(new));
    let (old, new) = (Facts::of(&old), Facts::of(&new));
    let forward = documents(&old, &new, scope);
    let mut backward: Vec<_> =
        documents(&new, &old, scope).into_iter().map(Difference::mirrored).collect();
    backward.sort();
    assert_eq!(forward, backward, "the mirror");
    assert!(documents(&old, &old, scope).is_empty());
    shown(&forward)
}

#[test]
fn support() {
    let disk =
        |attribute: &str| format!("<a {attribute}><enum name='e'><value>v</value></enum></a>");
    let (yes, no, none) = (disk("supported='yes'"), "<a supported='no'/>", disk(""));
    assert_eq!(compare(&yes, no), ["lost a yes > no"], "and nothing below");
    assert_eq!(compare(&none, &yes), ["reported a - > yes"]);
    assert_eq!(compare("<a/>", &yes), ["reported a - > yes"], "and nothing below");
    assert_eq!(compare(&disk("supported='unknown'"), no), ["reported a - > no"]);
    assert_eq!(compare(&yes, &disk("supported='maybe'")), ["changed a yes > maybe"]);
}

#[test]
fn sets() {
    let set = |values: &str| format!("<a><enum name='e'>{values}</enum></a>");
    let (one, two) = (set("<value>1</value>"), set("<value>2</value>"));
    assert_eq!(compare(&one, &two), ["lost a.e=1", "gained a.e=2"]);
    assert_eq!(compare(&one, &set("")), ["lost a.e=1"]);
    assert_eq!(compare("<a><b/></a>", "<a><b/><enum name='e'/></a>"), ["reported a.e"]);
    let shuffled =
        (set("<value>1</value><value>2</value>"), set("<value>2</value><value>1</value>"));
    assert!(compare(&shuffled.0, &shuffled.1).is_empty());
}

#[test]
fn values() {
    assert_eq!(compare("<vcpu max='255'/>", "<vcpu max='4096'/>"), ["changed vcpu.max 255 > 4096"]);
    assert_eq!(compare("<a>x</a>", "<a>7</a>"), ["changed a x > 7"]);
    assert_eq!(compare("<a/>", "<a>x</a>"), ["reported a"], "null says nothing");
    let list = |values: &str| format!("<a>{values}</a>");
    let (old, new) =
        (list("<value>p</value><value>q</value>"), list("<value>q</value><value>p</value>"));
    assert_eq!(compare(&old, &new), [r#"changed a.value ["p", "q"] > ["q", "p"]"#]);
}

#[test]
fn what_only_one_side_has_is_one_change_at_the_topmost_element() {
    let deep =
        "<f><hyperv supported='yes'><defaults><spin>4095</spin><x y='1'/></defaults></hyperv></f>";
    assert_eq!(compare("", deep), ["reported f"]);
    assert_eq!(compare("<f><hyperv supported='yes'/></f>", deep), ["reported f.hyperv.defaults"]);
    assert_eq!(compare("<vcpu/>", "<vcpu max='1'/>"), ["reported vcpu.max"]);
    assert_eq!(compare("<f/>", "<f><g/></f>"), ["reported f.g"], "null and no value are alike");
}

#[test]
fn a_dot_in_a_name_is_part_of_it() {
    assert_eq!(compare("<f/>", "<f><a.b c='1'/></f>"), ["reported f.a.b"]);
    assert_eq!(compare("<f><a.b/></f>", "<f><a.b c='1'/></f>"), ["reported f.a.b.c"]);
    assert_eq!(compare("<f><a.b/></f>", "<f><a.b x.y='1'/></f>"), ["reported f.a.b.x.y"]);
    assert_eq!(compare("<f/>", "<f x.y='1'/>"), ["reported f.x.y"]);
}

#[test]
fn custom_models() {
    let mode =
        |models: &str| format!("<cpu><mode name='custom' supported='yes'>{models}</mode></cpu>");
    let model = |usable: &str, blockers: &str| {
        mode(&format!(
            "<model usable='{usable}' vendor='AMD'>EPYC</model><blockers model='EPYC'>{blockers}</blockers>"
        ))
    };
    let (svm, npt) = ("<feature name='svm'/>", "<feature name='npt'/>");
    let usable = "cpu.mode[custom].model[EPYC].usable";
    assert_eq!(compare(&model("yes", ""), &model("no", svm)), [format!("lost {usable} yes > no")]);
    assert_eq!(
        compare(&model("unknown", ""), &model("yes", "")),
        [format!("reported {usable} - > yes")]
    );
    let none = mode("<model usable='no' vendor='AMD'>EPYC</model>");
    assert!(compare(&none, &model("no", "")).is_empty(), "an empty list is none");
    assert_eq!(
        compare(&model("no", ""), &model("no", svm)),
        ["reported cpu.mode[custom].model[EPYC].blockers"]
    );
    let blockers = r#"changed cpu.mode[custom].model[EPYC].blockers ["svm"] > ["npt"]"#;
    assert_eq!(compare(&model("no", svm), &model("no", npt)), [blockers]);
    assert_eq!(compare(&mode(""), &model("no", svm)), ["gained cpu.mode[custom].model=EPYC"]);
    let without = "<cpu><mode name='custom' supported='no'/></cpu>";
    assert_eq!(compare(without, &model("no", svm)), ["gained cpu.mode[custom] no > yes"]);
    let canonical = mode("<model usable='yes' canonical='EPYC-v1'>EPYC</model>");
    let plain = mode("<model usable='yes'>EPYC</model>");
    assert_eq!(compare(&plain, &canonical), ["reported cpu.mode[custom].model[EPYC].canonical"]);
}

#[test]
fn a_model_that_nothing_is_said_of_is_there() {
    let mode =
        |model: &str| format!("<cpu><mode name='custom' supported='yes'>{model}</mode></cpu>");
    let (bare, told) = (mode("<model>a.b</model>"), mode("<model usable='yes'>a.b</model>"));
    assert_eq!(compare(&bare, &told), ["reported cpu.mode[custom].model[a.b].usable - > yes"]);
}

#[test]
fn host_model_features() {
    let mode = |model: &str, features: &str| {
        format!(
            "<cpu><mode name='host-model' supported='yes'><model>{model}</model>{features}</mode></cpu>"
        )
    };
    let has = |name: &str, policy: &str| format!("<feature policy='{policy}' name='{name}'/>");
    let path = "cpu.mode[host-model].feature";
    let (a, off) = (has("a", "require"), has("a", "disable"));
    assert_eq!(compare(&mode("M", &a), &mode("M", "")), [format!("lost {path}=a")]);
    assert_eq!(compare(&mode("M", &off), &mode("M", &a)), [format!("gained {path}=a")]);
    // Absent is as the model has it, which one libvirt defines in one way.
    assert_eq!(compare(&mode("M", ""), &mode("M", &off)), [format!("lost {path}=a")]);
    assert_eq!(compare(&mode("M", &off), &mode("M", "")), [format!("gained {path}=a")]);
    assert_eq!(compare(&mode("M", &a), &mode("M", &off)), [format!("lost {path}=a")]);
    let other = Scope { is_other_libvirt: true, ..Scope::default() };
    for (old, new, kind) in [(&a, "", "unreported"), (&off, "", "unreported")] {
        let sides = [mode("M", old), mode("M", new)];
        assert_eq!(compare_in(&sides[0], &sides[1], other), [format!("{kind} {path}=a")]);
        assert_eq!(compare_in(&sides[1], &sides[0], other), [format!("reported {path}=a")]);
    }
    assert_eq!(compare_in(&mode("M", &a), &mode("M", &off), other), [format!("lost {path}=a")]);
    assert_eq!(
        compare(&mode("M", &a), &mode("N", "")),
        ["changed cpu.mode[host-model].model M > N"]
    );
    let flags = Scope { is_other_flags: true, ..Scope::default() };
    assert!(compare_in(&mode("M", &a), &mode("M", ""), flags).is_empty());
}

#[test]
fn loaders() {
    let os = |values: &[&str]| {
        let values: String = values.iter().map(|value| format!("<value>{value}</value>")).collect();
        format!("<os><loader supported='yes'>{values}</loader></os>")
    };
    let first = "changed os.loader.value[0] a > b";
    assert_eq!(compare(&os(&["a", "b"]), &os(&["b", "a"])), [first]);
    assert!(compare(&os(&["a", "b", "c"]), &os(&["a", "c", "b"])).is_empty());
    assert_eq!(
        compare(&os(&["a"]), &os(&["b"])),
        ["lost os.loader.value=a", "gained os.loader.value=b", first]
    );
    assert_eq!(compare(&os(&[]), &os(&["b"])), ["gained os.loader.value=b"]);
}

#[test]
fn an_emptied_document_is_one_change() {
    let empty = "<domainCapabilities><cpu><mode name='custom' supported='no'/></cpu><devices/>\
        <features><sev supported='no'/></features></domainCapabilities>";
    let empty = document(empty.as_bytes()).unwrap().capabilities;
    let full = parsed("<cpu><mode name='custom' supported='yes'/></cpu>");
    let (empty, full) = (Facts::of(&empty), Facts::of(&full));
    assert_eq!(shown(&documents(&full, &empty, Scope::default())), ["lost document"]);
    assert_eq!(shown(&documents(&empty, &full, Scope::default())), ["gained document"]);
}

#[test]
fn a_value_unique_to_a_host_changes_only_over_time() {
    let sev = |id: &str| format!("<features><sev supported='yes'>{id}</sev></features>");
    let (a, b) = (sev("<cpu0Id>a</cpu0Id>"), sev("<cpu0Id>b</cpu0Id>"));
    assert!(compare(&a, &b).is_empty());
    assert!(compare(&a, &sev("")).is_empty());
    let one_host = Scope { is_one_host: true, ..Scope::default() };
    assert_eq!(compare_in(&a, &b, one_host), ["changed features.sev.cpu0Id a > b"]);
}
