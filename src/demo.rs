//! The two bundled hosts, packed into the program.
//!
//! `snapshots/demo.pack.zst` holds the files of `snapshots/debian-12` and `snapshots/debian-13`; a
//! test says when it does not, and `cargo run --example pack-demo` makes it anew.

use std::path::PathBuf;

use crate::ingest::{self, IngestError, Ingested, Occasion};
use crate::model::{HostName, Time};
use crate::source::Input;
use crate::store::Writer;

/// See the module's text.
const PACK: &[u8] = include_bytes!("../snapshots/demo.pack.zst");

/// One bundled host.
#[derive(Debug)]
pub struct DemoHost {
    /// Its name.
    pub name: HostName,
    /// When its documents are said to be taken: a night before and a night after the upgrade.
    pub taken_at: Time,
    /// Its files.
    pub files: Vec<Input>,
}

/// The bundled hosts and when they are said to be taken.
pub const HOSTS: [(&str, &str); 2] =
    [("debian-12", "2026-11-01T02:00:00Z"), ("debian-13", "2026-11-02T02:00:00Z")];

/// The bundled hosts.
///
/// # Panics
/// Never with the pack that is built in: a test reads all of it.
#[must_use]
pub fn hosts() -> Vec<DemoHost> {
    let mut hosts: Vec<DemoHost> = Vec::new();
    for (host, file, bytes) in unpack(PACK).expect("the pack is tested") {
        if hosts.last().is_none_or(|last| last.name.as_str() != host) {
            let taken_at = HOSTS.iter().find(|(name, _)| *name == host).map(|(_, time)| *time);
            hosts.push(DemoHost {
                name: host.parse().expect("the pack is tested"),
                taken_at: Time::parse_taken(taken_at.unwrap_or_default())
                    .expect("the pack is tested"),
                files: Vec::new(),
            });
        }
        if let Some(last) = hosts.last_mut() {
            let path = PathBuf::from(format!("{host}/{file}"));
            last.files.push(Input { path, bytes });
        }
    }
    hosts
}

/// What a compressed pack holds: folder, file and content of each, in its order.
///
/// # Errors
/// Where it is none.
pub fn unpack(pack: &[u8]) -> std::io::Result<Vec<(String, String, Vec<u8>)>> {
    let bytes = zstd::stream::decode_all(pack)?;
    let bad = || std::io::Error::new(std::io::ErrorKind::InvalidData, "no pack of documents");
    let mut rest = bytes.as_slice();
    let mut files = Vec::new();
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let header = std::str::from_utf8(&rest[..end]).map_err(|_| bad())?;
        let mut words = header.split(' ');
        let (Some(folder), Some(file), Some(length)) = (words.next(), words.next(), words.next())
        else {
            return Err(bad());
        };
        let length: usize = length.parse().map_err(|_| bad())?;
        let (content, after) = rest[end + 1..].split_at_checked(length).ok_or_else(bad)?;
        files.push((folder.to_owned(), file.to_owned(), content.to_vec()));
        rest = after;
    }
    Ok(files)
}

/// Files as the pack holds them: for each a line `HOST FILE LENGTH`, then its bytes.
#[must_use]
pub fn pack<'f>(files: impl Iterator<Item = (&'f str, &'f str, &'f [u8])>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (host, file, content) in files {
        bytes.extend_from_slice(format!("{host} {file} {}\n", content.len()).as_bytes());
        bytes.extend_from_slice(content);
    }
    bytes
}

/// Stores one of them.
///
/// # Errors
/// Where the store does not take it.
pub fn store(writer: &mut Writer<'_>, host: DemoHost) -> Result<Ingested, IngestError> {
    let occasion = Occasion {
        host: &host.name,
        taken_at: host.taken_at,
        tags: &[],
        groups: &["demo".to_owned()],
        api_flags: None,
        is_strict: true,
        is_partial: false,
    };
    ingest::ingest(writer, &occasion, host.files)
}
