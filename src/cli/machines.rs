//! `domcaps machines`

use clap::Args;

use super::failure::{Exit, Failure};
use super::ui::Ui;
use super::{Global, ListFormat, sides};
use crate::model::{Machine, MachineList, natural_order};
use crate::render;

/// List the machine types of a host, with aliases and deprecation
///
/// From `virsh capabilities`; where that was not collected, from the documents, which know neither.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[arg(help = "HOST[@WHEN][:TARGET], a folder, or a file")]
    operand: String,
    /// Only deprecated ones
    #[arg(long)]
    deprecated: bool,
    /// How to show them
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
}

pub(super) fn run(
    ui: &mut Ui<'_>,
    global: &Global,
    arguments: &Arguments,
) -> Result<Exit, Failure> {
    let operand = arguments.operand.as_str();
    let (_, [side], exit) = sides::read(ui, global, [operand])?;
    let list = match side.observed.machines {
        Some(list) => list,
        None => {
            ui.warning(format!(
                "{operand}: the machine list was not collected; these are the machines of the documents"
            ));
            of_documents(side.observed.outcomes.keys())
        }
    };
    let list = if arguments.deprecated {
        MachineList::new(list.iter().filter(|machine| machine.deprecated).cloned().collect())
    } else {
        list
    };
    if arguments.format == ListFormat::Json {
        render::json::machines(&side.origin, &list, ui.out())?;
        return Ok(exit);
    }
    let mut machines: Vec<_> = list.iter().collect();
    machines.sort_by(|a, b| {
        let place = |it: &Machine| (it.emulator.clone(), it.arch.clone(), it.virttype.clone());
        // An alias stands behind the machine type that it stands for.
        let [first, second] = [a, b].map(|it| it.canonical.as_ref().unwrap_or(&it.name));
        let by_name = || natural_order(first, second);
        let by_alias = || a.canonical.is_some().cmp(&b.canonical.is_some());
        place(a)
            .cmp(&place(b))
            .then_with(by_name)
            .then_with(by_alias)
            .then_with(|| natural_order(&a.name, &b.name))
    });
    let rows = machines.into_iter().map(|machine| {
        vec![
            machine.arch.clone(),
            machine.virttype.clone(),
            machine.name.clone(),
            machine.canonical.clone().unwrap_or_default(),
            machine.max_cpus.map(|count| count.to_string()).unwrap_or_default(),
            if machine.deprecated { "deprecated".to_owned() } else { String::new() },
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let header = ["arch", "virttype", "machine", "alias of", "max cpus", "deprecated"];
    ui.print(|out| render::table::table(&header, &rows, out))?;
    Ok(exit)
}

fn of_documents<'t>(targets: impl Iterator<Item = &'t crate::model::Target>) -> MachineList {
    let machine = |target: &crate::model::Target| crate::model::Machine {
        emulator: Some(target.emulator.clone()),
        arch: target.arch.clone(),
        virttype: target.virttype.clone(),
        name: target.machine.clone(),
        canonical: None,
        max_cpus: None,
        deprecated: false,
    };
    MachineList::new(targets.map(machine).collect())
}
