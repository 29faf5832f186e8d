//! Looking inside documents, wherever they are.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use foldhash::{HashMap, HashSet};

use super::parsed::{Number, Parsed};
use super::parts::{Compared, Pieces};
use crate::diff::{
    Difference, Facts, Kind, ListedFirmware, Observed, Outcome, Plain, Scope, explained,
};
use crate::model::{Capabilities, LOADERS, Target, UBUNTU_RELEASES, Value};
use crate::store::{Store, StoreError, TreeId};

use super::{Raw, Side};

/// The content of a document: equal contents are equal capabilities.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// In the store.
    Stored {
        /// The root of its capabilities.
        tree: TreeId,
        /// See [`Capabilities::is_empty_document`].
        is_empty: bool,
    },
    /// Read from a file.
    Parsed(Number),
}

/// All documents of both sides.
#[derive(Debug, Default)]
pub struct Contents {
    /// Where the stored ones are.
    pub store: Option<Store>,
    pub(super) parsed: Parsed,
    firmware: RefCell<HashMap<Content, Firmware>>,
    pub(super) compared: Compared,
    /// Documents that were compared: the hosts of a fleet have the same few.
    documents: RefCell<HashMap<(Content, Content, Scope), Pieces>>,
    /// See [`Contents::look_only_at`].
    pub(super) only: Option<String>,
}

impl Contents {
    /// Documents in a store and in files.
    #[must_use]
    pub fn new(store: Option<Store>) -> Self {
        Self { store, ..Self::default() }
    }

    /// The store.
    ///
    /// # Errors
    /// Where there is none.
    pub fn stored(&self) -> Result<&Store, StoreError> {
        self.store.as_ref().ok_or_else(|| StoreError::Missing { path: "".into() })
    }

    /// Compares only what stands at, below or above a path from now on.
    pub fn look_only_at(&mut self, path: &str) {
        self.only = Some(path.to_owned());
        self.documents.borrow_mut().clear();
    }

    /// What a document says at a full path.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn value_at(&self, content: &Content, path: &str) -> Result<Option<Plain>, StoreError> {
        if let (Content::Stored { tree, .. }, Some(store)) = (content, &self.store) {
            let mut found = None;
            Self::look(store, *tree, &[path], |at, value| {
                if at == path {
                    found = Plain::of(value);
                }
            })?;
            return Ok(found);
        }
        self.with(content, |all| all.get(path).and_then(Plain::of))
    }

    /// Forgets what was looked up in the store, which others may have changed since.
    pub fn forget(&self) {
        self.firmware.borrow_mut().clear();
        self.compared.borrow_mut().clear();
        self.documents.borrow_mut().clear();
    }

    /// What changed from one document to the other, in pieces that others may have too.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn compare(
        &self,
        old: &Content,
        new: &Content,
        scope: Scope,
    ) -> Result<Pieces, StoreError> {
        let key = (old.clone(), new.clone(), scope);
        if let Some(known) = self.documents.borrow().get(&key) {
            return Ok(known.clone());
        }
        let is_of_loaders = |change: &Difference| change.path.starts_with(LOADERS);
        let mut pieces = self.changes(old, new, scope)?;
        for piece in &mut pieces {
            if piece.iter().any(|(change, _)| is_of_loaders(change)) {
                let (old, new) = (self.firmware(old)?, self.firmware(new)?);
                let changes = Rc::make_mut(piece);
                for (change, evidence) in changes.iter_mut().filter(|(it, _)| is_of_loaders(it)) {
                    // What a descriptor does not name may exist all the same.
                    let was_builtin = change.kind != Kind::Lost || !old.has_efi;
                    evidence.is_builtin_list = was_builtin && !new.has_efi;
                    evidence.keeps_efi = new.has_efi;
                    evidence.leaves_no_loader =
                        !new.has_efi || (new.has_list && new.images.is_empty());
                }
            }
        }
        self.documents.borrow_mut().insert(key, pieces.clone());
        Ok(pieces)
    }

    /// What a document says of firmware, looked up once: many pairs of targets share one.
    fn firmware(&self, content: &Content) -> Result<Firmware, StoreError> {
        if let Some(known) = self.firmware.borrow().get(content) {
            return Ok(known.clone());
        }
        let firmware = match (content, &self.store) {
            (Content::Stored { tree, .. }, Some(store)) => {
                let mut firmware = Firmware::default();
                Self::look(store, *tree, &Firmware::PATHS, |path, value| {
                    firmware.note(path, value);
                })?;
                firmware
            }
            _ => self.with(content, Firmware::of)?,
        };
        self.firmware.borrow_mut().insert(content.clone(), firmware.clone());
        Ok(firmware)
    }

    /// What all documents of a side list of firmware, also those that were not chosen.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn listed_firmware(&self, side: &Observed<Content>) -> Result<ListedFirmware, StoreError> {
        let (outcomes, machines) = match &side.whole {
            Some(whole) => (&whole.outcomes, &whole.machines),
            None => (&side.outcomes, &side.machines),
        };
        let contents = outcomes.values().filter_map(|outcome| match outcome {
            Outcome::Document(content) => Some(content),
            Outcome::Failed { .. } => None,
        });
        let mut machines = machines.iter().flat_map(|list| list.iter());
        let is_ubuntu = outcomes.keys().any(|target| is_ubuntus(&target.machine))
            || machines.any(|machine| is_ubuntus(&machine.name));
        let has_other_list = outcomes.keys().any(is_enterprise);
        let mut listed = ListedFirmware { is_ubuntu, has_other_list, ..ListedFirmware::default() };
        for content in contents.collect::<HashSet<_>>() {
            let firmware = self.firmware(content)?;
            listed.note(firmware.images.iter(), firmware.has_list && !firmware.has_efi);
        }
        Ok(listed)
    }

    /// The differences; of stored documents only the part is read in which they differ.
    fn changes(&self, old: &Content, new: &Content, scope: Scope) -> Result<Pieces, StoreError> {
        if let (
            Content::Stored { tree: old, is_empty: false },
            Content::Stored { tree: new, is_empty: false },
            Some(store),
        ) = (old, new, &self.store)
        {
            return self.pieces(store, [*old, *new], scope);
        }
        let changes = self.with(old, |old| {
            self.with(new, |new| explained(&Facts::of(old), &Facts::of(new), scope))
        })??;
        Ok(vec![Rc::new(changes)])
    }

    /// Lends a document's capabilities.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn with<T>(
        &self,
        content: &Content,
        look: impl FnOnce(&Capabilities) -> T,
    ) -> Result<T, StoreError> {
        let read;
        let capabilities = match (content, &self.store) {
            (Content::Stored { tree, .. }, Some(store)) => {
                read = store.capabilities(*tree)?;
                &read
            }
            (Content::Parsed(number), _) => match self.parsed.get(*number) {
                Some(capabilities) => capabilities,
                None => &Capabilities::new(),
            },
            (Content::Stored { .. }, None) => &Capabilities::new(),
        };
        Ok(look(capabilities))
    }

    /// Every path that a document of these sides has.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub fn paths(&self, sides: [&Side; 2]) -> Result<Vec<String>, StoreError> {
        let contents: HashSet<&Content> =
            sides.iter().flat_map(|side| side.documents()).map(|(_, content)| content).collect();
        let mut paths = BTreeSet::new();
        for content in contents {
            self.with(content, |all| paths.extend(all.iter().map(|(path, _)| path.to_owned())))?;
        }
        Ok(paths.into_iter().collect())
    }

    /// A document, byte for byte.
    ///
    /// # Errors
    /// Where the store cannot be read, or the bytes are not those that were stored.
    pub fn bytes(&self, raw: &Raw) -> Result<Vec<u8>, StoreError> {
        match (raw, &self.store) {
            (Raw::Stored(body, head), Some(store)) => store.document(*body, head),
            (Raw::Bytes(bytes), _) => Ok(bytes.clone()),
            (Raw::Stored(..), None) => Ok(Vec::new()),
        }
    }
}

/// Whether a machine type is one that only Ubuntu's QEMU has.
fn is_ubuntus(machine: &str) -> bool {
    machine.split('-').any(|word| UBUNTU_RELEASES.contains(&word))
}

/// Whether a target is of Enterprise Linux, whose libvirt has been built to look for other images
/// (`loader_nvram` in libvirt.spec.in).
fn is_enterprise(target: &Target) -> bool {
    target.emulator == "/usr/libexec/qemu-kvm" || target.machine.contains("-rhel")
}

/// What a document says of firmware.
#[derive(Clone, Debug, Default)]
struct Firmware {
    /// A descriptor offers UEFI for the machine.
    has_efi: bool,
    /// There is a list of images.
    has_list: bool,
    /// The images. Where there are none beside `has_efi`, a descriptor is there without its file.
    images: Rc<[String]>,
}

impl Firmware {
    /// What is looked at.
    const PATHS: [&str; 2] = ["os.firmware", LOADERS];

    fn of(capabilities: &Capabilities) -> Self {
        let mut firmware = Self::default();
        capabilities.iter().for_each(|(path, value)| firmware.note(path, value));
        firmware
    }

    fn note(&mut self, path: &str, value: Value<'_>) {
        match value {
            Value::Set(it) if path == "os.firmware" => self.has_efi = it.contains("efi"),
            Value::List(images) if path == LOADERS => {
                (self.has_list, self.images) = (true, images.iter().map(str::to_owned).collect());
            }
            _ => {}
        }
    }
}
