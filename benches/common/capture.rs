//! The hosts of a fleet, made of a bundled capture.

use domcaps::ingest::{self, Occasion};
use domcaps::model::{HostName, Time};
use domcaps::source::Input;
use domcaps::store::Writer;

/// Stores documents as a snapshot of a host.
pub(crate) fn add(writer: &mut Writer<'_>, name: &str, at: &str, files: &[Input]) {
    let name: HostName = name.parse().unwrap();
    let occasion = Occasion {
        host: &name,
        taken_at: Time::parse_taken(at).unwrap(),
        tags: &[],
        groups: &[],
        api_flags: None,
        is_strict: true,
        is_partial: false,
    };
    ingest::ingest(writer, &occasion, files.to_vec()).unwrap();
}

/// The x86 documents of a capture under both domain types, each with what the host has of its own.
pub(crate) fn side(files: &[Input], own: impl Fn(&str) -> String) -> Vec<Input> {
    let mut side = Vec::new();
    for file in files {
        let name = file.path.file_name().unwrap().to_string_lossy().into_owned();
        let text = String::from_utf8_lossy(&file.bytes).into_owned();
        if name.starts_with("x86_64.") {
            let text = own(&text);
            let kvm = text.replacen("<domain>qemu</domain>", "<domain>kvm</domain>", 1);
            side.push(input(&format!("kvm.{name}"), &kvm));
            side.push(input(&name, &text));
        } else if name == "capabilities.xml" {
            let both = "<domain type='qemu'/><domain type='kvm'/>";
            side.push(input(&name, &text.replace("<domain type='qemu'/>", both)));
        } else if name == "version.txt" {
            side.push(input(&name, &text));
        }
    }
    side
}

/// With the firmware image elsewhere.
pub(crate) fn with_image(text: &str, image: &str) -> String {
    text.replace("/usr/share/OVMF/OVMF_CODE_4M.fd", image)
}

/// With one more CPU model that cannot be used, if there are so many.
pub(crate) fn without_model(text: &str, number: usize) -> String {
    let usable: Vec<usize> = text.match_indices("usable='yes'").map(|(at, _)| at).collect();
    let Some(at) = usable.get(number) else { return text.to_owned() };
    format!("{}usable='no'{}", &text[..*at], &text[at + "usable='yes'".len()..])
}

fn input(name: &str, text: &str) -> Input {
    Input { path: name.into(), bytes: text.as_bytes().to_vec() }
}
