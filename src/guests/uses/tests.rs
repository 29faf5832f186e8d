use super::*;
use crate::diff::{Difference, Evidence, Kind, Plain};

/// A guest of this machine with this inside.
fn guest(machine: &str, inside: &str) -> Guest {
    let text = format!(
        "<domain type='kvm'><name>g</name><os><type arch='x86_64' machine='{machine}'>hvm</type></os>\
         <devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices>{inside}</domain>"
    );
    crate::parse::guest(text.as_bytes()).unwrap()
}

fn target(old: &str, new: &str, alias: Option<&str>) -> ChangedTarget {
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    ChangedTarget {
        arch: known("x86_64"),
        virttype: known("kvm"),
        old_machine: known(old),
        new_machine: known(new),
        alias: alias.map(str::to_owned),
        emulator: known("/usr/bin/qemu-system-x86_64"),
    }
}

fn on(difference: Difference, targets: Vec<ChangedTarget>) -> Change {
    Change { difference, evidence: Evidence::default(), targets: targets.into() }
}

fn change(kind: Kind, path: &str, value: Option<&str>) -> Change {
    let difference = Difference::new(kind, path);
    let difference = match value {
        Some(value) => difference.with_value(value),
        None => difference,
    };
    on(difference, vec![target("m", "m", None)])
}

fn changed(path: &str, old: Plain, new: Plain) -> Change {
    let difference = Difference::new(Kind::Changed, path).with_sides(Some(old), Some(new));
    on(difference, vec![target("m", "m", None)])
}

fn hit(guest: &Guest, change: &Change) -> Option<String> {
    let known = Known::default();
    let alone = uses(guest, change, &known).map(Cow::into_owned);
    let indexed = UsedBy::new([guest], &known, &own(guest)).of(change);
    let indexed = indexed.into_iter().next().map(|(_, element)| element.into_owned());
    assert_eq!(alone, indexed, "the index answers like the one question");
    alone
}

/// A comparison of the very target of a guest.
fn own(guest: &Guest) -> Vec<ChangedTarget> {
    vec![ChangedTarget {
        arch: guest.arch.clone(),
        virttype: Some(guest.virttype.clone()),
        old_machine: guest.machine.clone(),
        new_machine: guest.machine.clone(),
        ..ChangedTarget::default()
    }]
}

#[test]
fn what_a_guest_needs_hits_it_when_it_is_lost() {
    let guest = guest(
        "m",
        "<devices><disk device='disk'><target bus='ide'/></disk><disk><target bus='ide'/></disk>\
         <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm></devices>\
         <vcpu>8</vcpu><iothreads>2</iothreads><features><hyperv><stimer state='on'/></hyperv></features>",
    );
    for (kind, path, value, element) in [
        (Kind::Lost, "devices.disk.bus", Some("ide"), "devices[2]/disk[1]/target bus=ide"),
        (Kind::Lost, "devices.disk", None, "devices[2]/disk[1] device=disk"),
        (Kind::Lost, "devices.tpm", None, "devices[2]/tpm model=tpm-crb"),
        (Kind::Lost, "iothreads", None, "iothreads 2"),
        (Kind::Lost, "features.hyperv", None, "features/hyperv/stimer state=on"),
        (
            Kind::Unreported,
            "devices.tpm.backendVersion",
            None,
            "devices[2]/tpm/backend version=2.0",
        ),
        (Kind::Unreported, "vcpu", None, "vcpu 8"),
        (Kind::Lost, "document", None, "domain"),
    ] {
        assert_eq!(hit(&guest, &change(kind, path, value)).as_deref(), Some(element), "{path}");
        let gained = if kind == Kind::Lost { Kind::Gained } else { Kind::Reported };
        assert_eq!(hit(&guest, &change(gained, path, value)), None, "{path} for the better");
    }
    for (kind, path, value) in [
        (Kind::Lost, "devices.disk.bus", Some("fdc")),
        (Kind::Lost, "devices.disk.busy", None),
        (Kind::Lost, "devices.rng", None),
        (Kind::Unreported, "features.gic", None),
    ] {
        assert_eq!(hit(&guest, &change(kind, path, value)), None, "{path}");
    }
}

#[test]
fn numbers_matter_below_what_the_guest_has() {
    let guest = guest("m", "<vcpu>300</vcpu>");
    let max = |new| changed("vcpu.max", Plain::Number(4096), Plain::Number(new));
    assert_eq!(hit(&guest, &max(255)).as_deref(), Some("vcpu 300"));
    assert_eq!(hit(&guest, &max(300)), None);
}

#[test]
fn what_was_denied_before_is_no_loss_when_it_is_not_reported() {
    let guest = guest("m", "<genid/>");
    let mut change = change(Kind::Unreported, "features.genid", None);
    assert!(hit(&guest, &change).is_some());
    change.difference.old = Some(Plain::text("no"));
    assert_eq!(hit(&guest, &change), None);
}

#[test]
fn cpu_models_hit_by_their_name_their_version_and_what_blocks_them() {
    const MODEL: &str = "cpu.mode[custom].model[Broadwell]";
    let cpu =
        "<cpu mode='custom'><model>Broadwell</model><feature policy='disable' name='hle'/></cpu>";
    let guest = guest("m", cpu);
    let mut unusable = change(Kind::Lost, &format!("{MODEL}.usable"), None);
    assert_eq!(hit(&guest, &unusable).as_deref(), Some("cpu/model Broadwell"));
    unusable.evidence.blockers = vec!["hle".into(), "rtm".into()];
    assert!(hit(&guest, &unusable).is_some());
    unusable.evidence.blockers = vec!["hle".into()];
    assert_eq!(hit(&guest, &unusable), None, "it does without");
    assert!(
        hit(&guest, &change(Kind::Lost, "cpu.mode[custom].model", Some("Broadwell"))).is_some()
    );
    assert_eq!(hit(&guest, &change(Kind::Lost, "cpu.mode[custom].model", Some("EPYC"))), None);
    assert!(hit(&guest, &change(Kind::Lost, "cpu.mode[custom]", None)).is_some());
    assert_eq!(hit(&guest, &change(Kind::Lost, "cpu.mode[host-model]", None)), None);
    let moved = changed(
        &format!("{MODEL}.canonical"),
        Plain::text("Broadwell-v3"),
        Plain::text("Broadwell-v4"),
    );
    assert!(hit(&guest, &moved).is_some());
    let deprecated =
        |new| changed(&format!("{MODEL}.deprecated"), Plain::text("no"), Plain::text(new));
    assert!(hit(&guest, &deprecated("yes")).is_some() && hit(&guest, &deprecated("no")).is_none());
}

#[test]
fn guests_that_take_the_hosts_cpu_depend_on_more_than_they_say() {
    let host_model = guest("m", "<cpu mode='host-model'/>");
    let passthrough = guest("m", "<cpu mode='host-passthrough' check='none'/>");
    let unmovable = guest("m", "<cpu mode='host-passthrough' migratable='off'/>");
    let custom = guest("m", "<cpu><model>EPYC</model><feature policy='require' name='svm'/></cpu>");
    let model =
        changed("cpu.mode[host-model].model", Plain::text("EPYC"), Plain::text("EPYC-Rome"));
    assert!(hit(&host_model, &model).is_some() && hit(&custom, &model).is_none());
    let svm = change(Kind::Lost, "cpu.mode[host-model].feature", Some("svm"));
    let pku = change(Kind::Lost, "cpu.mode[host-model].feature", Some("pku"));
    assert!(hit(&host_model, &svm).is_some() && hit(&host_model, &pku).is_some());
    assert_eq!(hit(&custom, &svm).as_deref(), Some("cpu/feature svm"));
    assert_eq!(hit(&custom, &pku), None);
    let migratable = "cpu.mode[host-passthrough].hostPassthroughMigratable";
    let migratable = change(Kind::Lost, migratable, Some("on"));
    assert!(hit(&passthrough, &migratable).is_some());
    assert!(hit(&unmovable, &migratable).is_none() && hit(&host_model, &migratable).is_none());
}

#[test]
fn firmware_is_named_or_chosen() {
    let lost = change(Kind::Lost, "os.loader.value", Some("/a.fd"));
    let first = changed("os.loader.value[0]", Plain::text("/a.fd"), Plain::text("/b.fd"));
    let xml = |os: &str| format!("<domain type='kvm'>{os}</domain>");
    let read = |os: &str| crate::parse::guest(xml(os).as_bytes()).unwrap();
    let named = read("<os><loader type='pflash'>/a.fd</loader></os>");
    assert_eq!(hit(&named, &lost).as_deref(), Some("os/loader /a.fd"));
    assert_eq!(hit(&named, &first), None);
    let chosen = read("<os firmware='efi'/>");
    assert!(hit(&chosen, &lost).is_none() && hit(&chosen, &first).is_some());
    let secure = read("<os firmware='efi'><loader secure='yes'/></os>");
    assert!(hit(&secure, &change(Kind::Lost, "os.loader.secure", Some("yes"))).is_some());
    let boot =
        "<os firmware='efi'><firmware><feature name='secure-boot' enabled='yes'/></firmware></os>";
    let boot = read(boot);
    assert!(hit(&boot, &change(Kind::Lost, "os.loader.secure", Some("yes"))).is_some());
    assert!(
        hit(&boot, &change(Kind::Lost, "os.firmwareFeatures.secureBoot", Some("yes"))).is_some()
    );
}

#[test]
fn sev_guests_depend_on_their_parameters() {
    let bits = changed("features.sev.cbitpos", Plain::Number(47), Plain::Number(51));
    assert!(hit(&guest("m", "<launchSecurity type='sev'/>"), &bits).is_some());
    assert!(hit(&guest("m", ""), &bits).is_none());
    let lost = change(Kind::Lost, "features.sev", None);
    assert!(hit(&guest("m", "<launchSecurity type='sev'/>"), &lost).is_some());
    assert!(hit(&guest("m", "<launchSecurity type='tdx'/>"), &lost).is_none());
}

#[test]
fn levels_hit_those_who_name_them() {
    let own = guest("m", "");
    let level = |path: &str, value: &str, target| {
        on(Difference::new(Kind::Lost, path).with_value(value), vec![target])
    };
    let gone = |path: &str, value: &str, element: &str| {
        let change = level(path, value, target("m", "", None));
        assert_eq!(hit(&own, &change).as_deref(), Some(element), "{path}");
    };
    gone("machine", "m", "os/type machine=m");
    gone("target", "x86_64/kvm/m", "os/type machine=m");
    gone("virttype", "kvm", "domain type=kvm");
    gone("arch", "x86_64", "os/type arch=x86_64");
    gone("emulator", "/opt/qemu-system-x86_64", "devices/emulator /usr/bin/qemu-system-x86_64");
    assert_eq!(hit(&own, &level("machine", "n", target("n", "", None))), None);
    assert_eq!(hit(&own, &level("virttype", "qemu", target("", "", None))), None);
    assert_eq!(hit(&own, &level("emulator", "/usr/bin/kvm", target("", "", None))), None);
}

#[test]
fn machine_lists_hit_those_who_name_the_machine() {
    let text = |text: &str| Plain::text(text);
    let deprecated = |new: &str| changed("machine[m].deprecated", text("no"), text(new));
    assert!(hit(&guest("m", ""), &deprecated("yes")).is_some());
    assert!(hit(&guest("m", ""), &deprecated("no")).is_none());
    let mut alias = changed("alias[q35]", text("m"), text("n"));
    alias.targets = [target("m", "n", Some("q35"))].into();
    assert!(hit(&guest("q35", ""), &alias).is_some());
    assert!(hit(&guest("m", ""), &alias).is_none(), "it stays on its machine");
}

#[test]
fn a_change_elsewhere_hits_nobody_here() {
    let ide = "<devices><disk><target bus='ide'/></disk></devices>";
    let lost =
        |targets| on(Difference::new(Kind::Lost, "devices.disk.bus").with_value("ide"), targets);
    assert!(hit(&guest("m", ide), &lost(vec![target("n", "n", None)])).is_none());
    assert!(
        hit(&guest("m", ide), &lost(vec![target("n", "n", None), target("m", "m", None)]))
            .is_some()
    );
    assert!(hit(&guest("m", ide), &lost(Vec::new())).is_some(), "no target: everyone");
    let moved = || lost(vec![target("m", "n", Some("q35"))]);
    assert!(hit(&guest("q35", ide), &moved()).is_some());
    assert!(hit(&guest("m", ide), &moved()).is_none() && hit(&guest("n", ide), &moved()).is_none());
    let chosen = || lost(vec![target("m", "n", None)]);
    assert!(
        hit(&guest("m", ide), &chosen()).is_some() && hit(&guest("n", ide), &chosen()).is_some()
    );
    let other = ChangedTarget { virttype: Some("qemu".into()), ..target("m", "m", None) };
    assert!(hit(&guest("m", ide), &lost(vec![other])).is_none());
    let other =
        ChangedTarget { emulator: Some("/usr/libexec/qemu-kvm".into()), ..target("m", "m", None) };
    assert!(
        hit(&guest("m", ide), &lost(vec![other])).is_some(),
        "the only one there, as far as is known"
    );
}

#[test]
fn suspicion_concerns_everyone() {
    let difference = Difference::new(Kind::Changed, "document.suspect")
        .with_sides(Some(Plain::text("no")), Some(Plain::text("yes")));
    assert!(hit(&guest("m", ""), &on(difference.clone(), Vec::new())).is_some());
    assert!(hit(&guest("m", ""), &on(difference.mirrored(), Vec::new())).is_none());
}

#[test]
fn a_real_upgrade_hits_those_who_use_what_it_took() {
    let mut contents = crate::side::Contents::default();
    let [old, new] =
        ["debian-12", "debian-13"].map(|name| crate::guests::testing::bundled(&mut contents, name));
    let compare = |old: &_, new: &_| contents.compare(old, new, crate::diff::Scope::default());
    let changes = crate::diff::snapshots(&old.observed, &new.observed, compare).unwrap().changes;
    let path = format!("{}/tests/guests/old-i440fx.xml", env!("CARGO_MANIFEST_DIR"));
    let legacy = crate::parse::guest(&std::fs::read(path).unwrap()).unwrap();
    let on = |machine: &str| Guest { machine: Some(machine.to_owned()), ..legacy.clone() };
    let guests = [legacy.clone(), on("pc-i440fx-7.2"), on("pc-i440fx-5.2"), on("q35")];
    let known = Known::of(&contents, [&old, &new], &guests).unwrap();
    let used_by = UsedBy::new(&guests, &known, &guests.iter().flat_map(own).collect::<Vec<_>>());
    let mut hits: Vec<Vec<String>> = vec![Vec::new(); guests.len()];
    for change in &changes {
        for (guest, element) in used_by.of(change) {
            assert_eq!(uses(&guests[guest], change, &known).as_ref(), Some(&element));
            let difference = &change.difference;
            hits[guest].push(format!("{} {}: {element}", difference.kind.name(), difference.path));
        }
        let number = guests.iter().filter(|guest| uses(guest, change, &known).is_some()).count();
        assert_eq!(number, used_by.of(change).len());
    }
    hits.iter_mut().for_each(|hits| hits.sort());
    assert_eq!(hits[0], ["lost machine: os/type machine=pc-i440fx-2.1"]);
    let devices = [
        "lost devices.channel.type: devices/channel type=spicevmc",
        "lost devices.graphics.type: devices/graphics type=spice",
        "lost devices.video.modelType: devices/video/model type=qxl",
    ];
    assert_eq!(hits[1], devices);
    let deprecated = "changed machine[pc-i440fx-5.2].deprecated: os/type machine=pc-i440fx-5.2";
    assert_eq!(hits[2], [&[deprecated], &devices[..]].concat());
    let moved = "changed alias[q35]: os/type machine=q35";
    assert_eq!(hits[3], [&[moved], &devices[..]].concat());
}
