//! Changes into findings.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::judge::{CONSEQUENCE, judge, judge_alone};
use super::reason::reason;
use super::renamed::image_arch;
use super::{Area, Fingerprint, Policy, Rule, Severity, hints, knowledge, renamed};
use crate::diff::{
    Change, ChangedTarget, Comparison, Difference, Evidence, Kind, ListedFirmware, Plain,
};
use crate::model::{CUSTOM_MODELS, Context, LOADERS};

/// A change and what is to be thought of it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What changed.
    pub difference: Difference,
    /// What explains it.
    pub evidence: Evidence,
    /// The rule it falls under.
    pub rule: &'static Rule,
    /// The rule's severity, unless the site's policy, the guests or a suspect snapshot say another.
    pub severity: Severity,
    /// Why it matters, in one sentence without a full stop.
    pub reason: String,
    /// See [`Self::fingerprint()`].
    pub fingerprint: Fingerprint,
    /// Why the site ignores it, where it does.
    pub ignored: Option<String>,
    /// The guests that need what is gone; `None` where no guest was looked at.
    pub used_by: Option<Vec<String>>,
    /// Where it was seen.
    pub seen: Vec<Seen>,
}

/// Where a finding was seen: a group of hosts that went the same way, and its targets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// Position in the report's groups.
    pub group: usize,
    /// Sorted, each once; empty for what concerns a host as a whole.
    pub targets: Arc<[ChangedTarget]>,
}

impl Finding {
    /// What it is about.
    #[must_use]
    pub fn area(&self) -> Area {
        self.rule.area.unwrap_or_else(|| Area::of(&self.difference.path))
    }

    /// Names the finding across runs, hosts and targets.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        self.fingerprint.of(&self.difference)
    }

    /// Whether libvirt merely began or ceased to report something.
    #[must_use]
    pub fn is_reporting(&self) -> bool {
        self.rule.id == knowledge::RULE && self.severity == Severity::Info
    }

    /// Whether it would matter if any of the guests needed it.
    #[must_use]
    pub fn is_unneeded(&self) -> bool {
        self.reason.ends_with(UNNEEDED)
    }

    /// Why it would matter, without what is said of the guests.
    #[must_use]
    pub fn own_reason(&self) -> &str {
        self.reason.strip_suffix(UNNEEDED).unwrap_or(&self.reason)
    }

    /// Takes in the same finding of another group.
    pub(crate) fn join(&mut self, other: Self) {
        /// As many are told.
        const REASONS: usize = 3;
        self.seen.extend(other.seen);
        if let (Some(mine), Some(theirs)) = (&mut self.used_by, other.used_by) {
            mine.extend(theirs);
            mine.sort();
            mine.dedup();
        }
        self.evidence.join(&other.evidence);
        let known: Vec<&str> = self.reason.split(REASON_BREAK).collect();
        if known.contains(&other.reason.as_str()) || known.contains(&"…") {
            return;
        }
        let next = if known.len() < REASONS { other.reason.as_str() } else { "…" };
        self.reason = format!("{}{REASON_BREAK}{next}", self.reason);
    }

    /// Every target it was seen on, in whatever group.
    pub fn targets(&self) -> impl Iterator<Item = &ChangedTarget> {
        self.seen.iter().flat_map(|seen| seen.targets.iter())
    }
}

/// Between the reasons that one finding has on several hosts.
const REASON_BREAK: &str = " / ";

/// What the reason ends with where no guest needs what is gone.
const UNNEEDED: &str = "; no guest that was judged needs it";

/// What a change does to guests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuestHits {
    /// The guests of which a requirement became worse, by name.
    pub guests: Vec<String>,
    /// How bad the worst of it is; `None` where it hits none.
    pub severity: Option<Severity>,
    /// Why, where the change says nothing but that.
    pub reason: Option<String>,
}

/// What is known of the guests.
#[derive(Clone, Copy)]
pub struct UsedBy<'j> {
    /// What a change does to them.
    pub of: &'j dyn Fn(&Change) -> GuestHits,
    /// Every guest was judged. One that was not may need anything, so that no severity is lowered.
    pub is_complete: bool,
}

/// Everything that a judgement needs beside the changes.
#[derive(Clone, Copy)]
pub struct Judge<'j> {
    /// What the site thinks of rules and findings.
    pub policy: &'j Policy,
    /// Which guests a change hits; severity follows real use where this is given.
    pub used_by: Option<UsedBy<'j>>,
}

impl Judge<'_> {
    /// Judges every change of the hosts `names` (the old side's and the new side's), which are the
    /// report's group `group`; in no particular order.
    #[must_use]
    pub fn findings(&self, comparison: &Comparison, names: &[&str], group: usize) -> Vec<Finding> {
        let without_efi = targets_without_efi(&comparison.changes);
        let missing_images = missing_images(&comparison.changes);
        let images = comparison.firmware.images.iter().map(String::as_str);
        let circumstances = Circumstances {
            sides: &comparison.sides,
            known: knowledge::Sides::new(&comparison.sides),
            deprecated: &comparison.deprecated,
            renamed: renamed::loaders(&comparison.changes),
            aliases: new_aliases(&comparison.changes),
            gained_machines: machines(&comparison.changes, Kind::Gained),
            lost_machines: machines(&comparison.changes, Kind::Lost),
            blocked: newly_blocked(&comparison.changes),
            arches_without_efi: arches(&without_efi),
            without_efi,
            arches_of_missing: arches(missing_images.keys()),
            missing_images,
            listed_arches: images.filter_map(image_arch).collect(),
            firmware: &comparison.firmware,
            is_other_virttype: comparison.is_other_virttype,
            is_sev_total_kept: is_sev_total_kept(&comparison.changes),
        };
        let changes = comparison.changes.iter();
        let finding = |change: &Change| {
            let hits = self.used_by.map(|used_by| (used_by.of)(change));
            // A guest that needs what is lost is not helped by what excuses the loss.
            let is_needed = change.difference.kind == Kind::Lost
                && hits.as_ref().is_some_and(|hits| !hits.guests.is_empty());
            let mut finding = finding(change, &circumstances, group, is_needed);
            self.weigh(&mut finding, hits, comparison.became_suspect);
            finding.ignored = self.policy.ignored(&finding, names);
            finding
        };
        changes.map(finding).collect()
    }

    /// What the guests, the site and the snapshot's state make of a rule's severity, in that order:
    /// the site's word stands above the rule's, and doubt above both.
    fn weigh(&self, finding: &mut Finding, hits: Option<GuestHits>, became_suspect: bool) {
        let mut is_asked = false;
        if let (Some(used_by), Some(hits)) = (self.used_by, hits) {
            let is_marked = finding.rule.id == "cpu-model-deprecated";
            let takes_away = !matches!(finding.difference.kind, Kind::Gained | Kind::Reported);
            is_asked = used_by.is_complete && (takes_away || is_marked) && !finding.is_reporting();
            // The guests decide, whatever the rule says of hosts in general; where one could not be
            // judged, which may need it too, they only make it worse.
            if let Some(severity) = hits.severity {
                let known = if used_by.is_complete { severity } else { finding.severity };
                finding.severity = severity.min(known);
            }
            if let Some(reason) = hits.reason {
                finding.reason = reason;
            }
            finding.used_by = Some(hits.guests);
        }
        if let Some(severity) = self.policy.severity(finding.rule.id) {
            finding.severity = severity;
        }
        // Of an answer that is not to be believed, nothing can be decided.
        if became_suspect {
            finding.severity = finding.severity.max(Severity::Warning);
        }
        let is_unneeded = is_asked && finding.used_by.as_ref().is_some_and(Vec::is_empty);
        let is_whole_host = finding.rule.id == "document-suspect";
        if is_unneeded && finding.severity < Severity::Info && !is_whole_host {
            finding.severity = Severity::Info;
            finding.reason.push_str(UNNEEDED);
        }
    }
}

/// What was beside a change.
pub(super) struct Circumstances<'c> {
    pub(super) sides: &'c [Context; 2],
    known: knowledge::Sides<'c>,
    /// Machines that the old side marks deprecated.
    pub(super) deprecated: &'c BTreeSet<String>,
    /// Loaders that are gone, each with the one that took its place.
    pub(super) renamed: BTreeMap<&'c str, &'c str>,
    /// Names that became aliases, and what they stand for.
    pub(super) aliases: BTreeMap<&'c str, &'c str>,
    /// Names that became machines of their own.
    pub(super) gained_machines: BTreeSet<&'c str>,
    /// Names of machines that are gone.
    pub(super) lost_machines: BTreeSet<&'c str>,
    /// CPU features that block a model that they did not block before.
    blocked: BTreeMap<&'c str, Vec<&'c Change>>,
    /// Where firmware='efi' is no longer offered.
    without_efi: BTreeSet<&'c ChangedTarget>,
    /// Of several images that are gone while efi is still offered, those that stand for all of a machine's.
    missing_images: BTreeMap<&'c ChangedTarget, &'c Change>,
    arches_without_efi: BTreeSet<&'c str>,
    arches_of_missing: BTreeSet<&'c str>,
    /// What the images are for that the whole new side lists. A host may list thousands.
    listed_arches: BTreeSet<&'static str>,
    /// What the whole new side lists of firmware.
    pub(super) firmware: &'c ListedFirmware,
    /// The two documents are of different domain types.
    pub(super) is_other_virttype: bool,
    /// What one kind of SEV guests lost the other has gained.
    pub(super) is_sev_total_kept: bool,
}

impl Circumstances<'_> {
    /// Whether a machine that is gone is now an alias of another.
    pub(super) fn is_now_an_alias(&self, difference: &Difference) -> bool {
        let name = difference.value.as_deref().unwrap_or_default();
        difference.path == "machine" && self.aliases.contains_key(name)
    }

    /// Whether what is lost of firmware is lost with the choice of firmware itself: libvirt then lists no
    /// image for the machine, and none of what images offer; nor does it list the file for machines that no
    /// descriptor names.
    pub(super) fn goes_with_efi(&self, change: &Change) -> bool {
        let mut targets = change.targets.iter();
        match change.difference.path.as_str() {
            "os.firmware" => false,
            LOADERS if change.difference.kind == Kind::Lost => {
                let is_without = targets.any(|target| self.without_efi.contains(target))
                    || self.is_last_of_arch(change, &self.arches_without_efi);
                !change.evidence.keeps_efi && is_without
            }
            _ => targets.len() > 0 && targets.all(|target| self.without_efi.contains(target)),
        }
    }

    /// Whether an image is one of several that are gone from a list that is empty now, and not the one that
    /// stands for all.
    pub(super) fn is_further_image(&self, change: &Change) -> bool {
        let first = |target: &ChangedTarget| self.missing_images.get(target);
        let is_other = |first: &&Change| first.difference.value != change.difference.value;
        match change.evidence.keeps_efi {
            true if !change.evidence.leaves_no_loader => false,
            true => change.targets.iter().filter_map(first).any(is_other),
            // Only machines that no descriptor names listed it.
            false => self.is_last_of_arch(change, &self.arches_of_missing),
        }
    }

    /// Whether an image is for one of these targets' architectures, and none for it is listed any more:
    /// then the package went with all its images.
    fn is_last_of_arch(&self, change: &Change, arches: &BTreeSet<&str>) -> bool {
        let Some(arch) = change.difference.value.as_deref().and_then(image_arch) else {
            return false;
        };
        arches.iter().any(|it| it.starts_with(arch)) && !self.listed_arches.contains(arch)
    }

    /// Whether an image that no document of the new side lists does not exist any more.
    pub(super) fn is_image_gone(&self, change: &Change, image: &str) -> bool {
        let is_looked_for = change.evidence.is_builtin_list && self.is_one_libvirt();
        self.firmware.lacks(image) || (self.firmware.has_builtin_list && is_looked_for)
    }

    /// The CPU models that a feature blocks now and did not block before, wherever it was lost.
    pub(super) fn newly_blocked(&self, change: &Change) -> Vec<&str> {
        let feature = change.difference.value.as_deref().unwrap_or_default();
        let blocked = self.blocked.get(feature).map(Vec::as_slice).unwrap_or_default();
        let is_there =
            |target: &ChangedTarget| blocked.iter().any(|it| it.targets.contains(target));
        if !change.targets.iter().all(is_there) {
            return Vec::new();
        }
        let models = blocked.iter().filter_map(|it| blocked_model(&it.difference.path));
        models.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Whether the new side is known to have the older libvirt: then silence is to be expected.
    pub(super) fn is_downgrade(&self) -> bool {
        matches!(self.libvirts(), [Some(old), Some(new)] if new < old)
    }

    /// Whether both sides are known to have the same libvirt.
    pub(super) fn is_one_libvirt(&self) -> bool {
        matches!(self.libvirts(), [Some(old), Some(new)] if new == old)
    }

    /// QEMU's version on both sides, where it is known.
    pub(super) fn qemus(&self) -> [Option<knowledge::Version>; 2] {
        self.known.versions(knowledge::Component::Qemu)
    }

    /// libvirt's version on both sides, where it is known.
    pub(super) fn libvirts(&self) -> [Option<knowledge::Version>; 2] {
        self.known.versions(knowledge::Component::Libvirt)
    }
}

/// The names of machines that only one side has.
fn machines(changes: &[Change], kind: Kind) -> BTreeSet<&str> {
    let changes = changes.iter().map(|change| &change.difference);
    let found = changes.filter(|it| it.kind == kind && it.path == "machine");
    found.filter_map(|it| it.value.as_deref()).collect()
}

/// The features that block more models than before, where a host-model lists one no longer.
fn newly_blocked(changes: &[Change]) -> BTreeMap<&str, Vec<&Change>> {
    let mut blocked: BTreeMap<&str, Vec<&Change>> = BTreeMap::new();
    if !changes.iter().any(|change| change.evidence.may_be_loss) {
        return blocked;
    }
    for change in changes.iter().filter(|it| blocked_model(&it.difference.path).is_some()) {
        match (change.difference.kind, &change.difference.old, &change.difference.new) {
            (Kind::Changed, Some(Plain::List(old)), Some(Plain::List(new))) => {
                let old: BTreeSet<&str> = old.iter().collect();
                for feature in new.iter().filter(|feature| !old.contains(feature)) {
                    blocked.entry(feature).or_default().push(change);
                }
            }
            (Kind::Lost, ..) => {
                for feature in &change.evidence.blockers {
                    blocked.entry(feature).or_default().push(change);
                }
            }
            _ => {}
        }
    }
    blocked
}

/// The CPU model of whose blockers, or of whose use, a path tells.
fn blocked_model(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(CUSTOM_MODELS)?.strip_prefix('[')?;
    rest.strip_suffix("].blockers").or_else(|| rest.strip_suffix("].usable"))
}

/// The targets on which `firmware='efi'` was lost.
fn targets_without_efi(changes: &[Change]) -> BTreeSet<&ChangedTarget> {
    let is_efi = |change: &&Change| {
        let it = &change.difference;
        it.kind == Kind::Lost && it.path == "os.firmware" && it.value.as_deref() == Some("efi")
    };
    changes.iter().filter(is_efi).flat_map(|change| change.targets.iter()).collect()
}

/// Of the images that are gone from lists that are empty now, the first of each list, by its targets.
fn missing_images(changes: &[Change]) -> BTreeMap<&ChangedTarget, &Change> {
    let missing = changes.iter().filter(|change| {
        let it = &change.difference;
        it.kind == Kind::Lost && it.path == LOADERS && change.evidence.is_last_loader()
    });
    let mut missing: Vec<&Change> = missing.collect();
    missing.sort_by_key(|change| &change.difference.value);
    let mut first: BTreeMap<&ChangedTarget, &Change> = BTreeMap::new();
    for change in missing {
        if !change.targets.iter().any(|target| first.contains_key(target)) {
            first.extend(change.targets.iter().map(|target| (target, change)));
        }
    }
    first
}

/// The architectures of some targets.
fn arches<'c: 't, 't>(
    targets: impl IntoIterator<Item = &'t &'c ChangedTarget>,
) -> BTreeSet<&'c str> {
    targets.into_iter().filter_map(|target| target.arch.as_deref()).collect()
}

/// The names of `alias[NAME]` that only the new side has, and what they stand for.
fn new_aliases(changes: &[Change]) -> BTreeMap<&str, &str> {
    let changes = changes.iter().map(|change| &change.difference);
    let new = changes.filter_map(|it| match (&it.old, &it.new) {
        (None, Some(Plain::Text(canonical))) => {
            Some((it.path.strip_prefix("alias[")?.strip_suffix(']')?, canonical.as_str()))
        }
        _ => None,
    });
    new.collect()
}

fn is_sev_total_kept(changes: &[Change]) -> bool {
    let changes = changes.iter().map(|change| &change.difference);
    let counts: Vec<i64> = changes
        .filter(|difference| super::judge::is_sev_count(&difference.path))
        .filter_map(|difference| match (&difference.old, &difference.new) {
            (Some(Plain::Number(old)), Some(Plain::Number(new))) => Some(new - old),
            _ => None,
        })
        .collect();
    counts.len() == 2 && counts.iter().sum::<i64>() == 0
}

fn finding(
    change: &Change,
    circumstances: &Circumstances<'_>,
    group: usize,
    is_needed: bool,
) -> Finding {
    // A feature that blocks a model now is one that the host lacks, whatever libvirt calls it.
    let named = || {
        let is_lacking = !circumstances.newly_blocked(change).is_empty();
        if is_lacking { None } else { knowledge::named(change, &circumstances.known) }
    };
    let known = knowledge::explains(change, &circumstances.known).or_else(named);
    let (rule, known) = match known {
        Some(known) if !is_needed => (super::rule(knowledge::RULE), Some(known)),
        _ => match judge(change, circumstances) {
            rule if rule.id == CONSEQUENCE && is_needed => {
                (judge_alone(change, circumstances), None)
            }
            rule => (rule, None),
        },
    };
    let mut reason = known.unwrap_or_else(|| reason(rule, change, circumstances));
    if rule.severity < Severity::Info && change.difference.kind == Kind::Lost {
        let suspected = knowledge::suspects(change, &circumstances.known);
        let hint = hints::hint(change, circumstances.firmware).map(str::to_owned);
        for more in suspected.into_iter().chain(hint) {
            reason.push_str(&format!("; {more}"));
        }
    }
    Finding {
        difference: change.difference.clone(),
        evidence: change.evidence.clone(),
        rule,
        severity: rule.severity,
        reason,
        fingerprint: Fingerprint::default(),
        ignored: None,
        used_by: None,
        seen: vec![Seen { group, targets: Arc::clone(&change.targets) }],
    }
}
