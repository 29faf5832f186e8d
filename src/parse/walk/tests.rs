//! The rules of the walk, one by one.

use crate::model::{Kind, Value};
use crate::parse::document;

/// `path = value` of everything that a document with this inside says.
fn capabilities(inside: &str) -> Vec<String> {
    let text = format!("<domainCapabilities><arch>x</arch>{inside}</domainCapabilities>");
    let document = document(text.as_bytes()).unwrap_or_else(|error| panic!("{inside}: {error}"));
    let shown = document.capabilities.iter().map(|(path, value)| match value {
        Value::Null => format!("{path} = null"),
        Value::Support(yes) => format!("{path} = {}", if yes { "yes" } else { "no" }),
        Value::Number(number) => format!("{path} = {number}"),
        Value::Text(text) => format!("{path} = '{text}'"),
        Value::Set(members) => {
            format!("{path} = {{{}}}", members.iter().collect::<Vec<_>>().join(" "))
        }
        Value::List(members) => {
            format!("{path} = [{}]", members.iter().collect::<Vec<_>>().join(" "))
        }
    });
    shown.collect()
}

#[test]
fn the_examples_of_the_contract() {
    for (inside, expected) in [
        ("<vcpu max='255'/>", vec!["vcpu.max = 255"]),
        (
            "<devices><disk supported='yes'><enum name='bus'><value>ide</value><value>fdc</value>\
             </enum><enum name='model'/></disk></devices>",
            vec!["devices.disk = yes", "devices.disk.bus = {fdc ide}", "devices.disk.model = {}"],
        ),
        (
            "<os supported='yes'><loader supported='yes'><value>/b</value><value>/a</value></loader></os>",
            vec!["os = yes", "os.loader = yes", "os.loader.value = [/b /a]"],
        ),
        (
            "<cpu><mode name='host-model' supported='yes'><model fallback='forbid'>EPYC</model>\
             <feature policy='require' name='x2apic'/></mode></cpu>",
            vec![
                "cpu.mode[host-model] = yes",
                "cpu.mode[host-model].model = 'EPYC'",
                "cpu.mode[host-model].model.fallback = 'forbid'",
                "cpu.mode[host-model].feature[x2apic].policy = 'require'",
            ],
        ),
        (
            "<cpu><mode name='custom' supported='yes'><model usable='no' vendor='AMD' canonical='EPYC-v1'>EPYC\
             </model><blockers model='EPYC'><feature name='svm'/><feature name='npt'/></blockers></mode></cpu>",
            vec![
                "cpu.mode[custom] = yes",
                "cpu.mode[custom].model = {EPYC}",
                "cpu.mode[custom].model[EPYC].usable = 'no'",
                "cpu.mode[custom].model[EPYC].vendor = 'AMD'",
                "cpu.mode[custom].model[EPYC].canonical = 'EPYC-v1'",
                "cpu.mode[custom].model[EPYC].blockers = {npt svm}",
            ],
        ),
        (
            "<features><sev supported='yes'><cbitpos>51</cbitpos></sev></features>",
            vec!["features.sev = yes", "features.sev.cbitpos = 51"],
        ),
        (
            "<features><sgx supported='yes'><sections><section node='0' size='262144' unit='KiB'/>\
             </sections></sgx></features>",
            vec![
                "features.sgx = yes",
                "features.sgx.sections.section[0].size = 262144",
                "features.sgx.sections.section[0].unit = 'KiB'",
            ],
        ),
    ] {
        assert_eq!(capabilities(inside), expected, "{inside}");
    }
}

#[test]
fn keys_are_name_then_node_then_id_then_position() {
    for (inside, expected) in [
        ("<x name='a' node='1' id='2'/>", vec!["x[a].node = 1", "x[a].id = 2"]),
        ("<x node='1' id='2'/>", vec!["x[1].id = 2"]),
        ("<x id='2'>t</x>", vec!["x[2] = 't'"]),
        ("<x>a</x>", vec!["x = 'a'"]),
        ("<x>a</x><y/><x>b</x>", vec!["x[0] = 'a'", "y = null", "x[1] = 'b'"]),
        (r"<x name='a]\b'>t</x>", vec![r"x[a\]\\b] = 't'"]),
        ("<x name='a'/>", vec!["x[a] = null"]),
        ("<x name='a'>1</x><x>2</x>", vec!["x[a] = 1", "x[1] = 2"]),
    ] {
        assert_eq!(capabilities(inside), expected, "{inside}");
    }
}

#[test]
fn values_outside_an_enum_are_an_ordered_list() {
    let expected = ["x.value = [b a b]", "x.y.value = [1]"];
    let inside = "<x><value>b</value><value>a</value><value>b</value><y><value>1</value></y></x>";
    assert_eq!(capabilities(inside), expected);
    let loader = |supported: &str| format!("<os><loader supported='{supported}'/></os>");
    assert_eq!(capabilities(&loader("yes")), ["os.loader = yes", "os.loader.value = []"]);
    assert_eq!(capabilities(&loader("no")), ["os.loader = no"]);
}

#[test]
fn attributes_enums_and_copies_of_one_name_keep_apart() {
    let both = "<x bus='1'><enum name='bus'><value>a</value></enum></x>";
    assert_eq!(capabilities(both), ["x.@bus = 1", "x.bus = {a}"]);
    let twice = "<x name='a'>1</x><x name='a'>2</x><x name='a'>3</x>";
    assert_eq!(capabilities(twice), ["x[a] = 1", "x[a]#2 = 2", "x[a]#3 = 3"]);
    assert_eq!(capabilities("<x a='1'><a>2</a></x>"), ["x.a = 1", "x.a#2 = 2"]);
}

#[test]
fn text_is_joined_over_comments_cdata_and_entities_and_then_trimmed() {
    for (inside, expected) in [
        ("<x> a<!-- no -->b </x>", "x = 'ab'"),
        ("<x>a &amp; b</x>", "x = 'a & b'"),
        ("<x>&#65;<![CDATA[<b> ]]>c</x>", "x = 'A<b> c'"),
        ("<x>\n  <![CDATA[ 7 ]]>\n</x>", "x = 7"),
        ("<x a='&lt;&#10;&quot;'/>", "x.a = '<\n\"'"),
        ("<x a='b\nc'/>", "x.a = 'b c'"),
        ("<x>a\r\nb</x>", "x = 'a\nb'"),
    ] {
        assert_eq!(capabilities(inside), [expected], "{inside}");
    }
}

#[test]
fn supported_that_is_neither_yes_nor_no_is_text() {
    assert_eq!(capabilities("<x supported='maybe'/>"), ["x = 'maybe'"]);
    assert_eq!(capabilities("<x supported='1'/>"), ["x = '1'"]);
    assert_eq!(capabilities("<x supported='yes'>t</x>"), ["x = yes", "x#2 = 't'"]);
}

#[test]
fn a_model_listed_twice_merges_and_the_worse_usable_wins() {
    let inside = "<cpu><mode name='custom' supported='yes'>\
        <model usable='yes' vendor='IBM'>POWER8</model><model usable='unknown'>POWER9</model>\
        <model usable='no' vendor='other' deprecated='yes'>POWER8</model></mode></cpu>";
    let expected = [
        "cpu.mode[custom] = yes",
        "cpu.mode[custom].model = {POWER8 POWER9}",
        "cpu.mode[custom].model[POWER8].usable = 'no'",
        "cpu.mode[custom].model[POWER8].vendor = 'IBM'",
        "cpu.mode[custom].model[POWER8].deprecated = 'yes'",
        "cpu.mode[custom].model[POWER9].usable = 'unknown'",
    ];
    assert_eq!(capabilities(inside), expected);
}

#[test]
fn custom_models_are_reported_even_when_there_are_none() {
    let mode =
        |supported: &str| format!("<cpu><mode name='custom' supported='{supported}'/></cpu>");
    let expected = ["cpu.mode[custom] = yes", "cpu.mode[custom].model = {}"];
    assert_eq!(capabilities(&mode("yes")), expected);
    assert_eq!(capabilities(&mode("no")), ["cpu.mode[custom] = no"]);
}

#[test]
fn nothing_inside_an_enum_or_blockers_is_lost() {
    let inside =
        "<d><enum name='bus' since='12'><value>a</value><value old='yes'>b</value><n/></enum></d>";
    let all = capabilities(inside);
    for expected in
        ["d.bus = {a b}", "d.bus.since = 12", "d.bus.value[1].old = 'yes'", "d.bus.n = null"]
    {
        assert!(all.iter().any(|each| each == expected), "{expected} in {all:?}");
    }
    let inside = "<cpu><mode name='custom'><blockers model='A' why='x'><feature name='f' g='h'/></blockers></mode></cpu>";
    let all = capabilities(inside);
    for expected in ["model[A].blockers = {f}", "model[A].blockers.why = 'x'", "feature[f].g = 'h'"]
    {
        assert!(all.iter().any(|each| each.ends_with(expected)), "{expected} in {all:?}");
    }
}

#[test]
fn kinds_have_the_names_of_the_contract() {
    let names: Vec<_> = Kind::ALL.into_iter().map(Kind::name).collect();
    assert_eq!(names, ["null", "support", "number", "text", "set", "list"]);
}

#[test]
fn a_byte_order_mark_is_no_text() {
    let text = "\u{feff}<domainCapabilities><a b='1'/></domainCapabilities>";
    let document = document(text.as_bytes()).unwrap();
    assert_eq!(document.capabilities.get("a.b"), Some(Value::Number(1)));
    let less_than = document_error("<domainCapabilities><a b='<'/></domainCapabilities>");
    assert!(less_than.contains("attribute `b`"), "{less_than}");
}

#[test]
fn a_second_byte_order_mark_is_text() {
    let marks = "\u{feff}\u{feff}";
    for inside in ["<domainCapabilities/>", "(", "", "é<a>", "<!--é-->", "<a>&#1;"] {
        let error = document_error(&format!("{marks}{inside}"));
        assert_eq!(error, "1:4: text outside the root element", "{inside}");
    }
    for text in ["éé<a/>", "<!--é--><a/>", "\u{feff}éé<a/>", " é <a b='é'>"] {
        let text = format!("\u{feff}{text}");
        assert_eq!(crate::parse::root_name(text.as_bytes()), Some("a"), "{text}");
    }
}

#[test]
fn what_is_wrong_with_an_attribute_is_said_by_one_reader() {
    let many = "a='1' b='2' c='3' d='4' e='5' f='6' g='7' h='8' i='9' a='0'";
    for (attributes, expected) in [
        (
            "a='1' a='2'",
            "attribute: position 8: duplicated attribute, previous declaration at position 2",
        ),
        (many, "attribute: position 56: duplicated attribute, previous declaration at position 2"),
        ("a='<'", "attribute `a`: not allowed here"),
        ("1='x'", "attribute `1`: not allowed here"),
        ("a", "attribute: position 3: attribute key must be directly followed by `=` or space"),
        ("a=1", "attribute: position 4: attribute value must be enclosed in `\"` or `'`"),
    ] {
        let error = document_error(&format!(
            "<domainCapabilities>\n  <x {attributes}/></domainCapabilities>"
        ));
        assert_eq!(error, format!("2:3: not well-formed XML: {expected}"), "{attributes}");
    }
    let declared = document_error(" <?xml version='1.0'?><domainCapabilities/>");
    assert!(declared.starts_with("1:2: "), "{declared}");
}

fn document_error(text: &str) -> String {
    document(text.as_bytes()).unwrap_err().to_string()
}
