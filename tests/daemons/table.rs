//! The guests of `guests.txt`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

const TABLE: &str = include_str!("guests.txt");

/// One guest of the table.
pub(crate) struct TableGuest {
    pub(crate) name: &'static str,
    pub(crate) parts: BTreeMap<&'static str, String>,
}

/// All guests of the table, in its order.
pub(crate) fn table() -> Vec<TableGuest> {
    let mut guests: Vec<TableGuest> = Vec::new();
    let mut last = "";
    for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix("== ") {
            assert!(guests.iter().all(|guest| guest.name != name), "{name} is there twice");
            guests.push(TableGuest { name, parts: BTreeMap::new() });
            continue;
        }
        let parts = &mut guests.last_mut().unwrap().parts;
        if let Some(more) = line.strip_prefix("  ") {
            let part = parts.get_mut(last).unwrap();
            write!(part, "\n{more}").unwrap();
        } else {
            let (part, text) = line.split_once(':').unwrap();
            assert!(
                PARTS.iter().any(|(known, _)| *known == part)
                    || ["whole", "outside"].contains(&part),
                "{part} is no part of a guest"
            );
            assert!(parts.insert(part, text.trim().to_owned()).is_none(), "{line} is there twice");
            last = part;
        }
    }
    guests
}

/// The parts of the plain guest.
const PARTS: [(&str, &str); 8] = [
    ("domain", "type='qemu'"),
    ("vcpu", "1"),
    ("os", "<type arch='x86_64' machine='q35'>hvm</type>"),
    ("features", "<acpi/>"),
    ("cpu", ""),
    ("emulator", "/usr/bin/qemu-system-x86_64"),
    ("devices", ""),
    ("more", ""),
];

impl TableGuest {
    fn part(&self, name: &str) -> &str {
        let (_, plain) = PARTS.iter().find(|(part, _)| *part == name).unwrap();
        self.parts.get(name).map_or(plain, String::as_str)
    }

    /// Its domain XML.
    pub(crate) fn xml(&self) -> String {
        if let Some(whole) = self.parts.get("whole") {
            return whole.clone() + "\n";
        }
        // Attributes come before the content.
        let split = |part| {
            let text = self.part(part);
            text.split_at(text.find('<').unwrap_or_default())
        };
        let (os_attributes, os) = split("os");
        let vcpu = self.part("vcpu");
        let vcpu = if vcpu.starts_with('<') { vcpu.into() } else { format!("<vcpu>{vcpu}</vcpu>") };
        let emulator = match self.part("emulator") {
            "" => String::new(),
            path => format!("<emulator>{path}</emulator>"),
        };
        let lines = [
            format!("<domain {}>", self.part("domain")),
            format!("<name>{}</name>", self.name),
            "<memory unit='MiB'>64</memory>".into(),
            vcpu,
            format!("<os {os_attributes}>{os}</os>"),
            format!("<features>{}</features>", self.part("features")),
            self.part("cpu").into(),
            format!("<devices>{emulator}{}</devices>", self.part("devices")),
            self.part("more").into(),
            "</domain>".into(),
        ];
        lines
            .iter()
            .filter(|line| !line.is_empty())
            .fold(String::new(), |xml, line| xml + line + "\n")
    }
}
