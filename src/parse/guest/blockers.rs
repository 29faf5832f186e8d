//! What never migrates, or not surely: the table, read from the guest's XML.
//!
//! (seen) marks what libvirt 9.0.0 and QEMU 7.2 were seen to refuse (`virsh save`).

use super::Reader;
use crate::model::MigrationBlocker;
use crate::parse::xml::Element;

/// What must be so of an element.
enum BlockerTest {
    /// It is there.
    Present,
    /// The attribute has this value.
    Is(&'static str, &'static str),
    /// The attribute has another value, or none.
    IsNot(&'static str, &'static str),
}

/// An element that keeps a guest from migrating.
struct BlockerRow {
    /// The element, below `<domain>`.
    at: &'static str,
    test: BlockerTest,
    is_certain: bool,
    text: &'static str,
    lifted_by_qemu: Option<[u32; 3]>,
}

use BlockerTest::{Is, IsNot, Present};

/// It is always refused.
const fn never(at: &'static str, test: BlockerTest, text: &'static str) -> BlockerRow {
    BlockerRow { at, test, is_certain: true, text, lifted_by_qemu: None }
}

/// It is refused by every QEMU before this version.
const fn before(qemu: [u32; 3], row: BlockerRow) -> BlockerRow {
    let BlockerRow { at, test, is_certain, text, .. } = row;
    BlockerRow { at, test, is_certain, text, lifted_by_qemu: Some(qemu) }
}

/// It depends on what no document tells.
const fn perhaps(at: &'static str, test: BlockerTest, text: &'static str) -> BlockerRow {
    BlockerRow { at, test, is_certain: false, text, lifted_by_qemu: None }
}

const VFIO: &str =
    "a device of the host migrates only where its VFIO driver can, which is in no document";
const HOST_DEVICE: &str = "a device of the host does not migrate by itself";
const SECRET: &str = "QEMU refuses to migrate such a guest";

/// The table: one line for each reason.
const ROWS: &[BlockerRow] = &[
    // qemu_migration.c, qemuMigrationSrcIsAllowed: only role='master' is allowed [D].
    never(
        "devices/shmem",
        IsNot("role", "master"),
        "shared memory migrates only with role='master'",
    ),
    // qemu_migration.c, qemuMigrationSrcIsAllowed: "migration with transient disk is not supported" [D].
    never("devices/disk/transient", Present, "libvirt refuses to migrate a transient disk"),
    // hw/usb/dev-audio.c: unmigratable [D].
    never("devices/sound", Is("model", "usb"), "QEMU cannot migrate a USB sound card"),
    // hw/nvme/ctrl.c: unmigratable.
    never("devices/disk/target", Is("bus", "nvme"), "QEMU cannot migrate an NVMe controller"),
    // hw/display/virtio-gpu-base.c: "virgl is not yet migratable".
    never(
        "devices/video/model/acceleration",
        Is("accel3d", "yes"),
        "QEMU cannot migrate a display with 3D acceleration",
    ),
    // hw/virtio/virtio-crypto.c, QEMU 7.2: unmigratable [D]; a later QEMU may have learnt it.
    perhaps("devices/crypto", Present, "QEMU 7.2 cannot migrate a crypto device"),
    // hw/9pfs/9p.c blocks while the guest has the export mounted.
    perhaps(
        "devices/filesystem/driver",
        Is("type", "path"),
        "a 9p filesystem does not migrate while the guest has it mounted",
    ),
    perhaps(
        "devices/filesystem/driver",
        Is("type", "handle"),
        "a 9p filesystem does not migrate while the guest has it mounted",
    ),
    // hw/usb/dev-mtp.c: unmigratable.
    never("devices/filesystem/driver", Is("type", "mtp"), "QEMU cannot migrate an MTP filesystem"),
    // ui/vdagent.c before 10.1: "The vdagent chardev doesn't yet support migration".
    before(
        [10, 1, 0],
        never(
            "devices/channel",
            Is("type", "qemu-vdagent"),
            "QEMU before 10.1 cannot migrate a vdagent channel",
        ),
    ),
    // hw/i386/amd_iommu.c: unmigratable, up to 10.1 at least.
    perhaps(
        "devices/iommu",
        Is("model", "amd"),
        "QEMU cannot migrate an AMD IOMMU, as far as is known",
    ),
    // docs/formatdomain.rst, smartcard: a reader of the host, or its certificates.
    perhaps("devices/smartcard", Is("mode", "host"), "a smart card of the host does not migrate"),
    perhaps(
        "devices/smartcard",
        Is("mode", "host-certificates"),
        "certificates of the host do not migrate",
    ),
    // docs/formatdomain.rst, tpm: the daemon is not libvirt's.
    perhaps(
        "devices/tpm/backend",
        Is("type", "external"),
        "libvirt does not migrate the state of a TPM that it did not start",
    ),
    // docs/formatdomain.rst, memory: pages of the host's processor.
    perhaps(
        "devices/memory",
        Is("model", "sgx-epc"),
        "whether memory of an enclave migrates is in no document",
    ),
    // qemu_migration.c, qemuMigrationSrcIsSafe: "Migration without shared storage is unsafe".
    perhaps("devices/disk", Is("type", "nvme"), "the disk is an NVMe device of the host"),
    // Migration of vhost-user-fs is up to virtiofsd (1.11 and later) and QEMU 8.2.
    perhaps(
        "devices/filesystem/driver",
        Is("type", "virtiofs"),
        "virtiofs migrates only with a virtiofsd that can, which is in no document",
    ),
    // qemu_migration.c, qemuMigrationSrcIsAllowedHostdev.
    perhaps("devices/hostdev", Is("type", "pci"), VFIO),
    perhaps("devices/hostdev", Is("type", "mdev"), VFIO),
    perhaps("devices/hostdev", Is("type", "usb"), HOST_DEVICE),
    perhaps("devices/hostdev", Is("type", "scsi"), HOST_DEVICE),
    perhaps("devices/hostdev", Is("type", "scsi_host"), HOST_DEVICE),
    perhaps("devices/interface", Is("type", "hostdev"), VFIO),
    // qemu_migration.c, qemuMigrationSrcIsAllowed: "vDPA devices cannot be migrated", unless QEMU
    // itself tells what blocks.
    perhaps(
        "devices/interface",
        Is("type", "vdpa"),
        "whether a vDPA device migrates is in no document",
    ),
    perhaps(
        "devices/disk",
        Is("type", "vhostvdpa"),
        "whether a vDPA device migrates is in no document",
    ),
    // An input device of the host (virtio-input-host): unmigratable in hw/input/virtio-input-host.c.
    perhaps("devices/input", Is("type", "passthrough"), HOST_DEVICE),
    perhaps("devices/input", Is("type", "evdev"), HOST_DEVICE),
    // docs/formatdomain.rst, tpm: one physical device of the host.
    perhaps("devices/tpm/backend", Is("type", "passthrough"), "the host's TPM does not migrate"),
    // target/i386/sev.c: "SEV: Migration is not implemented".
    never("launchSecurity", Is("type", "sev"), SECRET),
    never("launchSecurity", Is("type", "sev-snp"), SECRET),
    perhaps("launchSecurity", Is("type", "tdx"), "whether TDX guests migrate is in no document"),
    perhaps(
        "launchSecurity",
        Is("type", "s390-pv"),
        "whether Secure Execution guests migrate is in no document",
    ),
    // QEMU docs/system/i386/hyperv.rst: passthrough is not for migration.
    perhaps(
        "features/hyperv",
        Is("mode", "passthrough"),
        "the enlightenments are whatever the host has, which is not safe to migrate",
    ),
    // docs/drvqemu.rst: what is passed on is unsupported, and in no document.
    perhaps("commandline/arg", Present, "libvirt knows nothing of arguments passed to QEMU"),
    perhaps("commandline/env", Present, "libvirt knows nothing of variables passed to QEMU"),
    perhaps("override/device", Present, "libvirt knows nothing of properties passed to QEMU"),
];

/// Everything that keeps a guest from migrating, each reason once.
pub(super) fn of(reader: &Reader<'_>) -> Vec<MigrationBlocker> {
    let mut found: Vec<MigrationBlocker> = Vec::new();
    reader.each(|element, path, place| {
        // Elements of QEMU's own namespace have a prefix.
        let local: Vec<&str> =
            path.split('/').map(|name| name.rsplit(':').next().unwrap_or(name)).collect();
        let local = local.join("/");
        for row in ROWS.iter().filter(|row| row.at == local && holds(reader, element, &row.test)) {
            let place = match row.test {
                Is(name, value) => format!("{place} {name}={value}"),
                Present | IsNot(..) => place.to_owned(),
            };
            if !found.iter().any(|known| known.text == row.text) {
                let (is_certain, text) = (row.is_certain, row.text.to_owned());
                let lifted_by_qemu = row.lifted_by_qemu;
                found.push(MigrationBlocker { element: place, is_certain, text, lifted_by_qemu });
            }
        }
    });
    found.extend(without_tsc_frequency(reader));
    found.extend(shared_by_default(reader));
    found
}

/// 9p is what shares a folder where no driver is named (hw/9pfs/9p.c, as above).
fn shared_by_default(reader: &Reader<'_>) -> Option<MigrationBlocker> {
    let mut found = None;
    reader.each(|element, path, place| {
        let kind = reader.xml.attribute(element, "type");
        let driver = reader.xml.child(element, "driver");
        let is_named = driver.is_some_and(|it| reader.xml.attribute(it, "type").is_some());
        let is_qemu = matches!(reader.virttype(), "kvm" | "qemu");
        if path == "devices/filesystem"
            && matches!(kind, None | Some("mount"))
            && !is_named
            && is_qemu
        {
            found.get_or_insert_with(|| MigrationBlocker {
                element: place.to_owned(),
                is_certain: false,
                text: "a 9p filesystem does not migrate while the guest has it mounted".to_owned(),
                lifted_by_qemu: None,
            });
        }
    });
    found
}

fn holds(reader: &Reader<'_>, element: &Element<'_>, test: &BlockerTest) -> bool {
    match *test {
        Present => true,
        Is(name, value) => reader.xml.attribute(element, name) == Some(value),
        IsNot(name, value) => reader.xml.attribute(element, name) != Some(value),
    }
}

/// An invariant TSC needs a frequency that the destination can keep (qemu_migration.c,
/// qemuMigrationSrcIsAllowed); so does the re-enlightenment of Hyper-V once the guest has switched it
/// on (kubevirt#7986).
fn without_tsc_frequency(reader: &Reader<'_>) -> Vec<MigrationBlocker> {
    let mut has_frequency = false;
    let mut found = Vec::new();
    reader.each(|element, path, place| {
        let attribute = |name: &str| reader.xml.attribute(element, name);
        match path {
            "clock/timer" => {
                has_frequency |=
                    attribute("name") == Some("tsc") && attribute("frequency").is_some();
            }
            "cpu/feature" if attribute("name") == Some("invtsc") => {
                let is_required =
                    attribute("policy").is_none_or(|policy| ["require", "force"].contains(&policy));
                if is_required {
                    let text = "a guest with invtsc migrates only with a tsc frequency".to_owned();
                    let element = "cpu/feature invtsc".to_owned();
                    found.push(MigrationBlocker {
                        element,
                        is_certain: true,
                        text,
                        lifted_by_qemu: None,
                    });
                }
            }
            "features/hyperv/reenlightenment" if attribute("state") == Some("on") => {
                let text =
                    "once the guest uses it, it migrates only with a tsc frequency".to_owned();
                let element = format!("{place} state=on");
                found.push(MigrationBlocker {
                    element,
                    is_certain: false,
                    text,
                    lifted_by_qemu: None,
                });
            }
            _ => {}
        }
    });
    if has_frequency {
        found.clear();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{BlockerTest, ROWS};

    /// Whether each blocker of a guest with this inside is certain.
    fn blockers(inside: &str) -> Vec<bool> {
        let text = format!("<domain type='kvm'>{inside}</domain>");
        let guest = crate::parse::guest(text.as_bytes()).unwrap();
        guest.blockers.iter().map(|it| it.is_certain).collect()
    }

    #[test]
    fn each_line_of_the_table_blocks_and_its_opposite_does_not() {
        for row in ROWS {
            let names: Vec<&str> = row.at.split('/').collect();
            let with = |attributes: String| {
                let (last, above) = names.split_last().unwrap();
                let inner = format!("<{last} {attributes}/>");
                above.iter().rev().fold(inner, |inside, name| format!("<{name}>{inside}</{name}>"))
            };
            let (hit, miss) = match row.test {
                BlockerTest::Present => (with(String::new()), String::new()),
                BlockerTest::Is(name, value) => {
                    (with(format!("{name}='{value}'")), with(format!("{name}='other'")))
                }
                BlockerTest::IsNot(name, value) => {
                    (with(String::new()), with(format!("{name}='{value}'")))
                }
            };
            assert_eq!(blockers(&hit), [row.is_certain], "{hit}");
            assert_eq!(blockers(&miss), [] as [bool; 0], "{miss}");
        }
    }

    #[test]
    fn a_folder_is_shared_by_9p_where_no_driver_is_named() {
        let shared = |kind: &str, driver: &str| {
            blockers(&format!("<devices><filesystem {kind}>{driver}</filesystem></devices>"))
        };
        assert_eq!(shared("type='mount'", ""), [false]);
        assert_eq!(shared("", "<driver queue='2'/>"), [false]);
        assert_eq!(shared("type='mount'", "<driver type='path'/>"), [false]);
        assert_eq!(shared("type='ram'", ""), [] as [bool; 0]);
    }

    #[test]
    fn a_tsc_frequency_lets_an_invariant_tsc_migrate() {
        let cpu = |policy: &str| format!("<cpu><feature policy='{policy}' name='invtsc'/></cpu>");
        let clock = "<clock><timer name='tsc' frequency='2'/></clock>";
        assert_eq!(blockers(&cpu("require")), [true]);
        assert_eq!(blockers(&format!("{}{clock}", cpu("require"))), [] as [bool; 0]);
        assert_eq!(blockers(&cpu("disable")), [] as [bool; 0]);
        let hyperv = "<features><hyperv><reenlightenment state='on'/></hyperv></features>";
        assert_eq!(blockers(hyperv), [false]);
        assert_eq!(blockers(&format!("{hyperv}{clock}")), [] as [bool; 0]);
    }

    #[test]
    fn arguments_of_qemu_have_a_namespace() {
        let inside = "<qemu:commandline xmlns:qemu='q'><qemu:arg value='-s'/></qemu:commandline>";
        assert_eq!(blockers(inside), [false]);
        assert_eq!(blockers("<qemu:commandline xmlns:qemu='q'/>"), [] as [bool; 0]);
    }
}
