//! Rules about firmware and loaders.

use super::Area::Firmware;
use super::Severity::{Breaking, Info, Warning};
use super::{Mirror, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "loader-removed",
        area: Some(Firmware),
        severity: Breaking,
        summary: "a firmware image is gone",
        explanation: "No machine of the new side lists the file, and libvirt looked for it: where no \
            firmware descriptor names a machine, libvirt lists what exists of the files that it was \
            built to look for, and this is one of them. Guests record the path: since libvirt 9.2 \
            firmware is chosen once, when the guest is defined, and `<loader>` and `<nvram template=` \
            keep it. Those guests do not start, and a migration from a host that has the file fails \
            here.",
        advice: "Install the firmware package again, or find the guests by `<loader>` in `virsh \
            dumpxml GUEST --inactive` and let them name another image of the same size and kind. From \
            a 2M image to a 4M one, start them once with `--reset-nvram`.",
        mirror: Mirror::Rule("reporting-changed"),
    },
    Rule {
        id: "loader-unlisted",
        area: Some(Firmware),
        severity: Warning,
        summary: "no document lists a firmware image any more; it may still exist",
        explanation: "libvirt lists the images that firmware descriptors name, or, for machines that no \
            descriptor names, those that it was built to look for. No machine of the new side lists \
            this one. Its file may be gone; or it is there and only the descriptor names another one, \
            as the link AAVMF_CODE.fd of Debian 13 on arm64; or this build of libvirt looks for other \
            files. libvirt starts any file that exists, so the documents do not decide.",
        advice: "Look for the file on the host. If the file still exists, no action is needed. If not, \
            find the guests by `<loader>` in `virsh dumpxml GUEST --inactive` and let them name another \
            image.",
        mirror: Mirror::Rule("reporting-changed"),
    },
    Rule {
        id: "loader-still-listed",
        area: Some(Firmware),
        severity: Info,
        summary: "a firmware image is listed for other machines only",
        explanation: "The image is no longer listed for these machines, and still for others of the \
            same host, so the file exists. libvirt starts any file that exists: guests whose XML names \
            it start as before. Only where libvirt chooses the firmware by itself does it choose among \
            the images that are listed for the machine.",
        advice: "Nothing need be done.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "loader-renamed",
        area: Some(Firmware),
        severity: Warning,
        summary: "a firmware image is listed under another name",
        explanation: "One path is no longer listed and another of the same role came: a 2M image gave \
            way to a 4M one (Debian, Ubuntu 24.04), a .fd to a .qcow2 (Fedora 39), or the folder moved. \
            libvirt does not follow: since 9.2 it chooses firmware when a guest is defined and \
            records the path, so guests of the old path start only where that file still exists, \
            while new guests get the new one. The NVRAM is part of the matter: the variables of a 2M image \
            cannot be used with a 4M one, and those of a .fd must be converted for a .qcow2.",
        advice: "Look for the old file on the host. Where it is gone, for each guest put the new path into `<loader>` and `<nvram template=` with \
            `virsh edit GUEST`. From 2M to 4M start it once with `virsh start GUEST --reset-nvram` \
            (libvirt 8.1), which forgets boot entries and enrolled keys; for a .qcow2 add \
            format='qcow2' to both elements and convert the guest's own NVRAM file with `qemu-img \
            convert -f raw -O qcow2`. Where only the folder moved, a link from the old path does.",
        mirror: Mirror::Rule("loader-renamed"),
    },
    Rule {
        id: "loader-default-changed",
        area: Some(Firmware),
        severity: Warning,
        summary: "libvirt tries another firmware image first",
        explanation: "The order of the list is that of the firmware descriptors by file name, over all \
            folders; a file in /etc/qemu/firmware takes the place of one of the same name in \
            /usr/share/qemu/firmware. Where a guest says only `<os firmware='efi'>`, libvirt takes \
            the first image that fits, so new guests now get another one: with or without Secure \
            Boot, enrolled keys, or qcow2. Since libvirt 9.2 guests that exist keep what they have; \
            older versions choose anew at every start.",
        advice: "Look at the head of `os.loader.value` on both sides. To keep the old choice, ask \
            for it in the guest's XML (`<loader>`, or `<feature name='secure-boot'>` in \
            `<firmware>`), or put a descriptor of a lower name into /etc/qemu/firmware.",
        mirror: Mirror::Rule("loader-default-changed"),
    },
    Rule {
        id: "firmware-without-loader",
        area: Some(Firmware),
        severity: Breaking,
        summary: "UEFI is offered, and no firmware image is left",
        explanation: "`os.firmware` comes from the descriptors in /usr/share/qemu/firmware and \
            /etc/qemu/firmware, `os.loader.value` from the files that exist. When only the first \
            says efi, a descriptor is left whose image is gone, as after removing half of a \
            package or in an incomplete container image. Programs that look at `os.firmware` go on \
            choosing UEFI, and every such guest fails: existing ones for the path they record, new \
            ones for the file that libvirt would have chosen.",
        advice: "Reinstall the firmware package (ovmf, edk2-ovmf, qemu-efi-aarch64), or delete the \
            stale descriptor so that nothing promises efi.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "firmware-lost",
        area: Some(Firmware),
        severity: Breaking,
        summary: "a firmware choice is gone",
        explanation: "The host no longer offers a kind of firmware (`<os firmware='efi'>`, or \
            bios), a way to load it (`<loader type='pflash'>`) or a loader at all. The choice of \
            firmware depends on a descriptor file that fits architecture and machine, so it goes \
            with the firmware package or with a descriptor that no longer names this machine. \
            Guests that ask for it cannot be defined or started, and cannot arrive.",
        advice: "Compare `ls /usr/share/qemu/firmware /etc/qemu/firmware` with a host that still \
            offers it, and install the firmware package of the guest's architecture.",
        mirror: Mirror::Rule("gained"),
    },
    Rule {
        id: "secure-boot-lost",
        area: Some(Firmware),
        severity: Breaking,
        summary: "no firmware for Secure Boot is left for this machine",
        explanation: "Either `os.loader.secure` or, which libvirt reports since 12.1, \
            `os.firmwareFeatures.secureBoot` lost yes. The former follows from a descriptor with \
            the feature requires-smm, which is how Secure Boot works on x86 and not on aarch64; \
            the latter is the better witness where both are reported. Guests with `<loader \
            secure='yes'>` or `<feature enabled='yes' name='secure-boot'>` cannot start or arrive, \
            and no new one can be defined.",
        advice: "Install the build of OVMF or edk2 with Secure Boot again; see that its descriptor \
            names the machine (on x86 q35 only) with requires-smm and secure-boot.",
        mirror: Mirror::Rule("gained"),
    },
];
