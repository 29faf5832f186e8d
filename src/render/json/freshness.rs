//! How current each host is, as answers about now carry it.

use serde::Serialize;

use crate::model::HostFreshness;

/// How current a host is.
#[derive(Serialize)]
pub(super) struct FreshnessWire<'a> {
    host: &'a str,
    last_success: Option<String>,
    stale: bool,
}

/// One object for each host.
pub(super) fn freshness_wires(hosts: &[HostFreshness]) -> Vec<FreshnessWire<'_>> {
    hosts.iter().map(FreshnessWire::new).collect()
}

impl<'a> FreshnessWire<'a> {
    fn new(freshness: &'a HostFreshness) -> Self {
        Self {
            host: freshness.host.as_str(),
            last_success: freshness.last_success.map(|time| time.to_string()),
            stale: freshness.is_stale,
        }
    }
}
