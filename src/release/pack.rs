//! A release as one file: a line that says what it is, and a zstd frame.
//!
//! In the frame stand the manifest, the answers of libvirt, each body once, and which target has which
//! body. 450 documents of Debian 13 (10.9 MB) have 31 bodies, and fit into 20 KB.

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;
use std::time::Duration;

use thiserror::Error;

use super::manifest::{ManifestError, ReleaseManifest};
use crate::collect::{Observed, RawBody, Visit};
use crate::model::{Context, Hash, HostInfo, Target, Time};
use crate::parse::{self, MAX_BYTES, ParseError};
use crate::source::{Input, MAX_HOST_BYTES, is_version};

/// What the first line says, before the hash of the frame.
const MAGIC: &str = "domcaps-release 1 ";

/// How hard zstd tries: a release is packed once and read often.
const LEVEL: i32 = 19;

/// The most targets of one release; Debian 13 with all its emulators has some 1,500.
const MAX_TARGETS: usize = 20_000;

/// The name of the manifest in a folder of a capture.
pub const MANIFEST: &str = "manifest.toml";

/// A release that was read.
#[derive(Debug)]
pub struct Release {
    /// What it says of itself.
    pub manifest: ReleaseManifest,
    /// The hash of its content.
    pub hash: Hash,
    /// What its daemon answered.
    pub visit: Visit,
}

/// A file that holds no release.
#[derive(Debug, Error)]
pub enum PackError {
    /// It is something else.
    #[error("not a release: `domcaps release export` and `domcaps release pack` write such files")]
    Other,
    /// Bytes changed or are missing.
    #[error("damaged: its content does not fit its hash")]
    Damaged,
    /// It unpacks to more than is read.
    #[error("larger than {} MiB unpacked", MAX_HOST_BYTES >> 20)]
    TooLarge,
    /// A part of it is not as it should be.
    #[error("not a whole release: {0}")]
    Part(&'static str),
    /// Its manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A document or the machine list.
    #[error("{0}: {1}")]
    Document(String, ParseError),
    /// A file that is needed is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// It cannot be compressed.
    #[error("cannot compress: {0}")]
    Compress(std::io::Error),
}

/// Packs a capture: a manifest, and files as `domcaps import` reads them.
///
/// # Errors
/// Where a file is missing, or is bad.
pub fn pack(manifest: &str, inputs: &[Input]) -> Result<Vec<u8>, PackError> {
    ReleaseManifest::parse(manifest)?;
    let (mut version, mut capabilities) = (None, None);
    let mut bodies: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut known: HashMap<Hash, usize> = HashMap::new();
    let mut targets: BTreeMap<Target, (usize, Vec<u8>)> = BTreeMap::new();
    for input in inputs {
        let bytes = &input.bytes;
        let bad = |error| PackError::Document(input.path.display().to_string(), error);
        if is_version(&input.path) {
            version = Some(bytes.clone());
        } else if parse::root_name(bytes) == Some("capabilities") {
            parse::capabilities(bytes).map_err(bad)?;
            capabilities = Some(without_host(bytes));
        } else {
            parse::document(bytes).map_err(bad)?;
            let head = parse::split(bytes).ok_or(PackError::Part("a document's identity"))?;
            let next = bodies.len();
            let body = *known.entry(head.body_hash(bytes)).or_insert(next);
            if body == next {
                bodies.push((head.range.start, head.body(bytes)));
            }
            targets.insert(head.target, (body, bytes[head.range].to_vec()));
        }
    }
    let version = version.ok_or(PackError::Missing("version.txt"))?;
    let capabilities = capabilities.ok_or(PackError::Missing("capabilities.xml"))?;
    let mut content = Vec::new();
    let mut part = |line: String, bytes: &[u8]| {
        content.extend_from_slice(format!("{line} {}\n", bytes.len()).as_bytes());
        content.extend_from_slice(bytes);
    };
    part("manifest".to_owned(), manifest.as_bytes());
    part("version".to_owned(), &version);
    part("capabilities".to_owned(), &capabilities);
    for (head_at, body) in &bodies {
        part(format!("body {head_at}"), body);
    }
    for (body, head) in targets.values() {
        part(format!("target {body}"), head);
    }
    let mut file = format!("{MAGIC}{}\n", Hash::of(&content)).into_bytes();
    file.extend(zstd::bulk::compress(&content, LEVEL).map_err(PackError::Compress)?);
    Ok(file)
}

/// The machine list without what it says of the host that ran the daemon.
fn without_host(capabilities: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(capabilities);
    match (text.find("<host>"), text.find("</host>")) {
        (Some(start), Some(end)) if start < end => {
            format!("{}{}", &text[..start + "<host>".len()], &text[end..]).into_bytes()
        }
        _ => capabilities.to_vec(),
    }
}

/// Reads a release.
///
/// # Errors
/// Where it is none, damaged, or larger than is read.
pub fn unpack(file: &[u8]) -> Result<Release, PackError> {
    let rest = file.strip_prefix(MAGIC.as_bytes()).ok_or(PackError::Other)?;
    let end = rest.iter().position(|byte| *byte == b'\n').ok_or(PackError::Other)?;
    let mut content = Vec::new();
    zstd::stream::read::Decoder::new(&rest[end + 1..])
        .and_then(|decoder| decoder.take(MAX_HOST_BYTES as u64 + 1).read_to_end(&mut content))
        .map_err(|_| PackError::Damaged)?;
    if content.len() > MAX_HOST_BYTES {
        return Err(PackError::TooLarge);
    }
    let hash = Hash::of(&content);
    if hash.to_string().as_bytes() != &rest[..end] {
        return Err(PackError::Damaged);
    }
    let mut reading = Reading::default();
    let mut left = content.as_slice();
    while !left.is_empty() {
        left = reading.part(left)?;
    }
    reading.finish(hash)
}

/// A release while it is read.
#[derive(Default)]
struct Reading {
    manifest: Option<ReleaseManifest>,
    info: HostInfo,
    bodies: Vec<(Hash, usize)>,
    raw: HashMap<Hash, RawBody>,
    observed: BTreeMap<Target, Observed>,
}

impl Reading {
    /// Takes one part in; gives what stands behind it.
    fn part<'c>(&mut self, content: &'c [u8]) -> Result<&'c [u8], PackError> {
        let bad = PackError::Part;
        let end = content.iter().take(100).position(|byte| *byte == b'\n');
        let end = end.ok_or(bad("a part without a name"))?;
        let line = str::from_utf8(&content[..end]).map_err(|_| bad("a part's name"))?;
        let words: Vec<&str> = line.split(' ').collect();
        let number = |text: &str| text.parse::<usize>().map_err(|_| bad("a part's number"));
        let length = number(words.last().copied().unwrap_or_default())?;
        let (bytes, rest) =
            content[end + 1..].split_at_checked(length).ok_or(bad("a part that is cut off"))?;
        match words[..] {
            ["manifest", _] => {
                let text = str::from_utf8(bytes).map_err(|_| bad("the manifest"))?;
                self.manifest = Some(ReleaseManifest::parse(text)?);
            }
            ["version", _] => {
                let Context { libvirt, hypervisor, .. } =
                    parse::version(&String::from_utf8_lossy(bytes));
                (self.info.context.libvirt, self.info.context.hypervisor) = (libvirt, hypervisor);
            }
            ["capabilities", _] => {
                let host = parse::capabilities(bytes)
                    .map_err(|error| PackError::Document("capabilities".to_owned(), error))?;
                self.info.machines = Some(host.machines);
            }
            ["body", head_at, _] => {
                let head_at = number(head_at)?;
                if bytes.len() > MAX_BYTES || head_at > bytes.len() {
                    return Err(bad("a document"));
                }
                let hash = Hash::of(bytes);
                self.bodies.push((hash, head_at));
                self.raw.insert(hash, RawBody { bytes: bytes.to_vec(), head_at });
            }
            ["target", body, _] => {
                let (body, _) = *self.bodies.get(number(body)?).ok_or(bad("a target's body"))?;
                // As it stands in the document.
                let start = [b"<domainCapabilities>", bytes].concat();
                let head = parse::split(&start).ok_or(bad("a target's identity"))?;
                let observed = Observed::Document { head: bytes.to_vec(), body };
                self.observed.insert(head.target, observed);
                if self.observed.len() > MAX_TARGETS {
                    return Err(bad("more targets than any host has"));
                }
            }
            _ => return Err(bad("a part of another kind")),
        }
        Ok(rest)
    }

    fn finish(self, hash: Hash) -> Result<Release, PackError> {
        let manifest = self.manifest.ok_or(PackError::Missing("the manifest"))?;
        if self.info.context.libvirt.is_none() || self.info.machines.is_none() {
            return Err(PackError::Part("no version of libvirt, or no machine list"));
        }
        let taken_at = manifest.captured_at().unwrap_or(Time::from_milliseconds(0));
        let visit = Visit {
            taken_at,
            info: self.info,
            observed: self.observed,
            bodies: self.raw,
            passed_over: std::collections::BTreeSet::new(),
            cut_short: None,
            took: Duration::ZERO,
        };
        Ok(Release { manifest, hash, visit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "name = 'x'\ndistribution = 'x'\nrelease = '1'\nlabel = 'X'\n\
        captured = '2026-11-28'\naccelerator = 'tcg'\n";

    fn inputs() -> Vec<Input> {
        let document = |machine: &str, max: &str| {
            format!(
                "<domainCapabilities>\n  <path>/q</path>\n  <domain>qemu</domain>\n  \
                 <machine>{machine}</machine>\n  <arch>x86_64</arch>\n  <vcpu max='{max}'/>\n\
                 </domainCapabilities>\n"
            )
        };
        let capabilities = "<capabilities><host><uuid>secret</uuid></host><guest><os_type>hvm</os_type>\
            <arch name='x86_64'><emulator>/q</emulator><machine>a</machine><machine>b</machine>\
            <domain type='qemu'/></arch></guest></capabilities>";
        let input =
            |path: &str, text: String| Input { path: path.into(), bytes: text.into_bytes() };
        vec![
            input(
                "version.txt",
                "Running hypervisor: QEMU 10.0.0\nRunning against daemon: 11.3.0\n".into(),
            ),
            input("capabilities.xml", capabilities.into()),
            input("a.xml", document("a", "1")),
            input("b.xml", document("b", "1")),
            input("c.xml", document("c", "2")),
        ]
    }

    #[test]
    fn documents_come_back_byte_for_byte_and_the_host_does_not() {
        let file = pack(MANIFEST, &inputs()).unwrap();
        let release = unpack(&file).unwrap();
        assert_eq!(release.visit.observed.len(), 3);
        assert_eq!(release.visit.bodies.len(), 2);
        assert_eq!(release.visit.info.context.libvirt.as_deref(), Some("11.3.0"));
        assert_eq!(release.visit.info.machines.as_ref().unwrap().iter().count(), 2);
        for input in inputs().iter().skip(2) {
            let target = parse::document(&input.bytes).unwrap().head.target;
            let Observed::Document { head, body } = &release.visit.observed[&target] else {
                panic!("{target}")
            };
            let body = &release.visit.bodies[body];
            let (before, after) = body.bytes.split_at(body.head_at);
            assert_eq!([before, head, after].concat(), input.bytes);
        }
        assert!(!without_host(&inputs()[1].bytes).windows(6).any(|it| it == b"secret"));
        assert_eq!(pack(MANIFEST, &inputs()).unwrap(), file, "the same input is the same file");
    }

    #[test]
    fn what_is_no_release_is_refused() {
        let file = pack(MANIFEST, &inputs()).unwrap();
        assert!(matches!(unpack(b"PK"), Err(PackError::Other)));
        assert!(matches!(unpack(&file[..file.len() - 5]), Err(PackError::Damaged)));
        for at in [20, file.len() - 1] {
            let mut file = file.clone();
            file[at] ^= 1;
            assert!(unpack(&file).is_err(), "{at}");
        }
        let packed = |content: &[u8]| {
            let mut file = format!("{MAGIC}{}\n", Hash::of(content)).into_bytes();
            file.extend(zstd::bulk::compress(content, 1).unwrap());
            unpack(&file)
        };
        for content in
            ["", "x 3\nabc", "body 9 1\na", "target 0 1\na", "manifest 99\n", "version -1\n"]
        {
            assert!(packed(content.as_bytes()).is_err(), "{content:?}");
        }
        assert!(matches!(packed(&vec![b'a'; MAX_HOST_BYTES + 2]), Err(PackError::TooLarge)));
        assert!(matches!(pack(MANIFEST, &inputs()[1..]), Err(PackError::Missing("version.txt"))));
        assert!(pack("name = 'x'", &inputs()).is_err());
    }
}
