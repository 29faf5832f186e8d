//! `<os>`: firmware that libvirt chooses, or that the guest names.

use super::{Needs, Reader};
use crate::model::{LOADERS, Need, OpenQuestion, Wanted};

pub(super) fn needs(reader: &Reader<'_>, needs: &mut Needs) {
    let Some(os) = reader.at(&["os"]) else { return };
    let member = |value: &str| Wanted::Member(value.to_owned());
    let firmware = reader.xml.attribute(os, "firmware");
    if let Some(firmware) = firmware {
        needs.add("os.firmware", member(firmware), || format!("os firmware={firmware}"));
    }
    let loader = reader.at(&["os", "loader"]);
    let attribute = |name| loader.and_then(|loader| reader.xml.attribute(loader, name));
    for (name, path) in [
        ("type", "os.loader.type"),
        ("readonly", "os.loader.readonly"),
        ("secure", "os.loader.secure"),
    ] {
        if let Some(value) = attribute(name) {
            needs.add(path, member(value), || format!("os/loader {name}={value}"));
        }
    }
    match reader.text(&["os", "loader"]) {
        Some(path) => {
            // Without `firmware=` libvirt takes the file, whatever it lists.
            let must_be_listed = firmware.is_some();
            let wanted = Wanted::Loader { path: path.to_owned(), must_be_listed };
            needs.add(LOADERS, wanted, || format!("os/loader {path}"));
        }
        // The features are those of the image, once it is named.
        None if firmware.is_some() => {
            features(reader, needs);
            if let Some(format) = attribute("format") {
                let wanted = Wanted::ImageFormat(format.to_owned());
                needs.add(LOADERS, wanted, || format!("os/loader format={format}"));
            }
        }
        None => {}
    }
}

/// What no document says of firmware: libvirt picks an image by descriptors, and documents tell only
/// some of what is in these.
pub(super) fn open_questions(reader: &Reader<'_>) -> Vec<OpenQuestion> {
    let mut found = Vec::new();
    let mut open = |element: String, text: &str| {
        found.push(OpenQuestion { element, text: text.to_owned() });
    };
    let firmware = reader.at(&["os"]).and_then(|os| reader.xml.attribute(os, "firmware"));
    let loader = reader.at(&["os", "loader"]);
    let attribute = |name| loader.and_then(|loader| reader.xml.attribute(loader, name));
    let path = reader.text(&["os", "loader"]);
    let is_uefi = firmware == Some("efi") || attribute("type") == Some("pflash");
    // "SMM is turned off but the chosen firmware requires it" (libvirt 9.0.0).
    let smm = reader.at(&["features", "smm"]);
    if is_uefi && smm.and_then(|smm| reader.xml.attribute(smm, "state")) == Some("off") {
        open("features/smm state=off".to_owned(), "which images do without SMM is in no document");
    }
    if attribute("stateless") == Some("yes") {
        let text = "which images are stateless is in no document";
        open("os/loader stateless=yes".to_owned(), text);
    }
    // tests/qemuxmlconfdata/firmware-auto-efi-rw: no descriptor fits.
    if firmware.is_some() && attribute("readonly") == Some("no") {
        let text = "whether an image may be written to is in no document";
        open("os/loader readonly=no".to_owned(), text);
    }
    let nvram = reader.at(&["os", "nvram"]);
    let nvram = |name| nvram.and_then(|nvram| reader.xml.attribute(nvram, name));
    for (element, format, image) in [
        ("os/loader", attribute("format"), path),
        ("os/nvram", nvram("templateFormat"), nvram("template")),
    ] {
        let (Some(format), Some(image)) = (format, image) else { continue };
        if (format == "qcow2") != image.ends_with(".qcow2") {
            let text = "the image's name looks like another format";
            open(format!("{element} format={format}"), text);
        }
    }
    found
}

/// `<firmware><feature enabled='yes' name='secure-boot'/>`: reported since libvirt 12.1; before
/// that, `secure` of the loader says whether any image has Secure Boot.
fn features(reader: &Reader<'_>, needs: &mut Needs) {
    let Some(firmware) = reader.at(&["os", "firmware"]) else { return };
    for feature in reader.xml.children(firmware).filter(|child| child.name == "feature") {
        let attribute = |name| reader.xml.attribute(feature, name);
        let (Some(name), Some(enabled)) = (attribute("name"), attribute("enabled")) else {
            continue;
        };
        let path = match name {
            "secure-boot" => "os.firmwareFeatures.secureBoot",
            "enrolled-keys" => "os.firmwareFeatures.enrolledKeys",
            _ => continue,
        };
        let wanted = |value: &str| Wanted::Member(value.to_owned());
        let place = format!("os/firmware/feature {name}={enabled}");
        if enabled == "yes" {
            let instead =
                (name == "secure-boot").then(|| ("os.loader.secure".to_owned(), wanted(enabled)));
            needs.add_with(Need { instead, ..Need::new(path, wanted(enabled), place) });
        } else {
            // Images without it were there long before libvirt said so.
            needs.add(path, Wanted::MemberIfReported(enabled.to_owned()), || place);
        }
    }
}
