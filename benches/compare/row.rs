//! One line of the table.

use serde::Serialize;

use crate::common;

/// What a figure counts.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Unit {
    Seconds,
    MegabytesPerSecond,
    HostsPerSecond,
    Bytes,
    Count,
}

/// What was measured: the median, least and most.
#[derive(Clone, Serialize)]
pub(crate) struct Figure {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
    pub(crate) unit: Unit,
    /// Each round's, in their order.
    #[serde(skip)]
    values: Vec<f64>,
}

/// A figure of someone else, and how many times as good domcaps is, or as slow.
#[derive(Serialize)]
struct Peer {
    name: String,
    figure: Figure,
    ratio: Option<Ratio>,
}

/// Of the two of a round: how many times faster or smaller domcaps is, or how many times the peer's time or size
/// it takes.
#[derive(Serialize)]
struct Ratio {
    is: &'static str,
    median: f64,
    least: f64,
    most: f64,
}

impl Ratio {
    fn of(is: &'static str, [least, median, most]: [f64; 3]) -> Self {
        Self { is, median, least, most }
    }

    fn text(&self) -> String {
        let digits = |ratio: f64| match ratio {
            ratio if ratio >= 100.0 => format!("{ratio:.0}"),
            ratio if ratio >= 10.0 => format!("{ratio:.1}"),
            ratio => format!("{ratio:.2}"),
        };
        let Self { is, median, least, most } = self;
        let [median, least, most] = [median, least, most].map(|it| digits(*it));
        if least == most {
            return format!("{median} × {is}");
        }
        format!("{median} × {is} ({least} to {most})")
    }
}

fn if_size(unit: Unit, size: &'static str, time: &'static str) -> &'static str {
    if unit == Unit::Bytes { size } else { time }
}

/// What is to be reached.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// So many times faster than the peer.
    Faster(f64),
    /// At most so many times the peer's time.
    Times(f64),
    /// Under this figure.
    Under(f64),
    /// Over this figure.
    Over(f64),
}

#[derive(Serialize)]
pub(crate) struct Row {
    pub(crate) section: String,
    what: String,
    domcaps: Figure,
    peer: Option<Peer>,
    target: Option<String>,
    reached: Option<bool>,
    #[serde(skip)]
    goal: Option<Goal>,
}

impl Figure {
    pub(crate) fn new(unit: Unit, values: &[f64]) -> Self {
        let [least, median, most] = common::spread(values.to_vec());
        Self { median, least, most, unit, values: values.to_vec() }
    }

    /// What it costs: more is worse.
    fn costs(&self) -> impl Iterator<Item = f64> {
        let is_rate = matches!(self.unit, Unit::MegabytesPerSecond | Unit::HostsPerSecond);
        self.values.iter().map(move |value| if is_rate { 1.0 / value } else { *value })
    }

    fn text(&self) -> String {
        let (factor, digits, unit) = self.unit.scale(self.median);
        let number = |value: f64| format!("{:.digits$}", value * factor);
        let median = number(self.median);
        if self.values.len() < 2 {
            return format!("{median} {unit}").trim_end().to_owned();
        }
        format!("{median} ({} to {}) {unit}", number(self.least), number(self.most))
    }
}

impl Unit {
    /// What a value of that size is multiplied with, the digits behind its point, and its unit.
    fn scale(self, value: f64) -> (f64, usize, &'static str) {
        match self {
            Self::Seconds if value < 0.01 => (1e3, 2, "ms"),
            Self::Seconds if value < 1.0 => (1e3, 1, "ms"),
            Self::Seconds if value < 10.0 => (1.0, 2, "s"),
            Self::Seconds => (1.0, 1, "s"),
            Self::MegabytesPerSecond => (1.0, 0, "MB/s"),
            Self::HostsPerSecond => (1.0, 0, "hosts/s"),
            Self::Bytes if value < 1e4 => (1.0, 0, "B"),
            Self::Bytes if value < 1e7 => (1e-6, 2, "MB"),
            Self::Bytes => (1e-6, 1, "MB"),
            Self::Count => (1.0, 0, ""),
        }
    }

    /// A limit.
    fn text(self, value: f64) -> String {
        let (factor, _, unit) = self.scale(value);
        let number = (value * factor * 1000.0).round() / 1000.0;
        format!("{number} {unit}").trim_end().to_owned()
    }
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, unit: Unit, values: &[f64]) -> Self {
        Self {
            section: String::new(),
            what: what.into(),
            domcaps: Figure::new(unit, values),
            peer: None,
            target: None,
            reached: None,
            goal: None,
        }
    }

    /// With times.
    pub(crate) fn seconds(what: impl Into<String>, values: &[f64]) -> Self {
        Self::new(what, Unit::Seconds, values)
    }

    /// Beside figures of the same unit; those at the same place are of the same round.
    pub(crate) fn beside(mut self, name: &str, values: &[f64]) -> Self {
        let figure = Figure::new(self.domcaps.unit, values);
        self.peer = Some(Peer { name: name.to_owned(), figure, ratio: None });
        self.judged()
    }

    /// With what is to be reached.
    pub(crate) fn goal(mut self, goal: Goal) -> Self {
        self.goal = Some(goal);
        self.judged()
    }

    fn judged(mut self) -> Self {
        if let Some(peer) = &mut self.peer {
            let pairs = || self.domcaps.costs().zip(peer.figure.costs());
            let times = common::spread(pairs().map(|(own, other)| own / other).collect());
            let is_times = match self.goal {
                Some(Goal::Times(_)) => true,
                Some(Goal::Faster(_)) => false,
                _ => times[1] > 1.0,
            };
            peer.ratio = Some(if is_times {
                Ratio::of(if_size(self.domcaps.unit, "its size", "its time"), times)
            } else {
                let faster = common::spread(pairs().map(|(own, other)| other / own).collect());
                Ratio::of(if_size(self.domcaps.unit, "smaller", "faster"), faster)
            });
        }
        let ratio = self.peer.as_ref().and_then(|it| it.ratio.as_ref()).map(|it| it.median);
        let (median, unit) = (self.domcaps.median, self.domcaps.unit);
        (self.target, self.reached) = match self.goal {
            None => (None, None),
            Some(Goal::Under(most)) => {
                (Some(format!("under {}", unit.text(most))), Some(median < most))
            }
            Some(Goal::Over(least)) => {
                (Some(format!("over {}", unit.text(least))), Some(median > least))
            }
            Some(Goal::Faster(1.0)) => (Some("faster".to_owned()), ratio.map(|it| it > 1.0)),
            Some(Goal::Faster(times)) => {
                (Some(format!("{times} × faster")), ratio.map(|it| it >= times))
            }
            Some(Goal::Times(times)) => {
                (Some(format!("at most {times} × its time")), ratio.map(|it| it <= times))
            }
        };
        self
    }

    /// What stands in each column.
    pub(crate) fn cells(&self) -> [String; 7] {
        let ratio = self.peer.as_ref().and_then(|peer| peer.ratio.as_ref()).map(Ratio::text);
        let (name, figure) =
            self.peer.as_ref().map(|it| (it.name.clone(), it.figure.text())).unwrap_or_default();
        let reached = self.reached.map(|it| if it { "yes" } else { "NO" });
        [
            self.what.clone(),
            self.domcaps.text(),
            name,
            figure,
            ratio.unwrap_or_default(),
            self.target.clone().unwrap_or_default(),
            reached.unwrap_or_default().to_owned(),
        ]
    }
}
