//! One line of the table.

use serde::Serialize;

use crate::common;
use crate::figure::{Figure, Ratio, Unit, if_size};

/// A figure of someone else, and how many times as good domcaps is, or as slow.
#[derive(Serialize)]
struct Peer {
    name: String,
    figure: Figure,
    ratio: Option<Ratio>,
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
