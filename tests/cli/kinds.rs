//! Kinds of changes that are easily misjudged: what a loss proves, what goes together, what a difference
//! of versions explains, and that no format loses what another says.

use serde_json::Value;

use crate::support::{Fakes, Sandbox};

/// A document of a target: `os`, `cpu`, `devices` and `features` are what stands in these elements.
#[derive(Clone, Copy)]
struct Parts<'p> {
    machine: &'p str,
    virttype: &'p str,
    emulator: &'p str,
    os: &'p str,
    cpu: &'p str,
    devices: &'p str,
    features: &'p str,
}

const PARTS: Parts<'_> = Parts {
    machine: "pc-q35-9.2",
    virttype: "kvm",
    emulator: "/usr/bin/qemu-system-x86_64",
    os: "",
    cpu: "<mode name='host-passthrough' supported='yes'/>",
    devices: "<disk supported='yes'><enum name='bus'><value>virtio</value></enum></disk>",
    features: "<sev supported='no'/>",
};

fn document(parts: Parts<'_>) -> String {
    let Parts { machine, virttype, emulator, os, cpu, devices, features } = parts;
    format!(
        "<domainCapabilities><path>{emulator}</path><domain>{virttype}</domain>\
         <machine>{machine}</machine><arch>x86_64</arch><os supported='yes'>{os}</os>\
         <cpu>{cpu}</cpu><devices>{devices}</devices><features>{features}</features>\
         </domainCapabilities>"
    )
}

/// `virsh version --daemon` of that libvirt and QEMU.
fn versions(libvirt: &str, qemu: &str) -> String {
    format!("Running hypervisor: QEMU {qemu}\nRunning against daemon: {libvirt}\n")
}

fn capabilities(cpu: &str, virttypes: &[&str], machines: &str) -> String {
    let domains: String = virttypes.iter().map(|it| format!("<domain type='{it}'/>")).collect();
    format!(
        "<capabilities><host><cpu><arch>x86_64</arch>{cpu}</cpu></host><guest><os_type>hvm</os_type>\
         <arch name='x86_64'><emulator>/usr/bin/qemu-system-x86_64</emulator>{machines}{domains}</arch>\
         </guest></capabilities>"
    )
}

const MACHINES: &str = "<machine maxCpus='4096'>pc-q35-9.2</machine>\
    <machine canonical='pc-q35-9.2' maxCpus='4096'>q35</machine>";

fn report(sandbox: &Sandbox) -> Value {
    sandbox.run(&["diff", "old", "new", "--format", "json"]).json()
}

/// Severity, rule, path and value of each change.
fn judged(sandbox: &Sandbox) -> Vec<[String; 4]> {
    let report = report(sandbox);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let changes = report["changes"].as_array().unwrap().iter();
    changes.map(|it| ["severity", "rule", "path", "value"].map(|name| text(&it[name]))).collect()
}

/// The rules of what is not merely informational.
fn matters(sandbox: &Sandbox) -> Vec<String> {
    let judged = judged(sandbox).into_iter().filter(|[severity, ..]| severity != "info");
    judged.map(|[severity, rule, _, value]| format!("{severity} {rule} {value}")).collect()
}

fn reasons(sandbox: &Sandbox) -> Vec<String> {
    let report = report(sandbox);
    let changes = report["changes"].as_array().unwrap().iter();
    changes.map(|change| change["reason"].as_str().unwrap().to_owned()).collect()
}

/// Firmware of a machine that descriptors name, or that none names.
fn firmware(has_efi: bool, images: &[&str]) -> String {
    let efi = if has_efi { "<value>efi</value>" } else { "" };
    let images: String = images.iter().map(|image| format!("<value>{image}</value>")).collect();
    format!(
        "<enum name='firmware'>{efi}</enum><loader supported='yes'>{images}\
         <enum name='type'><value>rom</value><value>pflash</value></enum>\
         <enum name='readonly'><value>yes</value><value>no</value></enum></loader>"
    )
}

const OLD_IMAGE: &str = "/usr/share/OVMF/OVMF_CODE.fd";
const NEW_IMAGE: &str = "/usr/share/OVMF/OVMF_CODE_4M.fd";
const SUSE_IMAGE: &str = "/usr/share/qemu/ovmf-x86_64-ms-4m-code.bin";

/// A host with a q35 that has these images, and an isapc that no descriptor names with those.
fn firmware_host(sandbox: &Sandbox, side: &str, q35: &[&str], isapc: Option<&[&str]>) {
    let q35 = firmware(true, q35);
    sandbox.write(&format!("{side}/q35.xml"), document(Parts { os: &q35, ..PARTS }));
    if let Some(images) = isapc {
        let os = firmware(false, images);
        let isapc = Parts { machine: "isapc", os: &os, ..PARTS };
        sandbox.write(&format!("{side}/isapc.xml"), document(isapc));
    }
}

#[test]
fn an_image_is_gone_only_where_the_whole_side_shows_it() {
    type Images = &'static [&'static str];
    let cases: [(Images, Option<Images>, &str); 5] = [
        // Another machine still lists it: the file is there.
        (&[NEW_IMAGE], Some(&[OLD_IMAGE]), ""),
        // libvirt looked for it and did not find it.
        (&[NEW_IMAGE], Some(&[]), "breaking loader-removed"),
        // Nobody lists it, and nothing shows that it was looked for.
        (&[NEW_IMAGE], None, "warning loader-renamed"),
        // That libvirt was built to look for others.
        (&[NEW_IMAGE], Some(&[SUSE_IMAGE]), "warning loader-unlisted"),
        (&["/usr/share/OVMF/OVMF.amdsev.fd"], None, "warning loader-unlisted"),
    ];
    for (q35, isapc, expected) in cases {
        let sandbox = Sandbox::new();
        firmware_host(&sandbox, "old", &[OLD_IMAGE, NEW_IMAGE], isapc);
        firmware_host(&sandbox, "new", q35, isapc);
        if isapc.is_some() {
            // The old side has it for both.
            firmware_host(&sandbox, "old", &[OLD_IMAGE, NEW_IMAGE], Some(&[OLD_IMAGE]));
        } else {
            firmware_host(&sandbox, "old", &[OLD_IMAGE], None);
        }
        let found = matters(&sandbox);
        let of_image = found.iter().filter(|it| it.ends_with(OLD_IMAGE)).collect::<Vec<_>>();
        match expected {
            "" => assert!(of_image.is_empty(), "{found:?}"),
            _ => assert_eq!(of_image, [&format!("{expected} {OLD_IMAGE}")], "{found:?}"),
        }
    }
}

#[test]
fn a_guest_whose_image_is_gone_is_answered_as_the_change_is() {
    const GUEST: &str = "<domain type='kvm'><name>old</name><memory>1</memory><vcpu>1</vcpu><os>\
        <type arch='x86_64' machine='pc-q35-9.2'>hvm</type>\
        <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader></os></domain>";
    for (isapc, answer, severity, code) in [
        (&[][..], "no", "breaking", Some(10)),
        (&[SUSE_IMAGE], "unknown", "warning", Some(0)),
        (&[OLD_IMAGE], "yes", "info", Some(0)),
    ] {
        let sandbox = Sandbox::new();
        sandbox.write("guest.xml", GUEST);
        firmware_host(&sandbox, "old", &[OLD_IMAGE, NEW_IMAGE], Some(&[OLD_IMAGE]));
        firmware_host(&sandbox, "new", &[NEW_IMAGE], Some(isapc));
        let preflight = sandbox.run(&["preflight", "guest.xml", "new", "--format", "json"]).json();
        assert_eq!(preflight["results"][0]["answer"], answer, "{preflight}");
        let diff = ["diff", "old", "new", "--used-by", "guest.xml", "--fail-on", "breaking"];
        let gate = sandbox.run(&[&diff[..], &["--format", "json"]].concat());
        assert_eq!(gate.code, code, "{gate}");
        let report: Value = serde_json::from_str(&gate.stdout).unwrap();
        let changes = report["changes"].as_array().unwrap();
        let image = changes.iter().find(|it| it["value"] == OLD_IMAGE && it["kind"] == "lost");
        assert_eq!(image.unwrap()["severity"], severity, "{report}");
    }
}

#[test]
fn ubuntu_s_libvirt_looks_for_one_image_more() {
    const MS: &str = "/usr/share/OVMF/OVMF_CODE.ms.fd";
    for (machine, expected) in
        [("pc-q35-noble", "breaking loader-removed"), ("pc-q35-9.2", "warning loader-unlisted")]
    {
        let sandbox = Sandbox::new();
        for (side, images) in [("old", &[NEW_IMAGE, MS][..]), ("new", &[NEW_IMAGE])] {
            let q35 = firmware(true, images);
            sandbox
                .write(&format!("{side}/q35.xml"), document(Parts { machine, os: &q35, ..PARTS }));
            let isapc = firmware(false, &[]);
            let isapc = document(Parts { machine: "isapc", os: &isapc, ..PARTS });
            sandbox.write(&format!("{side}/isapc.xml"), isapc);
        }
        assert_eq!(matters(&sandbox), [format!("{expected} {MS}")], "{machine}");
    }
}

#[test]
fn a_firmware_package_that_is_removed_is_one_cause() {
    let sandbox = Sandbox::new();
    let images = [NEW_IMAGE, OLD_IMAGE, "/usr/share/OVMF/OVMF_CODE_4M.ms.fd"];
    let secure = "<enum name='secure'><value>yes</value><value>no</value></enum>";
    let os = firmware(true, &images).replace("</loader>", &format!("{secure}</loader>"));
    sandbox.write("old/q35.xml", document(Parts { os: &os, ..PARTS }));
    let secure = "<enum name='secure'><value>no</value></enum>";
    let os = firmware(false, &[]).replace("</loader>", &format!("{secure}</loader>"));
    sandbox.write("new/q35.xml", document(Parts { os: &os, ..PARTS }));
    assert_eq!(matters(&sandbox), ["breaking firmware-lost efi"]);
    assert_eq!(judged(&sandbox).len(), 5, "each change is there all the same");

    // The descriptor is left, and none of its files: one image stands for all.
    let os = firmware(true, &[]);
    sandbox.write("old/q35.xml", document(Parts { os: &firmware(true, &images), ..PARTS }));
    sandbox.write("new/q35.xml", document(Parts { os: &os, ..PARTS }));
    assert_eq!(matters(&sandbox), [format!("breaking firmware-without-loader {OLD_IMAGE}")]);

    // A machine that no descriptor names listed the file as well: it is one cause all the same.
    let isapc = |side: &str, images: &[&str]| {
        let os = firmware(false, images);
        let isapc = Parts { machine: "isapc", os: &os, ..PARTS };
        sandbox.write(&format!("{side}/isapc.xml"), document(isapc));
    };
    isapc("old", &[OLD_IMAGE]);
    isapc("new", &[]);
    assert_eq!(matters(&sandbox), [format!("breaking firmware-without-loader {OLD_IMAGE}")]);
    sandbox.write("new/q35.xml", document(Parts { os: &firmware(false, &[]), ..PARTS }));
    assert_eq!(matters(&sandbox), ["breaking firmware-lost efi"]);
    let gone = reasons(&sandbox);
    assert!(!gone.iter().any(|reason| reason.contains("no 2M images")), "{gone:?}");
    // Also where it is another image of the package than that of the machines that descriptors name.
    sandbox.write("old/q35.xml", document(Parts { os: &firmware(true, &images[..1]), ..PARTS }));
    assert_eq!(matters(&sandbox), ["breaking firmware-lost efi"]);
    sandbox.write("new/q35.xml", document(Parts { os: &firmware(true, &[]), ..PARTS }));
    assert_eq!(matters(&sandbox), [format!("breaking firmware-without-loader {NEW_IMAGE}")]);
    // That of another architecture is another package.
    isapc("old", &["/usr/share/AAVMF/AAVMF_CODE.fd"]);
    assert_eq!(matters(&sandbox).len(), 2, "{:?}", matters(&sandbox));
    isapc("old", &[OLD_IMAGE]);
    sandbox.write("old/q35.xml", document(Parts { os: &firmware(true, &images), ..PARTS }));
    // Only the image is gone, and others are left: that is a loss of its own.
    sandbox.write("new/q35.xml", document(Parts { os: &firmware(true, &images[..1]), ..PARTS }));
    let of_image = format!("breaking loader-removed {OLD_IMAGE}");
    assert!(matters(&sandbox).contains(&of_image), "{:?}", matters(&sandbox));
}

#[test]
fn an_alias_that_is_gone_has_not_moved() {
    for (machines, expected) in [
        ("<machine>pc-q35-9.2</machine>", "warning alias-lost "),
        // The name is a machine type now, and still works.
        ("<machine>pc-q35-9.2</machine><machine>q35</machine>", ""),
        (
            "<machine>pc-q35-9.2</machine><machine>pc-q35-10.0</machine>\
          <machine canonical='pc-q35-10.0'>q35</machine>",
            "",
        ),
    ] {
        let sandbox = Sandbox::new();
        for (side, machines) in [("old", MACHINES), ("new", machines)] {
            sandbox.write(&format!("{side}/q35.xml"), document(PARTS));
            let list = capabilities("", &["kvm"], machines);
            sandbox.write(&format!("{side}/capabilities.xml"), list);
        }
        let found = matters(&sandbox);
        let expected: Vec<&str> = [expected].into_iter().filter(|it| !it.is_empty()).collect();
        assert_eq!(found, expected, "{machines}");
    }
}

/// The page in one line.
fn page(sandbox: &Sandbox) -> String {
    let page = sandbox.run(&["diff", "old", "new"]).ok();
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The machine lists of two sides that have nothing else.
fn machine_lists(sandbox: &Sandbox, sides: [&str; 2], qemus: [&str; 2]) {
    for ((side, machines), qemu) in ["old", "new"].into_iter().zip(sides).zip(qemus) {
        let list = format!("{MACHINES}{machines}");
        sandbox.write(&format!("{side}/q35.xml"), document(PARTS));
        sandbox.write(&format!("{side}/capabilities.xml"), capabilities("", &["kvm"], &list));
        sandbox.write(&format!("{side}/version.txt"), versions("9.0.0", qemu));
    }
}

#[test]
fn aliases_that_go_with_their_machines_are_told_together_and_say_so() {
    let listed = |names: &[&str]| -> String {
        let machine = |name: &&str| match name.split_once('=') {
            Some((alias, canonical)) => {
                format!("<machine canonical='{canonical}'>{alias}</machine>")
            }
            None => format!("<machine>{name}</machine>"),
        };
        names.iter().map(machine).collect()
    };
    let sandbox = Sandbox::new();
    let old = listed(&[
        "pc-i440fx-noble",
        "ubuntu=pc-i440fx-noble",
        "pc-q35-noble",
        "ubuntu-q35=pc-q35-noble",
        "raspi3b",
        "raspi3=raspi3b",
    ]);
    machine_lists(&sandbox, [&old, &listed(&["raspi3b"])], ["8.2.0"; 2]);
    let of_aliases: Vec<String> =
        matters(&sandbox).into_iter().filter(|it| it.starts_with("warning")).collect();
    assert_eq!(of_aliases, ["warning alias-lost "; 3], "each stays a finding");
    let shown = page(&sandbox);
    assert!(
        shown.contains(
            "~ alias gone raspi3 (raspi3b), ubuntu (pc-i440fx-noble), ubuntu-q35 (pc-q35-noble)"
        ),
        "{shown}"
    );
    assert!(shown.contains("the machine type that it stood for is still there (raspi3 (raspi3b))"));
    assert!(shown.contains(
        "it goes with its machine type, which is gone too (ubuntu (pc-i440fx-noble), ubuntu-q35 \
         (pc-q35-noble))"
    ));
    machine_lists(&sandbox, [&listed(&["raspi3b"]), &old], ["8.2.0"; 2]);
    let shown = page(&sandbox);
    assert!(shown.contains("~ alias new raspi3 (raspi3b), ubuntu (pc-i440fx-noble)"), "{shown}");
}

#[test]
fn an_alias_that_is_listed_twice_is_one_in_every_command() {
    let sandbox = Sandbox::new();
    let twice = "<machine>pc-i440fx-noble</machine><machine canonical='pc-i440fx-noble'>pc</machine>\
        <machine canonical='pc-i440fx-8.2'>pc</machine><machine>pc-i440fx-8.2</machine>";
    let once = "<machine>pc-i440fx-noble</machine><machine canonical='pc-i440fx-noble'>pc</machine>\
        <machine>pc-i440fx-8.2</machine>";
    machine_lists(&sandbox, [twice, once], ["8.2.0"; 2]);
    assert_eq!(report(&sandbox)["changes"], Value::Array(Vec::new()), "it stands for what it did");
    let machine = "pc-i440fx-noble";
    sandbox.write("old/pc.xml", document(Parts { machine, ..PARTS }));
    sandbox.write("old/8.2.xml", document(Parts { machine: "pc-i440fx-8.2", ..PARTS }));
    sandbox.write(
        "guest.xml",
        "<domain type='kvm'><name>g</name><memory>1</memory><vcpu>1</vcpu><os>\
         <type arch='x86_64' machine='pc'>hvm</type></os></domain>",
    );
    let answer = sandbox.run(&["preflight", "guest.xml", "old", "--format", "json"]).json();
    assert_eq!(answer["results"][0]["target"]["machine"], machine, "{answer}");
    sandbox.run(&["import", "--host", "h", "old"]).ok();
    let listed = sandbox.run(&["machines", "h", "--format", "json"]).json();
    let listed = listed.to_string();
    assert_eq!(listed.matches("\"machine\":\"pc\"").count(), 1, "{listed}");
    let shown = sandbox.run(&["show", "h:pc"]).ok();
    assert!(shown.contains(machine) && !shown.contains("8.2"), "{shown}");
    sandbox.run(&["check", "--read-data"]).ok();
}

#[test]
fn what_was_not_chosen_is_not_gone() {
    const IMAGE: &str = "/usr/share/AAVMF/AAVMF_CODE.fd";
    let sandbox = Sandbox::new();
    let lists = [
        "<machine>pc-7.2</machine><machine canonical='pc-7.2'>pc</machine><machine>pc-6.2</machine>",
        "<machine deprecated='yes'>pc-7.2</machine><machine>pc-10.0</machine>\
         <machine canonical='pc-10.0'>pc</machine>",
    ];
    for (side, machines) in ["old", "new"].into_iter().zip(lists) {
        for virttype in ["kvm", "qemu"] {
            for machine in ["pc-7.2", "pc-10.0", "isapc"] {
                if !machines.contains(&format!(">{machine}<")) && machine != "isapc" {
                    continue;
                }
                // The new side's descriptors name another image, and isapc lists what there is.
                let os = match (machine, side) {
                    ("isapc", _) => firmware(false, &[IMAGE]),
                    (_, "old") => firmware(true, &[IMAGE]),
                    _ => firmware(true, &[NEW_IMAGE]),
                };
                let name = format!("{side}/{virttype}.{machine}.xml");
                sandbox.write(&name, document(Parts { machine, virttype, os: &os, ..PARTS }));
            }
        }
        let machines = format!("{machines}<machine>isapc</machine>");
        let list = capabilities("", &["kvm", "qemu"], &machines);
        sandbox.write(&format!("{side}/capabilities.xml"), list);
        sandbox.run(&["import", "--host", side, side]).ok();
    }
    let judged = |operands: [&str; 2]| -> Vec<[String; 4]> {
        let report = sandbox.run(&["diff", operands[0], operands[1], "--format", "json"]).json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let changes = report["changes"].as_array().unwrap().iter();
        changes.map(|it| ["rule", "kind", "path", "value"].map(|name| text(&it[name]))).collect()
    };
    let of = |found: &[[String; 4]], path: &str| -> Vec<String> {
        let found = found.iter().filter(|it| it[2] == path);
        found.map(|[rule, _, _, value]| format!("{rule} {value}").trim().to_owned()).collect()
    };
    for operands in [["old:pc", "new:pc"], ["old:pc-7.2", "new:pc-7.2"], ["old:pc", "new"]] {
        let found = judged(operands);
        assert!(!of(&found, "machine").contains(&"machine-removed pc-7.2".to_owned()), "{found:?}");
        assert!(!found.iter().any(|it| it[0] == "alias-lost"), "{operands:?} {found:?}");
        assert_eq!(
            of(&found, "machine[pc-7.2].deprecated"),
            ["machine-deprecated"],
            "{operands:?}"
        );
        let image = format!("loader-still-listed {IMAGE}");
        assert!(of(&found, "os.loader.value").contains(&image), "{operands:?} {found:?}");
        let back = judged([operands[1], operands[0]]);
        assert!(!back.iter().any(|it| it[3] == "pc-7.2"), "{back:?}");
    }
    // What the whole host has not is gone, whoever was chosen.
    let found = judged(["old:pc-*", "new:pc-*"]);
    assert_eq!(of(&found, "machine"), ["machine-removed pc-6.2", "gained pc-10.0"]);
    assert_eq!(
        of(&judged(["old", "new:pc"]), "machine"),
        ["machine-removed pc-6.2", "gained pc-10.0"]
    );
}

#[test]
fn a_prediction_for_many_machines_is_that_of_all_of_them() {
    let listed = |is_marked: bool| -> String {
        let marked = if is_marked { " deprecated='yes'" } else { "" };
        let names = ["5.0", "5.1", "5.2", "6.0", "6.1"];
        names.iter().map(|it| format!("<machine{marked}>pc-q35-{it}</machine>")).collect()
    };
    let sandbox = Sandbox::new();
    machine_lists(&sandbox, [&listed(false), &listed(true)], ["8.2.0", "10.2.0"]);
    let shown = page(&sandbox);
    assert!(shown.contains("goes with 11.0 to 12.1 [machine-deprecated]"), "{shown}");
    assert!(!shown.contains("goes with 11.0 ["), "{shown}");
    for (machine, expected) in [
        ("pc-i440fx-1.7", "QEMU has deleted this machine type since; goes with 8.2"),
        ("pc-i440fx-2.1", "QEMU has deleted this machine type since; goes by 10.0 at the latest"),
        ("virt-2.6", "six major versions after it came; goes with 10.1"),
        ("pc-q35-7.2", "six major versions after it came; goes with 13.2"),
        ("pc-q35-8.2-noble", "QEMU marks a machine type deprecated and will remove it"),
    ] {
        let [old, new] =
            ["", " deprecated='yes'"].map(|marked| format!("<machine{marked}>{machine}</machine>"));
        machine_lists(&sandbox, [&old, &new], ["5.2.0", "7.2.0"]);
        let [reason] = &reasons(&sandbox)[..] else { panic!("{machine}") };
        assert!(reason.ends_with(expected), "{reason}");
    }
}

#[test]
fn a_feature_that_blocks_a_model_now_is_one_that_the_host_lacks() {
    let cpu = |has: &str, blockers: &str| {
        let feature = |it: &str| format!("<feature policy='require' name='{it}'/>");
        let features: String = has.split(' ').map(feature).collect();
        let blockers: String =
            blockers.split(' ').map(|it| format!("<feature name='{it}'/>")).collect();
        format!(
            "<mode name='host-model' supported='yes'><model>EPYC</model>{features}</mode>\
             <mode name='custom' supported='yes'><model usable='no'>EPYC-Genoa</model>\
             <blockers model='EPYC-Genoa'>{blockers}</blockers></mode>"
        )
    };
    let sandbox = Sandbox::new();
    for (side, libvirt, has, blockers) in
        [("old", "12.8.0", "fsrm x2apic", "svm"), ("new", "11.3.0", "svm-lock", "fsrm svm")]
    {
        let cpu = cpu(has, blockers);
        sandbox.write(&format!("{side}/q35.xml"), document(Parts { cpu: &cpu, ..PARTS }));
        sandbox.write(&format!("{side}/version.txt"), versions(libvirt, "10.0.0"));
    }
    let report = report(&sandbox);
    let reason = |value: &str| {
        let changes = report["changes"].as_array().unwrap();
        let change = changes.iter().find(|change| change["value"] == value).unwrap();
        change["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(reason("fsrm"), "the host lacks it now: it blocks EPYC-Genoa");
    assert!(!reason("x2apic").contains("blocks"), "{}", reason("x2apic"));
}

#[test]
fn what_one_package_takes_is_told_in_one_place() {
    let devices = |has_all: bool| {
        let value =
            |name: &str| if has_all { format!("<value>{name}</value>") } else { String::new() };
        format!(
            "<graphics supported='yes'><enum name='type'><value>vnc</value>{}</enum></graphics>\
             <tpm supported='yes'><enum name='backendModel'>{}</enum></tpm>\
             <video supported='yes'><enum name='modelType'><value>vga</value>{}</enum></video>",
            value("spice"),
            value("emulator"),
            value("qxl")
        )
    };
    let sandbox = Sandbox::new();
    for (side, has_all) in [("old", true), ("new", false)] {
        let devices = devices(has_all);
        sandbox.write(&format!("{side}/q35.xml"), document(Parts { devices: &devices, ..PARTS }));
    }
    let shown = page(&sandbox);
    assert_eq!(shown.matches("qemu-system-modules-spice").count(), 1, "{shown}");
    assert!(
        shown.contains("- devices.graphics.type spice - devices.video.modelType qxl"),
        "{shown}"
    );
}

#[test]
fn a_zero_is_a_no() {
    let sev = |plain: u32, es: u32| {
        format!(
            "<sev supported='yes'><maxGuests>{plain}</maxGuests><maxESGuests>{es}</maxESGuests></sev>"
        )
    };
    for (old, new, expected) in [
        ((410, 99), (509, 0), vec!["breaking launch-security-none "]),
        ((410, 99), (0, 509), vec!["breaking launch-security-none "]),
        ((410, 99), (409, 100), vec![]),
        ((509, 0), (410, 99), vec![]),
    ] {
        let sandbox = Sandbox::new();
        for (side, (plain, es)) in [("old", old), ("new", new)] {
            let features = sev(plain, es);
            sandbox.write(
                &format!("{side}/q35.xml"),
                document(Parts { features: &features, ..PARTS }),
            );
        }
        assert_eq!(matters(&sandbox), expected, "{old:?} {new:?}");
    }
}

#[test]
fn documents_of_two_domain_types_compare_accelerators() {
    let sandbox = Sandbox::new();
    let cpu = "<mode name='host-passthrough' supported='no'/>";
    sandbox.write("old/q35.xml", document(PARTS));
    sandbox.write("new/q35.xml", document(Parts { virttype: "qemu", cpu, ..PARTS }));
    let report = report(&sandbox);
    let first = &report["changes"][0];
    assert_eq!(
        [&first["kind"], &first["path"], &first["old"], &first["new"]],
        ["changed", "virttype", "kvm", "qemu"]
    );
    assert_eq!(matters(&sandbox), ["warning virttype-changed "]);
    assert_eq!(judged(&sandbox)[1][..3], ["info", "other-virttype", "cpu.mode[host-passthrough]"]);

    // With machine lists it is known that kvm is gone, and that is all there is to say.
    for (side, virttypes) in [("old", &["qemu", "kvm"][..]), ("new", &["qemu"])] {
        let list = capabilities("", virttypes, MACHINES);
        sandbox.write(&format!("{side}/capabilities.xml"), list);
    }
    let all = judged(&sandbox);
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(matters(&sandbox), ["breaking virttype-lost kvm"]);
}

#[test]
fn an_emulator_at_another_path_is_said_once_a_type() {
    let sandbox = Sandbox::new();
    sandbox.write("old/q35.xml", document(PARTS));
    sandbox.write("new/q35.xml", document(Parts { emulator: "/usr/libexec/qemu-kvm", ..PARTS }));
    let report = report(&sandbox);
    let changes = report["changes"].as_array().unwrap();
    let [moved] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!(moved["path"], "emulator[x86_64/kvm]");
    assert_eq!(
        (&moved["old"], &moved["new"]),
        (&PARTS.emulator.into(), &"/usr/libexec/qemu-kvm".into())
    );
    assert_eq!(matters(&sandbox), ["warning emulator-moved "]);

    // Two documents of one machine that are not compared by their emulators.
    sandbox.write("new/q35.xml", document(Parts { virttype: "qemu", emulator: "/q", ..PARTS }));
    assert_eq!(matters(&sandbox), ["warning virttype-changed "]);
}

#[test]
fn what_no_longer_lists_a_feature_proves_nothing_under_another_libvirt() {
    let mode = |features: &str| {
        format!("<mode name='host-model' supported='yes'><model>EPYC</model>{features}</mode>")
    };
    let has = "<feature policy='require' name='waitpkg'/>";
    let lacks = "<feature policy='disable' name='waitpkg'/>";
    for (old, new, versions_of, kind, severity) in [
        (has, "", [("9.0.0", "8.0.0"); 2], "lost", "warning"),
        ("", lacks, [("9.0.0", "8.0.0"); 2], "lost", "warning"),
        (lacks, "", [("9.0.0", "8.0.0"); 2], "gained", "info"),
        // libvirt alone is another, and with it what it knows of the model.
        (has, "", [("9.0.0", "8.0.0"), ("10.0.0", "8.0.0")], "unreported", "info"),
        // QEMU too: the documents do not decide.
        (has, "", [("9.0.0", "8.0.0"), ("10.0.0", "8.2.0")], "unreported", "warning"),
        ("", lacks, [("9.0.0", "8.0.0"), ("10.0.0", "8.2.0")], "reported", "warning"),
        (lacks, "", [("9.0.0", "8.0.0"), ("10.0.0", "8.2.0")], "unreported", "info"),
        ("", has, [("9.0.0", "8.0.0"), ("10.0.0", "8.2.0")], "reported", "info"),
        (has, lacks, [("9.0.0", "8.0.0"), ("10.0.0", "8.2.0")], "lost", "warning"),
    ] {
        let sandbox = Sandbox::new();
        for (side, features, (libvirt, qemu)) in
            [("old", old, versions_of[0]), ("new", new, versions_of[1])]
        {
            let cpu = mode(features);
            sandbox.write(&format!("{side}/q35.xml"), document(Parts { cpu: &cpu, ..PARTS }));
            sandbox.write(&format!("{side}/version.txt"), versions(libvirt, qemu));
        }
        let report = report(&sandbox);
        let [change] = &report["changes"].as_array().unwrap()[..] else { panic!("{report}") };
        assert_eq!(
            [&change["kind"], &change["severity"], &change["value"]],
            [kind, severity, "waitpkg"],
            "{old} > {new}, {versions_of:?}"
        );
    }
}

#[test]
fn a_model_is_a_version_only_of_one_that_is_listed() {
    let models = |names: &[&str]| {
        let models: String =
            names.iter().map(|name| format!("<model usable='yes'>{name}</model>")).collect();
        format!("<mode name='custom' supported='yes'>{models}</mode>")
    };
    let sandbox = Sandbox::new();
    for (side, libvirt, names) in [
        ("old", "9.0.0", &["EPYC"][..]),
        ("new", "11.3.0", &["EPYC", "EPYC-v1", "neoverse-n2", "neoverse-v1"]),
    ] {
        let cpu = models(names);
        sandbox.write(&format!("{side}/q35.xml"), document(Parts { cpu: &cpu, ..PARTS }));
        sandbox.write(&format!("{side}/version.txt"), versions(libvirt, "7.2.0"));
    }
    let rules: Vec<[String; 2]> =
        judged(&sandbox).into_iter().map(|[_, rule, _, value]| [rule, value]).collect();
    let expected =
        [["reporting-changed", "EPYC-v1"], ["gained", "neoverse-n2"], ["gained", "neoverse-v1"]];
    assert_eq!(rules, expected);
}

#[test]
fn what_a_newer_libvirt_no_longer_claims_is_excused_for_nobody_who_needs_it() {
    let sandbox = Sandbox::new();
    let tdx = |yes: &str| format!("<tdx supported='{yes}'/>");
    for (side, libvirt, yes) in [("old", "11.6.0", "yes"), ("new", "11.10.0", "no")] {
        let features = tdx(yes);
        sandbox.write(&format!("{side}/q35.xml"), document(Parts { features: &features, ..PARTS }));
        sandbox.write(&format!("{side}/version.txt"), versions(libvirt, "10.0.0"));
    }
    assert_eq!(matters(&sandbox), [""; 0]);
    // Without versions it is a loss, and what may explain it is said.
    for side in ["old", "new"] {
        std::fs::remove_file(sandbox.path(&format!("{side}/version.txt"))).unwrap();
    }
    assert_eq!(matters(&sandbox), ["breaking launch-security-lost "]);
    let [reason] = &reasons(&sandbox)[..] else { panic!("one change") };
    assert!(reason.contains("before 11.10") && reason.contains("if this is a libvirt upgrade"));
}

#[test]
fn a_cause_is_named_only_where_it_can_be_one() {
    let other = "<guest><os_type>hvm</os_type><arch name='aarch64'><emulator>/opt/old</emulator>\
        <machine>virt-5.2</machine><domain type='qemu'/></arch></guest></capabilities>";
    for (qemus, libvirts, is_named) in [
        (["7.0.0"; 2], ["11.3.0", "12.4.0"], true),
        (["7.2.0"; 2], ["11.3.0", "12.4.0"], false),
        (["7.0.0"; 2], ["12.4.0", "12.5.0"], false),
        (["6.1.0"; 2], ["11.1.0", "11.2.0"], true),
        // It was upgraded alongside, as with a release: then it was not installed again.
        (["5.2.0", "11.1.3"], ["7.0.0", "12.9.0"], false),
    ] {
        let sandbox = Sandbox::new();
        for (at, side) in ["old", "new"].into_iter().enumerate() {
            let (libvirt, qemu) = (libvirts[at], qemus[at]);
            sandbox.write(&format!("{side}/q35.xml"), document(PARTS));
            let list = capabilities("", &["kvm"], MACHINES);
            let list = match side {
                "old" => list.replace("</capabilities>", other),
                _ => list,
            };
            sandbox.write(&format!("{side}/capabilities.xml"), list);
            sandbox.write(&format!("{side}/version.txt"), versions(libvirt, qemu));
        }
        assert_eq!(matters(&sandbox), ["breaking emulator-lost /opt/old"]);
        let reasons = reasons(&sandbox);
        assert_eq!(reasons[0].contains("drives no QEMU older"), is_named, "{qemus:?} {libvirts:?}");
    }
}

#[test]
fn a_cpu_without_a_signature_is_unknown_and_not_another() {
    let vendor = "<vendor>AMD</vendor>";
    let signed = "<vendor>AMD</vendor><signature family='25' model='1' stepping='1'/>";
    let intel = "<vendor>Intel</vendor>";
    for (old, new, is_other) in [
        (vendor, signed, false),
        (signed, vendor, false),
        (signed, signed, false),
        (intel, signed, true),
    ] {
        let sandbox = Sandbox::new();
        for (side, cpu) in [("old", old), ("new", new)] {
            sandbox.write(&format!("{side}/q35.xml"), document(PARTS));
            sandbox
                .write(&format!("{side}/capabilities.xml"), capabilities(cpu, &["kvm"], MACHINES));
        }
        let report = report(&sandbox);
        let names: Vec<&str> = report["context"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["name"].as_str().unwrap())
            .collect();
        assert_eq!(names.contains(&"cpu"), is_other, "{old} {new}");
    }
}

#[test]
fn each_host_has_a_uri_of_its_own() {
    let fakes = Fakes::new();
    for host in ["a", "b"] {
        fakes.collect(host, &format!("snapshots/debian-12?{host}"), &["--machine", "pc"]).ok();
    }
    let uri = |host: &str| {
        let listed = fakes.run(&["snapshots", host, "--format", "json"]).json();
        listed["snapshots"][0]["context"]["uri"].as_str().unwrap().to_owned()
    };
    assert_ne!(uri("a"), uri("b"));
    let report = fakes.run(&["diff", "a", "b", "--format", "json"]).json();
    assert_eq!(report["context"], Value::Array(Vec::new()));
}

#[test]
fn every_format_says_what_json_advises() {
    let tpm = |backends: &str| {
        format!("<tpm supported='yes'><enum name='backendModel'>{backends}</enum></tpm>")
    };
    let sandbox = Sandbox::new();
    let old = tpm("<value>passthrough</value><value>emulator</value><value>external</value>");
    let new = tpm("<value>passthrough</value>");
    sandbox.write("old/q35.xml", document(Parts { devices: &old, ..PARTS }));
    sandbox.write("new/q35.xml", document(Parts { devices: &new, ..PARTS }));
    for (side, marked) in [("old", " deprecated='yes'"), ("new", "")] {
        let old = format!("<machine{marked}>pc-q35-2.4</machine><machine>pc-q35-2.5</machine>");
        let machines = match side {
            "old" => format!("{MACHINES}{old}"),
            _ => MACHINES.to_owned(),
        };
        sandbox.write(&format!("{side}/capabilities.xml"), capabilities("", &["kvm"], &machines));
    }
    let reasons = reasons(&sandbox);
    let advice = [
        "libvirt lists it only where swtpm and swtpm_setup are installed",
        "it was marked deprecated",
    ];
    for each in advice {
        assert!(reasons.iter().any(|reason| reason.contains(each)), "{reasons:?}");
    }
    for format in ["text", "markdown", "html", "json", "ndjson", "csv", "junit", "sarif", "github"]
    {
        let shown = sandbox.run(&["diff", "old", "new", "--format", format]).ok();
        // Markdown and HTML mark what is a name.
        let shown = shown.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ");
        for each in advice {
            assert!(shown.contains(each), "{format}: {shown}");
        }
    }
    let text = sandbox.run(&["diff", "old", "new"]).ok();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("devices.tpm.backendModel emulator, external"), "{text}");
    assert!(text.contains("it was marked deprecated (pc-q35-2.4)"), "{text}");
}
