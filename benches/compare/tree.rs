//! Many hosts of one document each: the corpus again and again, as it is or each file different.

use std::path::{Path, PathBuf};

use crate::bench::remove;
use crate::corpus::Corpus;

/// In what the files differ.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variant {
    /// They repeat.
    Same,
    /// In a comment after the root's start tag.
    Comment,
    /// In the most CPUs, a value outside `cpu`.
    Vcpu,
    /// In the `usable` of one CPU model: a number, as yes and no would give few different files.
    Usable,
}

pub(crate) struct Tree {
    pub(crate) folder: PathBuf,
    pub(crate) hosts: usize,
    /// Files that are like no other.
    pub(crate) different: usize,
    pub(crate) bytes: usize,
}

impl Variant {
    pub(crate) const DIFFERENT: [Self; 3] = [Self::Comment, Self::Vcpu, Self::Usable];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Comment => "comment",
            Self::Vcpu => "vcpu",
            Self::Usable => "usable",
        }
    }

    /// A document with a number of its own; none where it has no place for one.
    fn edit(self, text: &str, number: usize) -> Option<String> {
        let (start, end, new) = match self {
            Self::Same => return None,
            Self::Comment => {
                let root = text.find("<domainCapabilities")?;
                let after = root + text[root..].find('>')? + 1;
                (after, after, format!("\n  <!-- host {number} -->"))
            }
            Self::Vcpu => within(text, "<vcpu max='", (1000 + number).to_string())?,
            Self::Usable => within(text, " usable='", number.to_string())?,
        };
        Some(format!("{}{new}{}", &text[..start], &text[end..]))
    }
}

/// The place between a text and the next apostrophe, and what is to stand there.
fn within(text: &str, before: &str, new: String) -> Option<(usize, usize, String)> {
    let start = text.find(before)? + before.len();
    Some((start, start + text[start..].find('\'')?, new))
}

impl Tree {
    /// The tree of a variant in a folder, written where it is not there. All of it has been read: what is
    /// compared finds it in memory.
    pub(crate) fn make(folder: &Path, corpus: &Corpus, hosts: usize, variant: Variant) -> Self {
        let tree = folder.join("trees").join(variant.name());
        let mark = tree.with_extension("written");
        let description = format!("{}\n{hosts} hosts\n", corpus.description());
        let is_there = std::fs::read_to_string(&mark).is_ok_and(|there| there == description);
        if !is_there {
            remove(&mark);
            remove(&tree);
            std::fs::create_dir_all(&tree).unwrap();
        }
        let (mut different, mut bytes) = (0, 0);
        for number in 0..hosts {
            let document = &corpus.documents[number % corpus.documents.len()];
            let edited = variant.edit(&document.text, number);
            different += usize::from(edited.is_some());
            let text = edited.as_ref().unwrap_or(&document.text);
            let file = tree.join(format!("host-{number:05}.xml"));
            if !is_there {
                std::fs::write(&file, text).unwrap();
            }
            bytes += std::fs::read(&file).unwrap().len();
        }
        std::fs::write(&mark, description).unwrap();
        Self { folder: tree, hosts, different, bytes }
    }
}
