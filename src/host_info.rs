//! What the files of one host say beside its documents: machine list and context.

use crate::bad_files::BadFile;
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
    /// was one.
    ///
    /// # Errors
    /// Where it is the latter, and bad.
    pub fn take(&mut self, input: &Input) -> Result<bool, BadFile> {
        if source::is_version(&input.path) {
            let version = parse::version(&String::from_utf8_lossy(&input.bytes));
            (self.context.libvirt, self.context.hypervisor) = (version.libvirt, version.hypervisor);
            return Ok(true);
        }
        if parse::root_name(&input.bytes) != Some("capabilities") {
            return Ok(false);
        }
        let bad = |error| BadFile { path: input.path.clone(), error };
        let host = parse::capabilities(&input.bytes).map_err(bad)?;
        self.machines = Some(host.machines);
        (self.context.cpu, self.context.microcode) = (host.cpu, host.microcode);
        Ok(true)
    }
}
