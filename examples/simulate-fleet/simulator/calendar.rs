//! What happens to each host, and when. `main.rs` has the table.

use super::builds::{BUILDS, DEBIAN_13};
use super::chance::{Chance, Draw};
use super::cpus::CPUS;
use super::documents::{Images, Missing};
use super::fleet::Host;

/// Something that is another from a night on.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    Build(u8),
    Kernel(u8),
    TakenAway,
    Moved,
    Missing(Option<Missing>),
}

/// What a night at a host is like.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Night {
    Usual,
    /// Nothing to be had, nothing stored.
    OutOfReach,
    Failed,
    Partial,
    Suspect,
}

/// Nights between the campaigns of one site, and between the sites of one campaign.
const CAMPAIGN: usize = 73;
const NEXT_SITE: usize = 25;
const FIRST: usize = 10;

/// From the canary to the others, and how long those take.
const CANARY: usize = 6;
const WAVE: f64 = 14.0;

/// Nights between two kernels, and from the first rack to the last.
const KERNEL: usize = 30;

/// When the firmware package of each site moves its images.
const MOVES: [usize; 3] = [150, 260, 22];

/// The images that a host has at first.
pub(crate) fn first_images(host: &Host) -> Images {
    if host.rack.site == 0 { Images::Usual } else { Images::Small }
}

/// The build that a host has at first.
pub(crate) fn first_build(host: &Host) -> u8 {
    u8::from(host.rack.site == 0)
}

/// All that happens to a host within so many nights, in order.
pub(crate) fn steps(host: &Host, nights: usize, chance: Chance) -> Vec<(usize, Step)> {
    let mut steps = Vec::new();
    upgrades(host, nights, chance, &mut steps);
    for (month, night) in (0..).zip((4..nights).step_by(KERNEL)) {
        let rack = chance.roll(Draw::Kernel, host.rack.number, 0, 12);
        steps.push((night + rack, Step::Kernel(month + 1)));
    }
    if let Some((night, _)) = CPUS[usize::from(host.rack.cpu)].taken_away {
        steps.push((night + wave(host, WAVE), Step::TakenAway));
    }
    steps.push((MOVES[host.rack.site] + wave(host, 10.0), Step::Moved));
    for night in 0..nights {
        if chance.once_in(20_000, Draw::Module, host.number, night) {
            missing(
                host,
                night,
                1 + chance.roll(Draw::Module, host.number, nights + night, 9),
                chance,
                &mut steps,
            );
        }
    }
    steps.retain(|(night, _)| *night < nights);
    steps.sort_by_key(|(night, _)| *night);
    steps
}

/// How many nights after a wave's first it reaches a host.
fn wave(host: &Host, nights: f64) -> usize {
    (host.rack.turn * nights) as usize
}

fn upgrades(host: &Host, nights: usize, chance: Chance, steps: &mut Vec<(usize, Step)>) {
    let rack = host.rack.number;
    let is_late = chance.once_in(10, Draw::Late, rack, 0);
    let is_left = chance.once_in(33, Draw::Late, rack, 1);
    let last = if is_left { DEBIAN_13 - 1 } else { BUILDS.len() as u8 - 1 };
    let start = FIRST + NEXT_SITE * host.rack.site + if is_late { CAMPAIGN } else { 0 };
    let builds = first_build(host)..last;
    for (build, (campaign, night)) in builds.zip((start..nights).step_by(CAMPAIGN).enumerate()) {
        let is_straggler = chance.once_in(50, Draw::Straggler, host.number, campaign);
        let late = if is_straggler {
            2 + chance.roll(Draw::Straggler, host.number, campaign, 6)
        } else {
            0
        };
        let is_canary = host.rack.turn == 0.0;
        let turn = if is_canary { 0 } else { CANARY + wave(host, WAVE) + late };
        let night = night + turn;
        steps.push((night, Step::Build(build + 1)));
        if chance.once_in(250, Draw::Rollback, host.number, campaign) {
            let back = night + 1 + chance.roll(Draw::Rollback, host.number, campaign + 100, 3);
            let again = back + 7 + chance.roll(Draw::Rollback, host.number, campaign + 200, 8);
            steps.push((back, Step::Build(build)));
            steps.push((again, Step::Build(build + 1)));
        }
        let is_of_qemu = BUILDS[usize::from(build)].0 != BUILDS[usize::from(build) + 1].0;
        if is_of_qemu && chance.once_in(100, Draw::Upgraded, host.number, campaign) {
            missing(
                host,
                night,
                1 + chance.roll(Draw::Upgraded, host.number, campaign + 100, 4),
                chance,
                steps,
            );
        }
    }
}

fn missing(
    host: &Host,
    night: usize,
    nights: usize,
    chance: Chance,
    steps: &mut Vec<(usize, Step)>,
) {
    let which = match chance.roll(Draw::Module, host.number, 100_000 + night, 5) {
        0 | 1 => Missing::Spice,
        2 | 3 => Missing::OpenGl,
        _ => Missing::VirtioGpu,
    };
    steps.push((night, Step::Missing(Some(which))));
    steps.push((night + nights, Step::Missing(None)));
}

/// What a night at a host is like.
pub(crate) fn night(host: &Host, night: usize, chance: Chance) -> Night {
    /// Nights between two outages of a rack.
    const OUTAGE: usize = 90;
    /// More than there are racks in any fleet of 100,000.
    const RACKS: usize = 250;
    let rack = chance.roll(Draw::Outage, night / OUTAGE, 0, RACKS);
    let is_out = chance.roll(Draw::Outage, night / OUTAGE, 1, OUTAGE) == night % OUTAGE;
    if is_out && host.rack.number % RACKS == rack {
        return Night::OutOfReach;
    }
    match chance.roll(Draw::Night, host.number, night, 100_000) {
        0..30 => Night::OutOfReach,
        30..50 => Night::Partial,
        50..55 => Night::Failed,
        55..58 => Night::Suspect,
        _ => Night::Usual,
    }
}
