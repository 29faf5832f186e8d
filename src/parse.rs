//! Documents as libvirt prints them, turned into the model.
//!
//! [`document()`] reads domainCapabilities, [`capabilities()`] the machine list and CPU of
//! `virsh capabilities`, [`version()`] the output of `virsh version --daemon`, [`guest()`] what
//! `virsh dumpxml` prints. Only `parse/xml` names quick-xml. Parsing never guesses: ill-formed XML
//! is an error with line and column, and an element that is not known is kept as a capability like
//! any other.

mod budget;
mod document;
mod error;
mod guest;
mod host;
mod identity;
mod known;
mod version;
mod walk;
mod xml;

pub use budget::{HostBudget, OverBudget};
pub use document::{Document, document};
pub use error::{Limit, MAX_MACHINES, MAX_PATH, MAX_TEXT, ParseError, Problem};
pub use guest::guest;
pub use host::{DomainType, HostCapabilities, capabilities};
pub use identity::{Head, split};
pub use known::unknown_element;
pub use version::version;
pub use xml::{MAX_BYTES, MAX_DEPTH, MAX_ITEMS, root_name};
