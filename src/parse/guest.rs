//! `virsh dumpxml`: a guest, and what it needs of a host (libvirt's docs/formatdomain.rst).
//!
//! What an attribute asks for is data, in [`rows`]; what takes more than one attribute to know
//! stands beside it: the CPU in [`cpu`], firmware in [`firmware`], all else in [`special`].

mod agreement;
mod blockers;
mod conflicts;
mod cpu;
mod firmware;
mod newer;
mod rows;
mod special;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use super::error::{ParseError, Problem};
use super::xml::{self, Element, Xml};
use crate::model::{Guest, Need, Wanted};

/// The roots that hold a `<domain>`: libvirt's own state files, and snapshots of a guest.
const HOLDERS: [&str; 2] = ["domstatus", "domainsnapshot"];

/// Reads what `virsh dumpxml` prints.
///
/// What libvirt fills in by itself and what no domainCapabilities document speaks of is no need.
///
/// # Errors
/// Where the bytes are not well-formed XML in UTF-8, or hold no `<domain>`.
pub fn guest(bytes: &[u8]) -> Result<Guest, ParseError> {
    const ROOT: &str = "domain";
    let xml = xml::read(bytes).map_err(|error| several(bytes, error))?;
    let root = xml.root();
    let domain = match root.name {
        ROOT => Some(root),
        name if HOLDERS.contains(&name) => xml.child(root, ROOT),
        _ => None,
    };
    let Some(domain) = domain else {
        let problem = Problem::Root { found: root.name.to_owned(), expected: ROOT };
        return Err(ParseError::at(bytes, root.span().start, problem));
    };
    let reader = Reader { xml: &xml, domain };
    let kind = reader.at(&["os", "type"]);
    let attribute = |name: &str| kind.and_then(|kind| xml.attribute(kind, name)).map(str::to_owned);
    let mut needs = Needs::default();
    rows::needs(&reader, &mut needs);
    special::needs(&reader, &mut needs);
    firmware::needs(&reader, &mut needs);
    cpu::needs(&reader, &mut needs);
    let mut open = firmware::open_questions(&reader);
    open.extend(cpu::open_questions(&reader));
    open.extend(conflicts::open_questions(&reader));
    Ok(Guest {
        name: reader.text(&["name"]).unwrap_or_default().to_owned(),
        arch: attribute("arch"),
        virttype: reader.virttype().to_owned(),
        machine: attribute("machine"),
        emulator: reader.text(&["devices", "emulator"]).map(str::to_owned),
        needs: needs.found,
        newer: newer::syntax(&reader),
        open,
        refused: conflicts::refused(&reader)
            .into_iter()
            .chain(agreement::conflicts(&reader))
            .collect(),
        blockers: blockers::of(&reader),
        audio: conflicts::audio(&reader),
        has_threads: cpu::has_threads(&reader),
    })
}

/// Names what stands behind the first root, where that is another guest: so prints
/// `virt-install --print-xml`, and libvirt refuses it too.
fn several(bytes: &[u8], error: ParseError) -> ParseError {
    let is_outside = matches!(error.problem, Problem::OutsideRoot(_));
    let roots = bytes.windows(7).filter(|window| window == b"<domain").count();
    match is_outside && roots > 1 {
        true => ParseError { problem: Problem::SeveralGuests, ..error },
        false => error,
    }
}

/// A domain, and ways to look into it.
struct Reader<'x> {
    xml: &'x Xml<'x>,
    domain: &'x Element<'x>,
}

impl<'x> Reader<'x> {
    fn virttype(&self) -> &'x str {
        self.xml.attribute(self.domain, "type").unwrap_or_default()
    }

    /// The first element of that path below the domain.
    fn at(&self, path: &[&str]) -> Option<&'x Element<'x>> {
        path.iter().try_fold(self.domain, |of, name| self.xml.child(of, name))
    }

    /// The text there, if there is any.
    fn text(&self, path: &[&str]) -> Option<&'x str> {
        self.at(path).map(|element| element.text.as_ref()).filter(|text| !text.is_empty())
    }

    /// Every element with its path from the domain (`devices/disk/target`) and its place, in which
    /// one of several has its position (`devices/disk[2]/target`).
    fn each(&self, mut look: impl FnMut(&'x Element<'x>, &str, &str)) {
        self.below(self.domain, &mut String::new(), &mut String::new(), &mut look);
    }

    fn below(
        &self,
        of: &'x Element<'x>,
        path: &mut String,
        place: &mut String,
        look: &mut impl FnMut(&'x Element<'x>, &str, &str),
    ) {
        let mut named: HashMap<&str, (usize, usize)> = HashMap::new();
        for child in self.xml.children(of) {
            named.entry(child.name).or_default().0 += 1;
        }
        for child in self.xml.children(of) {
            let lengths = (path.len(), place.len());
            for text in [&mut *path, &mut *place] {
                if !text.is_empty() {
                    text.push('/');
                }
                text.push_str(child.name);
            }
            if let Some((2.., position)) = named.get_mut(child.name) {
                *position += 1;
                write!(place, "[{position}]").expect("a string takes all");
            }
            look(child, path, place);
            self.below(child, path, place, look);
            path.truncate(lengths.0);
            place.truncate(lengths.1);
        }
    }
}

/// Needs, each once.
#[derive(Default)]
struct Needs {
    found: Vec<Need>,
    known: HashSet<(String, Wanted)>,
}

impl Needs {
    /// Notes a need, unless it is known; `element` is asked for only then.
    fn add(&mut self, path: &str, wanted: Wanted, element: impl FnOnce() -> String) {
        if self.known.insert((path.to_owned(), wanted.clone())) {
            self.found.push(Need::new(path, wanted, element()));
        }
    }

    /// Notes a need that another capability speaks of where the first is not reported.
    fn add_with(&mut self, need: Need) {
        if self.known.insert((need.path.clone(), need.wanted.clone())) {
            self.found.push(need);
        }
    }
}
