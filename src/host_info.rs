//! What the files of one host say beside its documents: machine list and context.

use crate::bad_files::{BadFile, BadFiles};
use crate::model::{Context, MachineList};
use crate::parse;
use crate::source::{self, Input};

/// The machine list, where there was one, and what explains changes.
#[derive(Clone, Debug, Default)]
pub struct HostInfo {
    /// From `virsh capabilities`.
    pub machines: Option<MachineList>,
    /// From both.
    pub context: Context,
}

impl HostInfo {
    /// Takes a file that is `version.txt` or the output of `virsh capabilities`; says whether it
    /// was one. Where it is the latter, and bad, it is noted among the bad ones.
    pub fn take(&mut self, input: &Input, bad: &mut BadFiles) -> bool {
        if source::is_version(&input.path) {
            let version = parse::version(&String::from_utf8_lossy(&input.bytes));
            (self.context.libvirt, self.context.hypervisor) = (version.libvirt, version.hypervisor);
            return true;
        }
        if parse::root_name(&input.bytes) != Some("capabilities") {
            return false;
        }
        match parse::capabilities(&input.bytes) {
            Ok(host) => {
                self.machines = Some(host.machines);
                (self.context.cpu, self.context.microcode) = (host.cpu, host.microcode);
            }
            Err(error) => bad.other(BadFile { path: input.path.clone(), error }),
        }
        true
    }
}
