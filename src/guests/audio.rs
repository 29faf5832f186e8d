//! Audio backends: no document lists them, and libvirt asks QEMU for none of them
//! (qemuValidateDomainDeviceDefAudio).
//!
//! A QEMU that is built as its authors mean it has every backend of its version. Distributions put some
//! into packages of their own (Debian's qemu-system-gui): whether these are installed is a matter of the host, as
//! disk images and networks are, so it is a note and decides nothing. What decides is the version, and
//! whether the distribution picked the backends itself.

use super::verdict::Reason;
use super::version::{Version, version};
use crate::model::AudioBackend;

/// Backends of QEMU for Linux: the type of `<audio>`, the version that has it (`qapi/audio.json`), and
/// whether it may be a module of its own.
const BACKENDS: [(&str, Version, bool); 7] = [
    ("alsa", (0, 0, 0), true),
    ("file", (0, 0, 0), false),
    ("jack", (5, 1, 0), true),
    ("oss", (0, 0, 0), true),
    ("pipewire", (8, 1, 0), true),
    ("pulseaudio", (0, 0, 0), true),
    ("sdl", (0, 0, 0), true),
];

/// Where distributions of the RHEL family have the emulator; they build it with a list of backends of their
/// own (`--audio-drv-list`).
const PICKED: &str = "/usr/libexec/";

/// What a host's QEMU says to a backend.
pub(super) enum AudioAnswer {
    /// It has it, as far as its version tells; what is worth knowing of that.
    Has(Option<String>),
    /// It has it not, or that cannot be decided.
    Lacks(Reason),
}

/// Whether a host's QEMU has a backend.
pub(super) fn audio_backend(
    backend: &AudioBackend,
    emulator: &str,
    hypervisor: Option<&str>,
) -> AudioAnswer {
    let element = &backend.element;
    let unknown = |text: String| AudioAnswer::Lacks(Reason::unknown(element, None, text));
    let known = BACKENDS.iter().find(|(name, ..)| *name == backend.name);
    let Some((_, since, is_module)) = known.filter(|_| !emulator.starts_with(PICKED)) else {
        return unknown("which audio backends QEMU was built with is in no document".to_owned());
    };
    let (major, minor, _) = *since;
    let needs = format!("needs QEMU {major}.{minor}");
    match hypervisor.and_then(version) {
        _ if *since == (0, 0, 0) => {}
        Some(there) if there >= *since => {}
        Some(there) => {
            let text = format!("{needs}, and the host has {}.{}.{}", there.0, there.1, there.2);
            return AudioAnswer::Lacks(Reason::no(element, None, text));
        }
        None => return unknown(format!("{needs}, and the host's version is not known")),
    }
    let note =
        format!("{}: some distributions package QEMU's module for it on its own", backend.element);
    AudioAnswer::Has(is_module.then_some(note))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guests::verdict::Answer;

    const DEBIAN: &str = "/usr/bin/qemu-system-x86_64";

    fn answer(name: &str, emulator: &str, hypervisor: Option<&str>) -> Answer {
        let (element, name) = ("devices/audio".to_owned(), name.to_owned());
        match audio_backend(&AudioBackend { element, name }, emulator, hypervisor) {
            AudioAnswer::Has(_) => Answer::Yes,
            AudioAnswer::Lacks(reason) => reason.answer,
        }
    }

    #[test]
    fn a_backend_is_there_since_its_version() {
        for (name, (major, minor, _), _) in BACKENDS.iter().filter(|row| row.1 > (0, 0, 0)) {
            let qemu = |minor| format!("QEMU {major}.{minor}.0");
            assert_eq!(answer(name, DEBIAN, Some(&qemu(*minor))), Answer::Yes, "{name}");
            assert_eq!(answer(name, DEBIAN, Some(&qemu(minor - 1))), Answer::No, "{name}");
            assert_eq!(answer(name, DEBIAN, None), Answer::Unknown, "{name}");
        }
        assert_eq!(answer("alsa", DEBIAN, None), Answer::Yes);
    }

    #[test]
    fn a_build_with_a_list_of_its_own_and_an_unknown_backend_are_open() {
        let qemu = Some("QEMU 10.0.0");
        assert_eq!(answer("alsa", "/usr/libexec/qemu-kvm", qemu), Answer::Unknown);
        assert_eq!(answer("coreaudio", DEBIAN, qemu), Answer::Unknown);
    }

    #[test]
    fn a_module_is_worth_a_note() {
        let note = |name: &str| {
            let (element, name) = ("devices/audio".to_owned(), name.to_owned());
            let answer = audio_backend(&AudioBackend { element, name }, DEBIAN, None);
            matches!(answer, AudioAnswer::Has(Some(_)))
        };
        assert!(note("alsa") && !note("file"));
    }
}
