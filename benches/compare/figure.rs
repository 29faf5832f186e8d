//! What was measured, and how it compares.

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

impl Figure {
    pub(crate) fn new(unit: Unit, values: &[f64]) -> Self {
        let [least, median, most] = common::spread(values.to_vec());
        Self { median, least, most, unit, values: values.to_vec() }
    }

    /// What it costs: more is worse.
    pub(crate) fn costs(&self) -> impl Iterator<Item = f64> {
        let is_rate = matches!(self.unit, Unit::MegabytesPerSecond | Unit::HostsPerSecond);
        self.values.iter().map(move |value| if is_rate { 1.0 / value } else { *value })
    }

    pub(crate) fn text(&self) -> String {
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
    pub(crate) fn text(self, value: f64) -> String {
        let (factor, _, unit) = self.scale(value);
        let number = (value * factor * 1000.0).round() / 1000.0;
        format!("{number} {unit}").trim_end().to_owned()
    }
}

/// Of the two of a round: how many times faster or smaller domcaps is, or how many times the peer's time or size
/// it takes.
#[derive(Serialize)]
pub(crate) struct Ratio {
    is: &'static str,
    pub(crate) median: f64,
    least: f64,
    most: f64,
}

impl Ratio {
    pub(crate) fn of(is: &'static str, [least, median, most]: [f64; 3]) -> Self {
        Self { is, median, least, most }
    }

    pub(crate) fn text(&self) -> String {
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

pub(crate) fn if_size(unit: Unit, size: &'static str, time: &'static str) -> &'static str {
    if unit == Unit::Bytes { size } else { time }
}
