//! A question about a capability, answered for documents that are not read: the path is looked up in
//! the store once, and a document holds it where one of its subtrees does.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::answer::Answer;
use super::value::Wanted;
use crate::model::{
    CUSTOM_MODELS, Capabilities, HOST_UNIQUE, Value, ancestors, elements, escape_key, glob,
};
use crate::store::{PathId, Store, StoreError, StoredValue, TreeId, ValueId};

/// How far below the root the groups of CPU models stand, whose parts have none themselves.
const GROUP_DEPTH: usize = 2;

/// What is asked of a path.
#[derive(Clone, Debug)]
pub(super) enum Test {
    /// How its value compares.
    Compare(Wanted),
    /// Whether anything is said about it, or nothing.
    IsReported(bool),
}

/// One question about one path; in keys `*` stands for any run of characters.
#[derive(Debug)]
pub(super) struct Capability {
    /// The full path.
    pub(super) path: String,
    test: Test,
    /// What the subtrees that say something of it say.
    hits: HashMap<TreeId, Vec<Hit>>,
    /// It stands below single CPU models.
    is_deep: bool,
    /// It is a value that differs between equal hosts.
    pub(super) is_unique: bool,
    answers: RefCell<HashMap<TreeId, Answer>>,
    gathered: RefCell<HashMap<TreeId, Rc<[Hit]>>>,
}

/// What one subtree says of a path.
#[derive(Clone, Debug)]
enum Hit {
    /// Its value, and whose it is: the CPU model's, or nobody's.
    Found(Option<Rc<str>>, Answer),
    /// What it stands below is not supported.
    SaysNo,
    /// The listed CPU models that the path speaks of.
    Models(Rc<[String]>),
}

/// Values by their numbers, read once.
#[derive(Debug, Default)]
pub(super) struct Values(HashMap<ValueId, Rc<StoredValue>>);

impl Values {
    pub(super) fn get(
        &mut self,
        store: &Store,
        id: ValueId,
    ) -> Result<Rc<StoredValue>, StoreError> {
        if let Some(known) = self.0.get(&id) {
            return Ok(Rc::clone(known));
        }
        let value = Rc::new(store.value(id)?);
        self.0.insert(id, Rc::clone(&value));
        Ok(value)
    }
}

impl Capability {
    /// Looks up which subtrees say something of a path.
    pub(super) fn new(
        store: &Store,
        known: &[(String, PathId)],
        path: String,
        test: Test,
    ) -> Result<Self, StoreError> {
        let model = model_key(&path).map(str::to_owned);
        let mut found = Self {
            test,
            hits: HashMap::new(),
            is_deep: false,
            is_unique: false,
            answers: RefCell::default(),
            gathered: RefCell::default(),
            path,
        };
        let mut values = Values::default();
        for (text, id) in known {
            if found.is_about(text) {
                found.is_deep |= model_key(text).is_some();
                found.is_unique |= HOST_UNIQUE.contains(&text.as_str());
                found.add_values(store, text, *id, &mut values)?;
            } else if text == CUSTOM_MODELS
                && let Some(model) = &model
            {
                for (tree, value) in store.subtrees_with(*id)? {
                    let names = &values.get(store, value)?.members;
                    let fitting = names.iter().map(|name| escape_key(name).into_owned());
                    let fitting = fitting.filter(|name| glob(model, name)).collect();
                    found.hits.entry(tree).or_default().push(Hit::Models(fitting));
                }
            } else if ancestors(&found.path).any(|above| above == text) {
                for (tree, value) in store.subtrees_with(*id)? {
                    if says_no(&*values.get(store, value)?) {
                        found.hits.entry(tree).or_default().push(Hit::SaysNo);
                    }
                }
            }
        }
        Ok(found)
    }

    fn add_values(
        &mut self,
        store: &Store,
        text: &str,
        id: PathId,
        values: &mut Values,
    ) -> Result<(), StoreError> {
        let model: Option<Rc<str>> = model_key(text).map(Rc::from);
        for (tree, value) in store.subtrees_with(id)? {
            let answer = match &self.test {
                Test::IsReported(_) => Answer::Yes,
                Test::Compare(wanted) => {
                    let value = values.get(store, value)?;
                    wanted.of_stored(value.kind, &value.members)
                }
            };
            self.hits.entry(tree).or_default().push(Hit::Found(model.clone(), answer));
        }
        Ok(())
    }

    /// Whether a known path is one that is asked about.
    fn is_about(&self, known: &str) -> bool {
        is_about(&self.path, &self.test, known)
    }

    /// What the document with this tree answers.
    pub(super) fn answer(&self, store: &Store, root: TreeId) -> Result<Answer, StoreError> {
        if let Some(known) = self.answers.borrow().get(&root) {
            return Ok(*known);
        }
        let answer = self.combined(&self.gather(store, root, 0)?);
        self.answers.borrow_mut().insert(root, answer);
        Ok(answer)
    }

    /// What a subtree and those below it say.
    fn gather(&self, store: &Store, tree: TreeId, depth: usize) -> Result<Rc<[Hit]>, StoreError> {
        if let Some(known) = self.gathered.borrow().get(&tree) {
            return Ok(Rc::clone(known));
        }
        let mut hits = self.hits.get(&tree).cloned().unwrap_or_default();
        if depth == 0 || (self.is_deep && depth <= GROUP_DEPTH) {
            for part in store.parts(tree)?.iter() {
                hits.extend(self.gather(store, *part, depth + 1)?.iter().cloned());
            }
        }
        let hits: Rc<[Hit]> = hits.into();
        if depth > 0 {
            self.gathered.borrow_mut().insert(tree, Rc::clone(&hits));
        }
        Ok(hits)
    }

    fn combined(&self, hits: &[Hit]) -> Answer {
        combined(&self.test, hits)
    }
}

/// What a document that is read answers.
pub(super) fn of_document(path: &str, test: &Test, all: &Capabilities) -> Answer {
    let model = model_key(path);
    let mut hits = Vec::new();
    for (known, value) in all.iter() {
        if is_about(path, test, known) {
            let answer = match test {
                Test::IsReported(_) => Answer::Yes,
                Test::Compare(wanted) => wanted.of_value(value),
            };
            hits.push(Hit::Found(model_key(known).map(Rc::from), answer));
        } else if let (CUSTOM_MODELS, Some(model), Value::Set(names)) = (known, model, value) {
            let fitting = names.iter().map(|name| escape_key(name).into_owned());
            hits.push(Hit::Models(fitting.filter(|name| glob(model, name)).collect()));
        } else if value == Value::Support(false) && ancestors(path).any(|above| above == known) {
            hits.push(Hit::SaysNo);
        }
    }
    combined(test, &hits)
}

/// The answer of a document that says all this.
fn combined(test: &Test, hits: &[Hit]) -> Answer {
    let found = || {
        hits.iter().filter_map(|hit| match hit {
            Hit::Found(model, answer) => Some((model.as_deref(), *answer)),
            _ => None,
        })
    };
    let models = hits.iter().find_map(|hit| match hit {
        Hit::Models(names) => Some(names),
        _ => None,
    });
    let is_not_listed = models.is_some_and(|names| names.is_empty());
    let says_no = is_not_listed || hits.iter().any(|hit| matches!(hit, Hit::SaysNo));
    let is_found = found().next().is_some();
    if let Test::IsReported(reported) = test {
        return Answer::from((is_found || says_no) == *reported);
    }
    if !is_found {
        return if says_no { Answer::No } else { Answer::Unknown };
    }
    let answer = Answer::any(found().map(|(_, answer)| answer));
    let is_silent = |name: &String| !found().any(|(model, _)| model == Some(name.as_str()));
    // Of a listed model nothing is said: it could be the one.
    if answer == Answer::No && models.is_some_and(|names| names.iter().any(is_silent)) {
        return Answer::Unknown;
    }
    answer
}

/// See [`Capability::is_about`].
fn is_about(path: &str, test: &Test, known: &str) -> bool {
    let mut known = elements(known);
    let fits =
        elements(path).all(|wanted| known.next().is_some_and(|element| glob(wanted, element)));
    fits && (matches!(test, Test::IsReported(_)) || known.next().is_none())
}

fn says_no(value: &StoredValue) -> bool {
    value.kind == crate::model::Kind::Support && value.members.iter().any(|text| text == "no")
}

/// The key of the custom CPU model that a path speaks of, escaped as it stands there.
fn model_key(path: &str) -> Option<&str> {
    let rest = path.strip_prefix(CUSTOM_MODELS)?.strip_prefix('[')?;
    let element = elements(path).nth(2)?;
    let length = element.len().checked_sub("model[]".len())?;
    rest.get(..length)
}
