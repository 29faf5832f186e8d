//! How much the documents of one host may say together.

use thiserror::Error;

use crate::model::Capabilities;

/// The most capabilities of the distinct documents of one host: a Debian 13 host with five
/// architectures has 5,700 in 16 documents. More would keep all other hosts waiting.
pub(super) const MAX_HOST_CAPABILITIES: usize = 300_000;

/// The most bytes of their paths and values; that host has 0.36 MB.
pub(super) const MAX_HOST_TEXT: usize = 32 << 20;

/// The documents of one host say more than is kept.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "the documents of the host hold more than {MAX_HOST_CAPABILITIES} capabilities or {} MiB of paths and values",
    MAX_HOST_TEXT >> 20
)]
pub struct OverBudget;

/// What the documents of one host have said by now.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostBudget {
    capabilities: usize,
    text: usize,
}

impl HostBudget {
    /// Counts what another document says.
    ///
    /// # Errors
    /// Where it is too much together with the others.
    pub fn take(&mut self, capabilities: &Capabilities) -> Result<(), OverBudget> {
        self.capabilities += capabilities.len();
        self.text += capabilities.text_len();
        match self.capabilities > MAX_HOST_CAPABILITIES || self.text > MAX_HOST_TEXT {
            true => Err(OverBudget),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    #[test]
    fn many_documents_are_counted_together() {
        let mut capabilities = Capabilities::new();
        capabilities.push("a", Value::Text(&"x".repeat(MAX_HOST_TEXT / 2)));
        let mut budget = HostBudget::default();
        assert_eq!(budget.take(&capabilities), Ok(()));
        assert_eq!(budget.take(&capabilities), Err(OverBudget));
    }
}
