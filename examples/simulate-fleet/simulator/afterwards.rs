//! The fleet after its history: one more night.

use std::error::Error;

use domcaps::store::{Store, StoreError, Writer};

use super::history::Simulation;

impl Simulation {
    /// Goes to the end of the history without storing it: it is stored already. Says how many hosts
    /// there are.
    ///
    /// # Errors
    /// Where the store holds another history.
    pub(crate) fn resume(&mut self, store: &mut Store) -> Result<usize, Box<dyn Error>> {
        let last = self.plan.nights;
        self.hosts.retain(|(host, _)| {
            host.rack.joined < last && host.retired.is_none_or(|end| last < end)
        });
        let writer = &mut store.writer()?;
        let mut hosts = std::mem::take(&mut self.hosts);
        for (host, now) in &mut hosts {
            now.happens(host, last);
            now.known = match self.known.get(&now.shape) {
                Some(known) => Some(known.clone()),
                None => {
                    let bodies = self.bodies(&now.shape)?;
                    self.find(writer, &now.shape, &bodies)?
                }
            };
            if now.known.is_none() {
                return Err(format!("{}: its documents are not stored", host.name).into());
            }
        }
        self.hosts = hosts;
        Ok(self.hosts.len())
    }

    /// Stores one more night in which every host is asked and nothing has changed. Each snapshot's
    /// outcomes are put together and looked up, as `ingest::visit` does below the hashing.
    pub(crate) fn unchanged_night(&self, writer: &mut Writer<'_>) -> Result<(), StoreError> {
        for (host, now) in &self.hosts {
            let taken_at = self.taken_at(host, self.plan.nights);
            if let Some(known) = &now.known {
                self.unchanged(writer, host, now, taken_at, known)?;
            }
        }
        Ok(())
    }
}
