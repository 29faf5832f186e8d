//! Who is in the fleet.

use domcaps::model::{HostName, Time};

use super::chance::{Chance, Draw};
use super::cpus::CPUS;

/// What is simulated.
pub(crate) struct Plan {
    /// Hosts that are there in the end.
    pub(crate) hosts: usize,
    /// The most documents of a host.
    pub(crate) targets: usize,
    pub(crate) nights: usize,
    pub(crate) seed: u64,
    /// The first night.
    pub(crate) from: Time,
}

impl Default for Plan {
    fn default() -> Self {
        /// 2025-11-23.
        const FROM: i64 = 1_763_856_000_000;
        let from = Time::from_milliseconds(FROM);
        Self { hosts: 10_000, targets: 120, nights: 365, seed: 1, from }
    }
}

/// A host, and what does not change about it.
pub(crate) struct Host {
    pub(crate) number: usize,
    pub(crate) name: HostName,
    pub(crate) uri: String,
    pub(crate) groups: Vec<String>,
    pub(crate) rack: Rack,
    /// Minutes after midnight.
    pub(crate) minute: usize,
    /// The night after its last.
    pub(crate) retired: Option<usize>,
}

/// What the hosts of a rack have in common.
#[derive(Clone, Copy)]
pub(crate) struct Rack {
    pub(crate) number: usize,
    pub(crate) site: usize,
    /// Number in `CPUS`.
    pub(crate) cpu: u8,
    pub(crate) role: &'static str,
    /// Its first night.
    pub(crate) joined: usize,
    /// Which of its site's racks it is, from 0 to below 1; the canary is 0.
    pub(crate) turn: f64,
}

const SITES: [&str; 3] = ["site-a", "site-b", "site-c"];

/// Roles and how many of 100 racks have them.
const ROLES: [(&str, usize); 4] = [("compute", 70), ("storage", 15), ("vdi", 10), ("build", 5)];

/// Which site a rack stands in, by its number modulo 20: 40, 35 and 25 of 100.
fn site(rack: usize) -> usize {
    match rack % 20 {
        0..8 => 0,
        8..15 => 1,
        _ => 2,
    }
}

/// All hosts, in the order in which they are asked at night.
pub(crate) fn fleet(plan: &Plan) -> Vec<Host> {
    let chance = Chance(plan.seed);
    let leaving = plan.hosts / 50;
    let size = (plan.hosts / 250).clamp(4, 40);
    let all = plan.hosts + leaving;
    let mut hosts: Vec<Host> = (0..all)
        .map(|number| {
            let retired = (number >= plan.hosts)
                .then(|| some_night(chance, Draw::Retire, number, 0, plan.nights));
            host(
                chance,
                number,
                rack(chance, number / size, all.div_ceil(size), plan.nights),
                retired,
            )
        })
        .collect();
    hosts.sort_by_key(|host| (host.minute, host.number));
    hosts
}

fn host(chance: Chance, number: usize, rack: Rack, retired: Option<usize>) -> Host {
    let site = SITES[rack.site];
    let text = format!("hv{number:05}");
    let joined = if retired.is_some() { 0 } else { rack.joined };
    Host {
        number,
        uri: format!("qemu+ssh://{text}.{site}.example/system"),
        name: text.parse().unwrap_or_else(|_| unreachable!("a host's name")),
        groups: vec![
            site.to_owned(),
            format!("{}-rack-{:03}", site, rack.number),
            rack.role.to_owned(),
        ],
        rack: Rack { joined, ..rack },
        minute: 60 + chance.roll(Draw::Minute, number, 0, 240),
        retired,
    }
}

/// A night that is not among the first or last.
fn some_night(chance: Chance, draw: Draw, number: usize, part: usize, nights: usize) -> usize {
    (20 + chance.roll(draw, number, part, 320)) * nights / 365
}

fn rack(chance: Chance, number: usize, racks: usize, nights: usize) -> Rack {
    let of_site: Vec<usize> = (0..racks).filter(|other| site(*other) == site(number)).collect();
    let place = of_site.iter().position(|other| *other == number).unwrap_or_default();
    let late = some_night(chance, Draw::Join, number, 1, nights);
    Rack {
        number,
        site: site(number),
        cpu: chosen(chance.roll(Draw::Kind, number, 0, 100), CPUS.iter().map(|cpu| cpu.share))
            as u8,
        role: ROLES[chosen(chance.roll(Draw::Role, number, 0, 100), ROLES.iter().map(|it| it.1))].0,
        joined: if chance.once_in(25, Draw::Join, number, 0) { late } else { 0 },
        turn: place as f64 / of_site.len().max(1) as f64,
    }
}

/// Which of several shares of 100 a number below 100 falls into.
fn chosen(number: usize, shares: impl Iterator<Item = usize>) -> usize {
    let ends = shares.scan(0, |end, share| {
        *end += share;
        Some(*end)
    });
    ends.take_while(|end| *end <= number).count()
}
