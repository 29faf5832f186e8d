use super::*;

/// The guests under `tests/guests`, which libvirt 11.3's schema accepts.
fn real(name: &str) -> Guest {
    let path = format!("{}/tests/guests/{name}.xml", env!("CARGO_MANIFEST_DIR"));
    guest(&std::fs::read(path).unwrap()).unwrap()
}

/// `path wants what, because of element`, one line for each need.
fn needs(guest: &Guest) -> Vec<String> {
    let wanted = |wanted: &Wanted| match wanted {
        Wanted::Supported => String::new(),
        Wanted::Member(name) => format!("={name}"),
        Wanted::AtLeast(number) => format!(">={number}"),
        other => format!(" {other:?}"),
    };
    let line = |need: &Need| {
        let witnesses = need.witnesses().map(|(path, it)| format!("{path}{}", wanted(it)));
        format!("{} <- {}", witnesses.collect::<Vec<_>>().join(" or "), need.element)
    };
    guest.needs.iter().map(line).collect()
}

/// The needs of a domain with this inside.
fn of(inside: &str) -> Vec<String> {
    let xml = format!("<domain type='kvm'><name>g</name>{inside}</domain>");
    needs(&guest(xml.as_bytes()).unwrap())
}

#[test]
fn a_guest_says_what_it_is_and_a_minimal_one_needs_no_more() {
    let minimal = real("minimal");
    assert_eq!(
        (minimal.name.as_str(), minimal.to_string().as_str()),
        ("tiny", "x86_64/qemu/pc-q35-7.2")
    );
    assert_eq!(minimal.emulator.as_deref(), Some("/usr/bin/qemu-system-x86_64"));
    assert_eq!(minimal.needs, []);
    assert_eq!(guest(b"<domain/>").unwrap().to_string(), "*//*");
}

#[test]
fn an_old_guest_with_its_old_devices() {
    insta::assert_snapshot!(needs(&real("old-i440fx")).join("\n"), @r#"
    devices.disk.diskDevice=disk <- devices/disk[1] device=disk
    devices.disk.bus=ide <- devices/disk[1]/target bus=ide
    devices.disk.diskDevice=cdrom <- devices/disk[3] device=cdrom
    devices.disk.diskDevice=floppy <- devices/disk[4] device=floppy
    devices.disk.bus=fdc <- devices/disk[4]/target bus=fdc
    devices.console.type MemberIfReported("pty") <- devices/console type=pty
    devices.channel.type MemberIfReported("spicevmc") <- devices/channel type=spicevmc
    devices.graphics.type=spice <- devices/graphics type=spice
    devices.video.modelType=qxl <- devices/video/model type=qxl
    vcpu.max>=2 <- vcpu 2
    cpu.mode[custom].model[Westmere].usable Model(CpuModelNeed { name: "Westmere", without: [], check: Partial, may_fall_back: true, is_strict: false, has_extra_features: false, is_emulated: true }) <- cpu/model Westmere
    "#);
}

#[test]
fn a_big_guest_that_takes_the_host_as_it_is() {
    insta::assert_snapshot!(needs(&real("big-passthrough")).join("\n"), @r#"
    features.vmcoreinfo <- features/vmcoreinfo state=on
    devices.disk.diskDevice=lun <- devices/disk[1] device=lun
    devices.disk.bus=scsi <- devices/disk[1]/target bus=scsi
    devices.disk.diskDevice=disk <- devices/disk[2] device=disk
    devices.disk.model=virtio-non-transitional <- devices/disk[2] model=virtio-non-transitional
    devices.disk.bus=virtio <- devices/disk[2]/target bus=virtio
    devices.filesystem.driverType=virtiofs <- devices/filesystem/driver type=virtiofs
    devices.console.type MemberIfReported("pty") <- devices/console type=pty
    devices.channel.type MemberIfReported("unix") <- devices/channel type=unix
    devices.video.modelType=none <- devices/video/model type=none
    devices.hostdev.mode=subsystem <- devices/hostdev[1] mode=subsystem
    devices.hostdev.subsysType=pci <- devices/hostdev[1] type=pci
    devices.hostdev.subsysType=usb <- devices/hostdev[2] type=usb
    devices.hostdev.startupPolicy=optional <- devices/hostdev[2]/source startupPolicy=optional
    devices.panic.model MemberIfReported("pvpanic") <- devices/panic model=pvpanic
    vcpu.max>=512 <- vcpu 512
    iothreads <- iothreads 4
    devices.hostdev.pciBackend=vfio <- devices/interface/driver name=vfio
    os.firmware=efi <- os firmware=efi
    cpu.mode[host-passthrough] <- cpu mode=host-passthrough
    cpu.mode[host-passthrough].hostPassthroughMigratable=on <- cpu migratable=on
    cpu.mode[host-model].maxphysaddr.mode TextIfReported("passthrough") <- cpu/maxphysaddr mode=passthrough
    cpu.mode[host-model].feature Feature { name: "invtsc", is_unchecked: true } <- cpu/feature invtsc
    "#);
}

#[test]
fn a_windows_guest_needs_its_enlightenments_its_tpm_and_its_firmware() {
    let needs = needs(&real("windows-11"));
    for expected in [
        "features.hyperv.features=stimer <- features/hyperv/stimer state=on",
        "devices.tpm.backendVersion=2.0 <- devices/tpm/backend version=2.0",
        "os.loader.secure=yes <- os/loader secure=yes",
        "memoryBacking.sourceType=memfd <- memoryBacking/source type=memfd",
    ] {
        assert!(needs.iter().any(|need| need == expected), "{expected}: {needs:#?}");
    }
    let is_there = |text: &str| needs.iter().any(|need| need.contains(text));
    assert!(is_there("OVMF_CODE_4M.ms.fd") && is_there(r#"without: ["xsaves"]"#));
    assert!(!is_there("reset"), "an enlightenment that is off");
    assert!(!is_there("firmwareFeatures"), "they are those of the image that is named");
}

#[test]
fn firmware_that_libvirt_chooses_needs_its_features() {
    let os = "<os firmware='efi'><firmware><feature enabled='yes' name='secure-boot'/>\
        <feature enabled='no' name='enrolled-keys'/></firmware></os>";
    let expected = [
        "os.firmware=efi <- os firmware=efi",
        "os.firmwareFeatures.secureBoot=yes or os.loader.secure=yes <- os/firmware/feature secure-boot=yes",
        "os.firmwareFeatures.enrolledKeys MemberIfReported(\"no\") <- os/firmware/feature enrolled-keys=no",
    ];
    assert_eq!(of(os), expected);
}

#[test]
fn only_images_that_libvirt_chooses_must_be_listed() {
    let must = |os: &str| of(os).iter().any(|need| need.contains("must_be_listed: true"));
    assert!(!must("<os><loader type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader></os>"));
    assert!(must("<os firmware='efi'><loader type='pflash'>/opt/own.fd</loader></os>"));
    assert!(!must("<os><loader type='pflash'>/opt/own.fd</loader></os>"));
    assert!(!must("<os><loader type='rom'>/usr/share/seabios/bios.bin</loader></os>"));
}

#[test]
fn confidential_guests_have_two_witnesses_where_there_are_two() {
    let sev = "features.launchSecurity.sectype=sev or features.sev <- launchSecurity type=sev";
    assert!(needs(&real("sev")).iter().any(|need| need == sev));
    assert_eq!(
        of("<launchSecurity type='sev-snp'/>"),
        ["features.launchSecurity.sectype=sev-snp <- launchSecurity type=sev-snp"]
    );
}

#[test]
fn the_agent_of_a_channel_is_told_of_by_consoles() {
    assert_eq!(
        of("<devices><channel type='qemu-vdagent'/></devices>"),
        [
            "devices.console.type MemberIfReported(\"qemu-vdagent\") <- devices/channel type=qemu-vdagent"
        ]
    );
}

#[test]
fn the_policy_says_which_kind_of_sev_guest_it_is() {
    let count = |policy: &str| {
        let needs = of(&format!("<launchSecurity type='sev'>{policy}</launchSecurity>"));
        needs.last().unwrap().split(' ').next().unwrap().to_owned()
    };
    assert_eq!(count("<policy>0x3</policy>"), "features.sev.maxGuests");
    assert_eq!(count("<policy>0x7</policy>"), "features.sev.maxESGuests");
    assert_eq!(count("<policy>5</policy>"), "features.sev.maxESGuests");
    assert_eq!(count(""), "features.sev.maxGuests");
}

#[test]
fn what_no_document_says_of_firmware_is_open() {
    let open = |os: &str, features: &str| {
        let text = format!("<domain type='kvm'>{os}<features>{features}</features></domain>");
        guest(text.as_bytes()).unwrap().open.len()
    };
    let efi = |loader: &str| format!("<os firmware='efi'>{loader}</os>");
    assert_eq!(open(&efi(""), ""), 0);
    assert_eq!(open(&efi(""), "<smm state='off'/>"), 1);
    assert_eq!(open(&efi(""), "<smm state='on'/>"), 0);
    assert_eq!(open("<os/>", "<smm state='off'/>"), 0);
    assert_eq!(open(&efi("<loader stateless='yes'/>"), ""), 1);
    assert_eq!(open(&efi("<loader readonly='no'/>"), ""), 1);
    assert_eq!(open(&efi("<loader readonly='yes'/>"), ""), 0);
    let named = |format: &str, name: &str| {
        open(&format!("<os><loader format='{format}'>{name}</loader></os>"), "")
    };
    assert_eq!((named("qcow2", "/a.qcow2"), named("raw", "/a.fd")), (0, 0));
    assert_eq!((named("raw", "/a.qcow2"), named("qcow2", "/a.fd")), (1, 1));
}

#[test]
fn an_emulated_cpu_is_not_compared_unless_it_is_asked_for() {
    let check = |kind: &str, check: &str| {
        let cpu = format!("<cpu {check}><model>A</model></cpu>");
        let guest = guest(format!("<domain type='{kind}'>{cpu}</domain>").as_bytes()).unwrap();
        match &guest.needs[0].wanted {
            Wanted::Model(model) => model.check,
            other => panic!("{other:?}"),
        }
    };
    use crate::model::CpuCheck::{Full, None, Partial};
    assert_eq!((check("kvm", ""), check("qemu", "")), (Partial, None));
    assert_eq!(check("qemu", "check='partial'"), Partial);
    assert_eq!((check("kvm", "check='none'"), check("kvm", "check='full'")), (None, Full));
}

#[test]
fn two_guests_in_a_file_are_named_so() {
    let error = guest(b"<domain/>\n<domain/>\n").unwrap_err();
    assert_eq!(error.problem, Problem::SeveralGuests);
    assert_ne!(guest(b"<domain/>\ntext").unwrap_err().problem, Problem::SeveralGuests);
}

#[test]
fn values_that_libvirt_never_reports_are_no_need() {
    let hostdev = "<devices><hostdev mode='subsystem' type='mdev'/>\
        <channel type='dbus'/><disk><target bus='sd'/></disk></devices>";
    assert_eq!(of(hostdev), ["devices.hostdev.mode=subsystem <- devices/hostdev mode=subsystem"]);
}

#[test]
fn enclaves_need_all_their_memory_together() {
    let memory = "<devices><memory model='sgx-epc'><target><size unit='KiB'>1024</size></target></memory>\
        <memory model='sgx-epc'><target><size unit='MiB'>2</size></target></memory></devices>";
    let expected = [
        "features.sgx <- devices/memory[1] model=sgx-epc",
        "features.sgx.section_size>=3072 <- devices/memory[1] model=sgx-epc",
    ];
    assert_eq!(of(memory), expected);
}

#[test]
fn policies_of_features_mean_what_they_say() {
    let cpu = "<cpu mode='custom'><model>M</model><feature name='a'/><feature policy='require' name='b'/>\
        <feature policy='force' name='c'/><feature policy='optional' name='d'/>\
        <feature policy='disable' name='e'/><feature policy='forbid' name='f'/></cpu>";
    let needs = of(cpu);
    assert_eq!(needs.len(), 4, "{needs:#?}");
    assert!(needs[0].contains(r#"without: ["d", "e", "f"]"#), "{needs:#?}");
    for (at, name) in [(1, "\"a\""), (2, "\"b\""), (3, "NoFeature(\"f\")")] {
        assert!(needs[at].contains(name), "{needs:#?}");
    }
}

#[test]
fn a_domain_is_found_in_what_holds_one() {
    let inner = "<domain type='kvm'><name>g</name></domain>";
    for holder in ["domstatus", "domainsnapshot"] {
        let text = format!("<{holder}><name>s</name>{inner}</{holder}>");
        assert_eq!(guest(text.as_bytes()).unwrap().name, "g");
    }
    let error = guest(b"<domainsnapshot/>").unwrap_err();
    assert_eq!(error.to_string(), "1:1: root is <domainsnapshot>, not <domain>");
    let error = guest(b"<network/>").unwrap_err();
    assert_eq!(error.to_string(), "1:1: root is <network>, not <domain>");
    assert!(guest(b"<domain>").is_err() && guest(b"").is_err());
}
