//! The catalogue of releases: what a distribution's libvirt and QEMU support, captured once and built in.
//!
//! A release is read as a visit of a host is ([`crate::observe`]), so everything that compares or asks
//! hosts takes one too. It knows nothing of hosts; what a host would be on a release is [`crate::plan`].

mod bundled;
mod catalogue;
mod manifest;
mod pack;

pub use catalogue::{Catalogue, CatalogueError, Entry};
pub use manifest::{ManifestError, OptionalPackage, ReleaseManifest, is_name};
pub use pack::{MANIFEST, PackError, Release, pack, unpack};
