//! Whole hosts for the laws: the bundled ones, and eight releases (`tests/releases`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use domcaps::collect::{Observed, RawBody, Visit};
use domcaps::ingest::{self, Ingested, Occasion};
use domcaps::model::{Context, FailureClass, HostInfo, HostName, Target, Time};
use domcaps::parse;
use domcaps::side::{Contents, Side, from_files};
use domcaps::source::Input;
use domcaps::store::Store;

/// The files of a host.
#[derive(Clone, Debug)]
pub(crate) struct HostFiles {
    pub(crate) name: String,
    /// By name.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
}

pub(crate) const LIST: &str = "capabilities.xml";
const VERSION: &str = "version.txt";

/// What the documents of a pack are, by folder.
fn packed(pack: &str) -> Vec<HostFiles> {
    let pack = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(pack)).unwrap();
    let mut hosts: Vec<HostFiles> = Vec::new();
    for (name, file, bytes) in domcaps::demo::unpack(&pack).unwrap() {
        if hosts.last().is_none_or(|host| host.name != name) {
            hosts.push(HostFiles { name, files: BTreeMap::new() });
        }
        hosts.last_mut().unwrap().files.insert(file, bytes);
    }
    hosts
}

/// The releases, oldest distribution first.
pub(crate) fn releases() -> Vec<HostFiles> {
    packed("tests/releases/releases.pack.zst")
}

/// The bundled hosts, a document of each kind.
pub(crate) fn bundled() -> Vec<HostFiles> {
    let mut hosts = packed("snapshots/demo.pack.zst");
    for host in &mut hosts {
        let mut kinds = BTreeSet::new();
        host.files.retain(|name, bytes| {
            !is_document(name)
                || kinds.insert(parse::split(bytes).unwrap().body_hash(bytes).to_string())
        });
    }
    hosts
}

/// All of them.
pub(crate) fn all() -> Vec<HostFiles> {
    bundled().into_iter().chain(releases()).collect()
}

/// libvirt's own test documents, each as a host of its own. They are another project's files: where
/// they are not beside this repository, there are none.
pub(crate) fn libvirt_documents() -> Vec<HostFiles> {
    let mut hosts = Vec::new();
    for folder in ["older", "11.3.0", "newer"] {
        // Tests run in the package's folder.
        let folder = Path::new("../shared/data/libvirt-tests").join(folder);
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for file in entries.map(|entry| entry.unwrap().path()) {
            let bytes = std::fs::read(&file).unwrap();
            if parse::document(&bytes).is_ok() {
                let name = file.display().to_string();
                let files = BTreeMap::from([("document.xml".to_owned(), bytes)]);
                hosts.push(HostFiles { name, files });
            }
        }
    }
    hosts.sort_by(|one, other| one.name.cmp(&other.name));
    hosts
}

pub(crate) fn is_document(name: &str) -> bool {
    name != LIST && name != VERSION
}

impl HostFiles {
    /// Those of its files that are meant.
    pub(crate) fn only(&self, is_meant: impl Fn(&str) -> bool) -> Self {
        let mut host = self.clone();
        host.files.retain(|name, _| is_meant(name));
        host
    }

    /// The names of its documents.
    pub(crate) fn documents(&self) -> Vec<&str> {
        self.files.keys().map(String::as_str).filter(|name| is_document(name)).collect()
    }

    /// As files are given to a command.
    pub(crate) fn side(&self, contents: &mut Contents) -> Side {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in &self.files {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        from_files(contents, folder.path(), &mut std::io::empty())
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// As `import` stores it.
    pub(crate) fn import(&self, store: &mut Store, host: &str, at: i64) -> Ingested {
        let inputs = self.files.iter();
        let inputs =
            inputs.map(|(name, bytes)| Input { path: PathBuf::from(name), bytes: bytes.clone() });
        let host: HostName = host.parse().unwrap();
        let occasion = Occasion {
            host: &host,
            taken_at: Time::from_milliseconds(at),
            tags: &[],
            groups: &[],
            api_flags: None,
            is_strict: false,
            is_partial: false,
        };
        let mut writer = store.writer().unwrap();
        let ingested = ingest::ingest(&mut writer, &occasion, inputs.collect()).unwrap();
        writer.commit().unwrap();
        ingested
    }

    /// As `collect` stores it: the answers of a visit that asked for each of `targets`, by the name of
    /// the file, and got what is in the file.
    pub(crate) fn collect(
        &self,
        store: &mut Store,
        host: &str,
        at: i64,
        targets: &BTreeMap<String, Target>,
    ) -> Ingested {
        let site = domcaps::collect::site(host.parse().unwrap(), "qemu:///system".to_owned());
        let visit = self.visit(at, targets);
        let mut writer = store.writer().unwrap();
        let ingested = ingest::visit(&mut writer, &site.unwrap(), &[], &visit).unwrap();
        writer.commit().unwrap();
        ingested
    }

    fn visit(&self, at: i64, targets: &BTreeMap<String, Target>) -> Visit {
        let list = parse::capabilities(&self.files[LIST]).unwrap();
        let version = String::from_utf8_lossy(&self.files[VERSION]).into_owned();
        let uri = Some("qemu:///system".to_owned());
        let mut context = Context { uri, ..parse::version(&version) };
        list.add_to(&mut context);
        let (mut observed, mut bodies) = (BTreeMap::new(), HashMap::new());
        for (name, target) in targets {
            let Some(bytes) = self.files.get(name) else { continue };
            let head = match parse::split(bytes) {
                Some(head) => head,
                None => match parse::document(bytes) {
                    Ok(document) => document.head,
                    Err(error) => {
                        let failed = Observed::Failed(FailureClass::Transient, error.to_string());
                        observed.insert(target.clone(), failed);
                        continue;
                    }
                },
            };
            let body = head.body_hash(bytes);
            let raw = RawBody { bytes: head.body(bytes), head_at: head.range.start };
            bodies.insert(body, raw);
            let head = bytes[head.range.clone()].to_vec();
            observed.insert(target.clone(), Observed::Document { head, body });
        }
        Visit {
            taken_at: Time::from_milliseconds(at),
            info: HostInfo { machines: Some(list.machines.clone()), context },
            observed,
            bodies,
            passed_over: BTreeSet::new(),
            cut_short: None,
            took: Duration::ZERO,
        }
    }

    /// The target of each document, by the name of its file.
    pub(crate) fn targets(&self) -> BTreeMap<String, Target> {
        let documents = self.files.iter().filter(|(name, _)| is_document(name));
        let target = |bytes: &[u8]| parse::split(bytes).unwrap().target;
        documents.map(|(name, bytes)| (name.clone(), target(bytes))).collect()
    }
}
