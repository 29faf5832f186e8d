//! What libvirt does not say of its host, where the host is this machine.

use std::process::{Command, Stdio};

use crate::model::Context;

/// Packages that hold firmware for guests, as Debian and as Fedora and SUSE name them.
const DEBIAN: [&str; 3] = ["ovmf*", "qemu-efi*", "seabios"];
const RPM: [&str; 4] = ["edk2-*", "qemu-ovmf-*", "qemu-uefi-*", "seabios-bin"];

/// Adds the kernel's release and the versions of the guests' firmware. Unknown stays unknown.
pub(super) fn add_to(context: &mut Context) {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease");
    context.kernel =
        release.ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    context.firmware = packages(
        Command::new("dpkg-query")
            .args(["-W", "-f", "${db:Status-Abbrev}${Package} ${Version}\n"])
            .args(DEBIAN),
    )
    .or_else(|| {
        packages(
            Command::new("rpm")
                .args(["-qa", "--qf", "ii %{NAME} %{VERSION}-%{RELEASE}\\n"])
                .args(RPM),
        )
    });
}

/// The installed packages that a query names, sorted, in one line.
fn packages(query: &mut Command) -> Option<String> {
    let query = query.env("LC_ALL", "C").stdin(Stdio::null()).stderr(Stdio::null());
    // A pattern that fits nothing makes the query fail, though it answers the others.
    let answer = query.output().ok()?;
    installed(&String::from_utf8_lossy(&answer.stdout))
}

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
}
