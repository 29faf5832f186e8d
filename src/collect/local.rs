//! What libvirt does not say of its host, where the host is this machine.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::model::Context;

/// Packages that hold firmware for guests, as Debian and as Fedora and SUSE name them.
const DEBIAN: [&str; 3] = ["ovmf*", "qemu-efi*", "seabios"];
const RPM: [&str; 4] = ["edk2-*", "qemu-ovmf-*", "qemu-uefi-*", "seabios-bin"];

/// How long a package manager may take: it may wait for a lock that an upgrade holds.
const PATIENCE: Duration = Duration::from_secs(5);

/// This machine's package manager, asked while libvirt is.
pub(super) struct Local {
    packages: Option<Child>,
}

impl Local {
    pub(super) fn ask() -> Self {
        let mut query = if Path::new("/var/lib/dpkg/status").exists() {
            let mut query = Command::new("dpkg-query");
            query.args(["-W", "-f", "${db:Status-Abbrev}${Package} ${Version}\n"]).args(DEBIAN);
            query
        } else {
            let mut query = Command::new("rpm");
            query.args(["-qa", "--qf", "ii %{NAME} %{VERSION}-%{RELEASE}\\n"]).args(RPM);
            query
        };
        let query = query.env("LC_ALL", "C").stdin(Stdio::null()).stderr(Stdio::null());
        Self { packages: query.stdout(Stdio::piped()).spawn().ok() }
    }

    /// Adds the kernel's release and the versions of the guests' firmware. Unknown stays unknown.
    pub(super) fn add_to(mut self, context: &mut Context) {
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        context.kernel = Some(release.trim().to_owned()).filter(|release| !release.is_empty());
        let Some(packages) = &mut self.packages else { return };
        let started = Instant::now();
        while matches!(packages.try_wait(), Ok(None)) {
            if started.elapsed() > PATIENCE {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        // A pattern that fits nothing makes the query fail, though it answers the others.
        let mut answer = String::new();
        let read = packages.stdout.take().map(|mut pipe| pipe.read_to_string(&mut answer));
        context.firmware = read.and_then(Result::ok).and_then(|_| installed(&answer));
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        if let Some(packages) = &mut self.packages {
            // It may have ended by itself.
            let _gone = packages.kill();
            let _status = packages.wait();
        }
    }
}

/// The packages of an answer that are installed, sorted, in one line.
fn installed(answer: &str) -> Option<String> {
    let mut packages: Vec<&str> =
        answer.lines().filter_map(|line| line.strip_prefix("ii")).map(str::trim).collect();
    packages.sort_unstable();
    packages.dedup();
    (!packages.is_empty()).then(|| packages.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_installed_counts() {
        let answer = "ii  seabios 1.16.2-1\nun qemu-efi \nii ovmf 2022.11-6\n";
        assert_eq!(installed(answer).as_deref(), Some("ovmf 2022.11-6, seabios 1.16.2-1"));
        assert_eq!(installed(""), None);
    }

    #[test]
    fn this_machine_knows_its_kernel() {
        let mut context = Context::default();
        Local::ask().add_to(&mut context);
        assert!(
            context
                .kernel
                .is_some_and(|release| release.starts_with(|first: char| first.is_ascii_digit()))
        );
    }
}
