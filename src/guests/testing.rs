//! Small hosts and guests for the tests here.

use crate::model::Guest;
use crate::side::{Contents, Side, from_files};

/// A document of machine `m` under kvm with this inside.
pub(super) fn document(inside: &str) -> String {
    format!(
        "<domainCapabilities><path>/usr/bin/qemu-system-x86_64</path><domain>kvm</domain>\
         <machine>m</machine><arch>x86_64</arch>{inside}</domainCapabilities>"
    )
}

/// A document that says this of the CPU.
pub(super) fn cpu_document(cpu: &str) -> String {
    let devices = "<devices><disk supported='yes'/></devices>";
    document(&format!("<cpu>{cpu}</cpu>{devices}"))
}

/// `virsh capabilities` with these machines, under kvm.
pub(super) fn capabilities(machines: &str) -> String {
    format!(
        "<capabilities><host><cpu><arch>x86_64</arch><vendor>AMD</vendor><microcode version='7'/>\
         <signature family='25' model='1' stepping='1'/></cpu></host>\
         <guest><os_type>hvm</os_type><arch name='x86_64'>\
         <emulator>/usr/bin/qemu-system-x86_64</emulator>{machines}<domain type='kvm'/></arch></guest>\
         </capabilities>"
    )
}

/// A host that says all of this.
pub(super) fn host(contents: &mut Contents, files: &[String]) -> Side {
    let folder = tempfile::tempdir().unwrap();
    for (number, text) in files.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{number}.xml")), text).unwrap();
    }
    from_files(contents, folder.path(), &mut std::io::empty()).unwrap()
}

/// A kvm guest of machine `m` with this inside.
pub(super) fn guest(inside: &str) -> Guest {
    guest_of("m", inside)
}

/// A kvm guest of this machine with this inside.
pub(super) fn guest_of(machine: &str, inside: &str) -> Guest {
    let text = format!(
        "<domain type='kvm'><os><type arch='x86_64' machine='{machine}'/></os>{inside}</domain>"
    );
    crate::parse::guest(text.as_bytes()).unwrap()
}

/// A bundled host, whole.
pub(super) fn bundled(contents: &mut Contents, name: &str) -> Side {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots/");
    from_files(contents, format!("{folder}{name}").as_ref(), &mut std::io::empty()).unwrap()
}
