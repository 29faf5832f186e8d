//! `domcaps.calendar/1`

use std::io::Write;

use serde_json::{Value as Json, json};

use crate::model::Removal;
use crate::plan::{Calendar, CalendarEvent, MachineFamily, MachineTimes, due};

/// Writes the calendar.
///
/// # Errors
/// Where the output cannot be written.
pub fn calendar(calendar: &Calendar, out: &mut dyn Write) -> std::io::Result<()> {
    let names: Vec<&str> = calendar.releases.iter().map(|it| it.name.as_str()).collect();
    let releases = calendar.releases.iter().map(|it| {
        json!({ "name": it.name, "label": it.label, "qemu": it.qemu, "captured": it.captured })
    });
    let versions = calendar.versions.iter().map(|version| {
        json!({ "qemu": format!("{}.{}", version.0, version.1), "expected": due(*version) })
    });
    let machine = |machine: &MachineTimes| {
        let states = names.iter().zip(&machine.states);
        let states: serde_json::Map<String, Json> =
            states.map(|(name, state)| ((*name).to_owned(), json!(state.name()))).collect();
        let removal = machine.removal.map(|removal| match removal {
            Removal::With(major, minor) | Removal::Early(major, minor) => {
                json!({ "qemu": format!("{major}.{minor}"), "is_latest": false })
            }
            Removal::AtLatest(major, minor) => {
                json!({ "qemu": format!("{major}.{minor}"), "is_latest": true })
            }
        });
        json!({ "name": machine.name, "states": states, "removal": removal })
    };
    let family = |family: &MachineFamily| {
        let machines: Vec<Json> = family.machines.iter().map(machine).collect();
        json!({ "arch": family.arch, "family": family.family, "machines": machines })
    };
    let event = |event: &CalendarEvent| {
        json!({
            "with": event.with,
            "when": event.when,
            "source": if event.is_policy { "policy" } else { "capture" },
            "what": event.what,
            "guests": event.guests,
        })
    };
    let document = json!({
        "schema": "domcaps.calendar/1",
        "releases": releases.collect::<Vec<_>>(),
        "versions": versions.collect::<Vec<_>>(),
        "families": calendar.families.iter().map(family).collect::<Vec<_>>(),
        "events": calendar.events.iter().map(event).collect::<Vec<_>>(),
    });
    super::write(&document, out)
}
